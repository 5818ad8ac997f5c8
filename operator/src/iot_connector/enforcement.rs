//! How far the policy of a connector has come. Pure.

use k8s_openapi::api::apps::v1::Deployment;

use super::validate::ValidatedIotConnector;
use crate::{
    access::enforcement::{Progress, hashes},
    workload::is_observed,
};

/// Connectors read their policy when they start, and are replaced when it changes: those of the newest template
/// enforce it.
pub fn progress(connector: &ValidatedIotConnector, deployment: &Deployment) -> Progress {
    let status = deployment.status.clone().unwrap_or_default();
    let count = |number: Option<i32>| usize::try_from(number.unwrap_or_default()).unwrap_or_default();
    let (running, updated) = (count(status.replicas), count(status.updated_replicas));
    let available = count(status.available_replicas);
    Progress {
        assignments: hashes(&connector.policy),
        ready: running.max(available),
        enforcing: if is_observed(deployment) {
            updated.min(available)
        } else {
            0
        },
        problem: None,
    }
}
