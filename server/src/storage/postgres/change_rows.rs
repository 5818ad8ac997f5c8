//! Changes → the arrays that `write_resources` takes, one element a change. Pure.

use std::sync::Arc;

use tokio_postgres::types::ToSql;

use super::content;
use super::parameter_numbers::ParameterNumbers;
use super::read::DELETE;
use crate::resource::ResourceType;
use crate::search::index::IndexEntries;
use crate::storage::{Method, Precondition, StorageError, Write};

/// A change as the database is to keep it.
pub struct Change {
    /// Type of the resource that is changed.
    pub resource_type: ResourceType,
    /// Its logical id.
    pub id: String,
    /// What is indexed; `None` for a deletion.
    pub index: Option<IndexEntries>,
    /// What the index entries are in terms of.
    pub parameters: Arc<ParameterNumbers>,
    /// What the answer's JSON is made of; empty for a deletion.
    pub tail: String,
    method: i16,
    precondition: i32,
    may_create: bool,
    encoding: i16,
    content: Option<Vec<u8>>,
}

/// `method` of a resource that is stored under an id that the server has just made.
const CREATE: i16 = 1;
/// `method` of a new version under an id that the client names.
const UPDATE: i16 = 3;

/// What an array column of changes holds.
#[derive(Default)]
pub struct ChangeRows<'a> {
    types: Vec<i16>,
    ids: Vec<&'a str>,
    methods: Vec<i16>,
    preconditions: Vec<i32>,
    may_create: Vec<bool>,
    encodings: Vec<i16>,
    contents: Vec<Option<&'a [u8]>>,
}

impl Change {
    /// The change that `write` says, whose index entries are in terms of `parameters`. The resource itself is not kept: its
    /// text takes a fraction of its memory.
    ///
    /// # Errors
    /// When the resource cannot be compressed.
    pub fn new(write: Write, parameters: Arc<ParameterNumbers>) -> Result<Change, StorageError> {
        let (method, precondition, may_create, stored) = match write.method {
            Method::Create { resource, index } => (CREATE, Precondition::None, true, Some((resource, index))),
            Method::Update {
                resource,
                index,
                precondition,
                may_create,
            } => (UPDATE, precondition, may_create, Some((resource, index))),
            Method::Delete { precondition } => (DELETE, precondition, false, None),
        };
        let (tail, index) = match stored {
            Some((resource, index)) => (content::tail(&resource), Some(index)),
            None => (String::new(), None),
        };
        let (encoding, content) = match index {
            None => (content::NO_CONTENT, None),
            Some(_) => {
                let (encoding, bytes) =
                    content::encode(&tail).map_err(|error| StorageError::Internal(error.to_string()))?;
                (encoding, Some(bytes))
            }
        };
        Ok(Change {
            resource_type: write.resource_type,
            id: write.id,
            index,
            parameters,
            tail,
            method,
            precondition: match precondition {
                Precondition::None => 0,
                Precondition::Version(version) => version.max(1),
                Precondition::Absent => -1,
            },
            may_create,
            encoding,
            content,
        })
    }

    /// Whether there may be locks to wait for: of a resource that is there, or that others create under the same id.
    pub fn may_wait(&self) -> bool {
        self.method != CREATE
    }
}

impl<'a> ChangeRows<'a> {
    /// The rows of `changes`, in their order.
    pub fn of(changes: &[&'a Change]) -> ChangeRows<'a> {
        let mut rows = ChangeRows::default();
        for change in changes {
            rows.add(change);
        }
        rows
    }

    fn add(&mut self, change: &'a Change) {
        self.types.push(change.resource_type.number());
        self.ids.push(&change.id);
        self.methods.push(change.method);
        self.preconditions.push(change.precondition);
        self.may_create.push(change.may_create);
        self.encodings.push(change.encoding);
        self.contents.push(change.content.as_deref());
    }

    /// All arrays, in the order in which `write_resources` takes them.
    pub fn columns(&self) -> [&(dyn ToSql + Sync); 7] {
        [
            &self.types,
            &self.ids,
            &self.methods,
            &self.preconditions,
            &self.may_create,
            &self.encodings,
            &self.contents,
        ]
    }
}
