//! Which resource each entry is about, and what it does to it: decided by the URL or by making an id. Where it takes a look at
//! what is stored, `decision` has it.

use std::collections::HashMap;

use super::entry::Entry;
use crate::exchange::{Context, Interaction, InteractionError};
use crate::interaction::patch::{self, Patched};
use crate::interaction::update::{self, Condition};
use crate::request::logical_id::new_logical_id;
use crate::resource::ResourceType;
use crate::storage::{Method, Precondition, StorageError, StoredResource, Write};

/// What an entry is about.
#[derive(Debug, Clone)]
pub enum Identity {
    /// Nothing that is written: a read, or a conditional delete that meets nothing.
    Nothing,
    /// A resource to be deleted.
    Delete(ResourceType, String, Condition),
    /// A new resource.
    Create(ResourceType, String),
    /// The resource that a conditional create found in place of making one.
    Found(Box<StoredResource>),
    /// What the entry at this place makes: another conditional create with the same criteria.
    SameAs(usize),
    /// A resource to be updated, or created under this id.
    Update(ResourceType, String, Condition),
    /// A resource that a patch has changed, and the conditional references that the patch brought into it.
    Patched(Box<Patched>, Vec<String>),
}

impl Identity {
    /// The resource that is written.
    pub fn written(&self) -> Option<(ResourceType, &str)> {
        match self {
            Identity::Nothing | Identity::Found(_) | Identity::SameAs(_) => None,
            Identity::Delete(resource_type, id, _)
            | Identity::Create(resource_type, id)
            | Identity::Update(resource_type, id, _) => Some((*resource_type, id)),
            Identity::Patched(patched, _) => Some((patched.resource_type, &patched.id)),
        }
    }

    /// Whether it must not be there yet.
    pub fn is_new(&self) -> bool {
        match self {
            Identity::Create(..) => true,
            Identity::Update(_, _, condition) => condition.precondition == Precondition::Absent,
            _ => false,
        }
    }

    /// The resource that references to the entry mean.
    pub fn target<'a>(&'a self, identities: &'a [Identity]) -> Option<(ResourceType, &'a str)> {
        match self {
            Identity::Found(found) => Some((found.resource_type, &found.id)),
            Identity::SameAs(place) => identities.get(*place)?.written(),
            Identity::Nothing | Identity::Delete(..) => None,
            Identity::Create(..) | Identity::Update(..) | Identity::Patched(..) => self.written(),
        }
    }
}

/// Decides for entries none of which needs several steps.
///
/// # Errors
/// When two entries write one resource.
pub fn decide_without_criteria(entries: &[Entry]) -> Result<Vec<Identity>, InteractionError> {
    let identities: Vec<Identity> = entries
        .iter()
        .map(|entry| plain(entry).map_err(|error| entry.failed(error)))
        .collect::<Result<_, _>>()?;
    refuse_overlap(entries, &identities)?;
    Ok(identities)
}

/// The writes of the deletes, each with its entry's place.
pub fn deletes(entries: &[Entry], identities: &[Identity]) -> Vec<(usize, Write)> {
    let decided = entries.iter().zip(identities).enumerate();
    decided
        .filter_map(|(place, (_, identity))| match identity {
            Identity::Delete(resource_type, id, condition) => {
                let method = Method::Delete {
                    precondition: condition.precondition,
                };
                Some((
                    place,
                    Write {
                        resource_type: *resource_type,
                        id: id.clone(),
                        method,
                    },
                ))
            }
            _ => None,
        })
        .collect()
}

/// Names the entry that storage refused.
pub fn refusal(
    error: StorageError,
    context: &Context,
    entries: &[Entry],
    identities: &[Identity],
) -> InteractionError {
    let culprit = match &error {
        StorageError::VersionConflict {
            resource_type, id, ..
        }
        | StorageError::AlreadyExists { resource_type, id }
        | StorageError::DoesNotExist { resource_type, id } => {
            let is_it = |identity: &Identity| identity.written() == Some((*resource_type, id.as_str()));
            identities.iter().position(is_it)
        }
        _ => None,
    };
    let Some((entry, identity)) =
        culprit.and_then(|place| Some((entries.get(place)?, identities.get(place)?)))
    else {
        return error.into();
    };
    let refusal = match (identity, &entry.selection) {
        (Identity::Update(_, _, condition), Some(_)) => condition.conditional_refusal(error, context),
        (Identity::Update(_, _, condition), None) => update::refusal(error, context, *condition),
        (Identity::Patched(..), _) => patch::refusal(error, &entry.request.conditions),
        _ => error.into(),
    };
    entry.failed(refusal)
}

/// What an entry without criteria and without a patch is about.
///
/// # Errors
/// When it names a version that no resource can have.
pub fn plain(entry: &Entry) -> Result<Identity, InteractionError> {
    let conditions = &entry.request.conditions;
    Ok(match &entry.request.interaction {
        Interaction::Delete(resource_type, id) => {
            let condition = Condition::of(conditions, *resource_type, id)?;
            Identity::Delete(*resource_type, id.clone(), condition)
        }
        Interaction::Create(resource_type) => Identity::Create(*resource_type, new_logical_id()),
        Interaction::Update(resource_type, id) => {
            let condition = Condition::of(conditions, *resource_type, id)?;
            Identity::Update(*resource_type, id.clone(), condition)
        }
        _ => Identity::Nothing,
    })
}

/// <http://hl7.org/fhir/R4/http.html#trules>: the identities of what is deleted, created and updated may not overlap.
///
/// # Errors
/// For the second of two entries that write one resource.
pub fn refuse_overlap(entries: &[Entry], identities: &[Identity]) -> Result<(), InteractionError> {
    let mut seen = HashMap::new();
    for (entry, identity) in entries.iter().zip(identities) {
        let Some((resource_type, id)) = identity.written() else {
            continue;
        };
        if let Some(earlier) = seen.insert((resource_type, id), entry.index) {
            return Err(overlap(entry, format_args!("{resource_type}/{id}"), earlier));
        }
    }
    Ok(())
}

/// That `entry` changes what an `earlier` one changes.
pub fn overlap(entry: &Entry, what: std::fmt::Arguments<'_>, earlier: usize) -> InteractionError {
    InteractionError::element(
        format!("Bundle.entry[{}].request.url", entry.index),
        format!("{what} is also changed by entry {earlier}; a transaction may change a resource only once"),
    )
}
