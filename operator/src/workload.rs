//! How far the controllers of Kubernetes have come with a Deployment.

use k8s_openapi::api::apps::v1::Deployment;

/// Whether its status is about its newest template.
pub fn is_observed(deployment: &Deployment) -> bool {
    deployment
        .status
        .as_ref()
        .is_some_and(|status| status.observed_generation >= deployment.metadata.generation)
}

/// Whether all replicas that are wanted are of the newest template and answer, and no others are left.
pub fn is_rolled_out(deployment: &Deployment, wanted: i32) -> bool {
    let status = deployment.status.clone().unwrap_or_default();
    is_observed(deployment)
        && status.updated_replicas.unwrap_or_default() == wanted
        && status.available_replicas.unwrap_or_default() >= wanted
        && status.replicas.unwrap_or_default() == wanted
}
