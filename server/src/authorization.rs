//! What the server makes of access policies: which conditions it can keep to, which resource types they speak of, and
//! when it reads the mounted document again. The document and its decisions are `brazier-access`.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use brazier_access::policy::Condition;
use brazier_access::{AccessPolicy, Criterion, PolicyHandle};
use brazier_service::files::FollowedFiles;

use crate::resource::ResourceType;

/// A handle for the policies of this server, with `policy` in force.
pub fn handle(policy: AccessPolicy) -> Arc<PolicyHandle> {
    Arc::new(PolicyHandle::new(policy, check))
}

/// Whether a condition is one that searches and histories can keep to; if not, why.
///
/// # Errors
/// What about it makes no sense here.
pub fn check(condition: &Condition) -> Result<(), String> {
    let mut names = condition.resource_types.iter();
    match names.find(|name| ResourceType::parse(name).is_none()) {
        Some(name) => Err(format!("unknown resource type {name:?}")),
        None => Ok(()),
    }
}

/// The resource types that a criterion limits to, sorted; not empty.
pub fn resource_types(criterion: &Criterion) -> Vec<ResourceType> {
    let types: BTreeSet<ResourceType> = criterion
        .conditions()
        .flat_map(|condition| {
            // All members are written down here: one that is added limits further, and has to be kept to as well.
            let Condition { resource_types } = condition;
            resource_types.iter().filter_map(|name| ResourceType::parse(name))
        })
        .collect();
    types.into_iter().collect()
}

/// Puts the mounted document at `path` in force now and whenever it changes, for as long as it is polled. Without a
/// policy nobody gets in, so a document that cannot be used is told and waited for.
pub async fn follow(path: PathBuf, policy: Arc<PolicyHandle>) {
    let mut file = FollowedFiles::new(vec![path.clone()]);
    loop {
        file.changed().await;
        if let Err(error) = policy.load(&path) {
            tracing::error!(%error, "the access policy stays as it is");
        }
    }
}
