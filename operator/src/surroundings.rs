//! What the pure stages need to know besides the custom resource and what it points at.

use jiff::Timestamp;
use k8s_openapi::api::networking::v1::NetworkPolicyPeer;

use crate::{cluster_keys::KeySet, context::Context, image::Images};

/// What the operator knows, and the time.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// Which images to run.
    pub images: Images,
    /// What clients trust (PEM).
    pub authority_bundle: String,
    /// Namespace of the operator.
    pub operator_namespace: String,
    /// Who may read the metrics of servers and connectors.
    pub metrics_from: Vec<NetworkPolicyPeer>,
    /// The cluster's keys.
    pub cluster_keys: KeySet,
    /// The time at which the reconcile began.
    pub now: Timestamp,
}

impl Surroundings {
    /// As they are now.
    pub fn of(context: &Context) -> Self {
        Surroundings {
            images: context.images.clone(),
            authority_bundle: context.authority.bundle.clone(),
            operator_namespace: context.namespace.clone(),
            metrics_from: context.metrics_from.clone(),
            cluster_keys: context.cluster_keys.borrow().clone(),
            now: Timestamp::now(),
        }
    }
}
