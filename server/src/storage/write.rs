//! A change to one resource; several of them make one atomic write.

use jiff::Timestamp;

use crate::resource::{Object, ResourceType};
use crate::search::index::IndexEntries;

/// A change to one resource: create, update or delete.
#[derive(Debug, Clone, PartialEq)]
pub struct Write {
    /// Type of the resource to be changed.
    pub resource_type: ResourceType,
    /// Logical id: made by the server for a create, the client's for an update.
    pub id: String,
    /// What is done.
    pub method: Method,
}

/// What a write does.
#[derive(Debug, Clone, PartialEq)]
pub enum Method {
    /// Stores a resource under an id that the server has just made.
    Create {
        /// The resource; `id`, `meta.versionId` and `meta.lastUpdated` in it are ignored.
        resource: Object,
        /// Its index entries.
        index: IndexEntries,
    },
    /// Stores a new version under an id that the client names.
    Update {
        /// The resource; `id`, `meta.versionId` and `meta.lastUpdated` in it are ignored.
        resource: Object,
        /// Its index entries.
        index: IndexEntries,
        /// What must hold of the current version.
        precondition: Precondition,
        /// Whether the resource may be created if there is none.
        may_create: bool,
    },
    /// Deletes; deleting what is not there changes nothing.
    Delete {
        /// What must hold of the current version.
        precondition: Precondition,
    },
}

/// What must hold of the current version before it is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Precondition {
    /// Nothing has to hold; the write is unconditional.
    #[default]
    None,
    /// It is this version (`If-Match`).
    Version(i32),
    /// There is none (`If-None-Match: *`).
    Absent,
}

/// What a write did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The new version; of a delete the version that stands for the deletion. 0 when nothing was there to delete.
    pub version: i32,
    /// When, in milliseconds' resolution.
    pub last_updated: Timestamp,
    /// Whether the resource came to be by this write (it did not exist, or was deleted).
    pub created: bool,
    /// The stored JSON, with `meta.versionId` and `meta.lastUpdated`; empty for a delete.
    pub json: String,
}
