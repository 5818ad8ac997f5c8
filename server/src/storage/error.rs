//! Why storage could not do what it was asked for.

use crate::budget::BudgetError;
use crate::resource::ResourceType;

/// What can go wrong below the interactions.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StorageError {
    /// The current version is not the one that `If-Match` names; `None` when there is no current version.
    #[error("{}", version_conflict(*resource_type, id, *current))]
    VersionConflict {
        /// Type of the resource to be changed.
        resource_type: ResourceType,
        /// Logical id of the resource to be changed.
        id: String,
        /// The current version.
        current: Option<i32>,
    },
    /// A write that was to create the resource found it there (`If-None-Match: *`).
    #[error("{resource_type}/{id} exists already")]
    AlreadyExists {
        /// Type of the resource that is there.
        resource_type: ResourceType,
        /// Logical id that is taken.
        id: String,
    },
    /// A write that was to change a resource found none, and may not create it.
    #[error("{resource_type}/{id} does not exist, and clients may not choose ids")]
    DoesNotExist {
        /// Type of the resource that is missing.
        resource_type: ResourceType,
        /// Logical id that the client chose.
        id: String,
    },
    /// The cursor of a page is not one of ours.
    #[error("the page that the link names does not exist; start the search again")]
    InvalidCursor,
    /// A search that storage cannot carry out; says what to ask for instead.
    #[error("{0}")]
    Unsupported(String),
    /// An id without a type is that of several stored resources.
    #[error("{}", ambiguous_id(parameter, id, resource_types))]
    AmbiguousId {
        /// The parameter as it was written.
        parameter: String,
        /// The logical id that was asked for.
        id: String,
        /// The types of the resources that have it, two or more.
        resource_types: Vec<ResourceType>,
    },
    /// Another transaction won; the whole request may be tried again.
    #[error("another request changed the same resources at the same time; try again")]
    Contention,
    /// There is no memory for what was found.
    #[error(transparent)]
    Budget(#[from] BudgetError),
    /// Others hold what the request has to wait for, and have held it for too long.
    #[error("other requests hold the same resources or criteria for too long; try again later")]
    Locked,
    /// The database has worked on one statement for as long as it may, and given it up.
    #[error(
        "the database took longer over this than one request may take, and gave it up; ask for less: narrow the search with \
         more criteria, leave out _total and includes, or send a Bundle in parts"
    )]
    TooCostly,
    /// The database's disk is full.
    #[error(
        "the database has no room left on its disk, so that nothing can be stored and no access recorded; whoever runs this \
         service has to give it more room"
    )]
    Full,
    /// The database cannot be reached or does not answer in time.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// The database refused what we sent it: a fault of ours.
    #[error("the database refused a statement: {0}")]
    Internal(String),
}

impl StorageError {
    /// Whether one of the requests that share a statement may have brought this about, so that the others are to be tried without
    /// it: not when the database is not there, has no room, or no time.
    pub fn may_be_of_one(&self) -> bool {
        !matches!(
            self,
            StorageError::Unavailable(_) | StorageError::TooCostly | StorageError::Full
        )
    }

    /// Whether it is sure that nothing was changed or recorded: not when the connection may have broken after a commit.
    pub fn is_certain(&self) -> bool {
        match self {
            StorageError::Unavailable(_) | StorageError::Internal(_) => false,
            StorageError::VersionConflict { .. }
            | StorageError::AlreadyExists { .. }
            | StorageError::DoesNotExist { .. }
            | StorageError::InvalidCursor
            | StorageError::Unsupported(_)
            | StorageError::AmbiguousId { .. }
            | StorageError::Contention
            | StorageError::Budget(_)
            | StorageError::Locked
            | StorageError::TooCostly
            | StorageError::Full => true,
        }
    }
}

/// What has the id, and how to say which is meant.
fn ambiguous_id(parameter: &str, id: &str, resource_types: &[ResourceType]) -> String {
    let stored: Vec<String> = resource_types.iter().map(|one| format!("{one}/{id}")).collect();
    let ways: Vec<String> = stored.iter().map(|one| format!("{parameter}={one}")).collect();
    format!(
        "{parameter}={id} does not tell {} apart, which are all stored here; write the type: {}",
        stored.join(" and "),
        ways.join(" or ")
    )
}

/// What is current, and how to get on.
fn version_conflict(resource_type: ResourceType, id: &str, current: Option<i32>) -> String {
    match current {
        Some(version) => format!(
            "{resource_type}/{id} is now at version {version}, not the one in If-Match; read it again and send its \
             current ETag: W/\"{version}\""
        ),
        None => format!(
            "{resource_type}/{id} does not exist, so If-Match cannot hold; leave If-Match out if it need not exist"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_conflict_says_what_is_current_and_what_to_do() {
        let told = |current| {
            let conflict = StorageError::VersionConflict {
                resource_type: ResourceType::parse("Patient").unwrap(),
                id: "a".to_owned(),
                current,
            };
            conflict.to_string()
        };
        assert_eq!(
            told(Some(3)),
            "Patient/a is now at version 3, not the one in If-Match; read it again and send its current ETag: W/\"3\""
        );
        assert!(told(None).starts_with("Patient/a does not exist, so If-Match cannot hold"));
    }
}
