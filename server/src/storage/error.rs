//! Why storage could not do what it was asked for.

use crate::resource::ResourceType;

/// What can go wrong below the interactions.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The current version is not the one that `If-Match` names; `None` when there is no current version.
    #[error("{resource_type}/{id} has version {current:?}, which is not the one in If-Match")]
    VersionConflict {
        /// Type.
        resource_type: ResourceType,
        /// Logical id.
        id: String,
        /// The current version.
        current: Option<i32>,
    },
    /// A write that was to create the resource found it there (`If-None-Match: *`).
    #[error("{resource_type}/{id} exists already")]
    AlreadyExists {
        /// Type.
        resource_type: ResourceType,
        /// Logical id.
        id: String,
    },
    /// A write that was to change a resource found none, and may not create it.
    #[error("{resource_type}/{id} does not exist, and clients may not choose ids")]
    DoesNotExist {
        /// Type.
        resource_type: ResourceType,
        /// Logical id.
        id: String,
    },
    /// The cursor of a page is not one of ours.
    #[error("the page that the link names does not exist; start the search again")]
    InvalidCursor,
    /// A search that storage cannot carry out; says what to ask for instead.
    #[error("{0}")]
    Unsupported(String),
    /// Another transaction won; the whole request may be tried again.
    #[error("another request changed the same resources at the same time; try again")]
    Contention,
    /// The database cannot be reached or does not answer in time.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// The database refused what we sent it: a fault of ours.
    #[error("the database refused a statement: {0}")]
    Internal(String),
}
