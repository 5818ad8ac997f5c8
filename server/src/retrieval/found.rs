//! What is stored under a type and id → the version that is there, or why there is none.

use crate::exchange::InteractionError;
use crate::resource::ResourceType;
use crate::storage::{Current, StoredResource};

/// The version that is there.
///
/// # Errors
/// That it never was, or was deleted.
pub fn found(
    current: Current,
    resource_type: ResourceType,
    id: &str,
) -> Result<StoredResource, InteractionError> {
    let id = || id.to_owned();
    match current {
        Current::Found(stored) => Ok(stored),
        Current::Deleted { version, .. } => Err(InteractionError::Gone {
            resource_type,
            id: id(),
            version,
        }),
        Current::Unknown => Err(InteractionError::NotFound {
            resource_type,
            id: id(),
        }),
    }
}
