//! A version of a resource as it comes out of storage.

use jiff::Timestamp;

use crate::resource::ResourceType;

/// One version of a resource, its JSON ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredResource {
    /// Stands for the resource in the database, for life.
    pub resource_key: i64,
    /// The type that `resourceType` names.
    pub resource_type: ResourceType,
    /// Logical id, unique within the type.
    pub id: String,
    /// `meta.versionId`.
    pub version: i32,
    /// `meta.lastUpdated`, in milliseconds' resolution.
    pub last_updated: Timestamp,
    /// The whole resource as compact JSON: `resourceType`, `id`, `meta` first, then as it was sent.
    pub json: String,
}

/// What is stored under a type and id now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Current {
    /// The current version.
    Found(StoredResource),
    /// It was deleted; the number is the version of the deletion.
    Deleted {
        /// Version of the deletion.
        version: i32,
        /// When it was deleted.
        last_updated: Timestamp,
    },
    /// There never was one.
    Unknown,
}
