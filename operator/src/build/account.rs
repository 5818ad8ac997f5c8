//! Accounts of pods.

use serde_json::json;

use crate::manifest::{DesiredObject, Owner};

/// An account that hands out no token by itself.
pub fn service_account(owner: &Owner, name: &str) -> DesiredObject {
    let body = json!({"automountServiceAccountToken": false});
    DesiredObject::new("v1", "ServiceAccount", owner.metadata(name), body)
}
