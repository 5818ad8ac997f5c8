//! What every reconcile is given: the way to the cluster, the images, the certificate authority, the cluster's
//! keys, and what is counted.

use std::sync::Arc;

use k8s_openapi::api::networking::v1::NetworkPolicyPeer;
use kube::{Client, runtime::events::Recorder};

use crate::{
    access::Enforcement, certificate::Authority, cluster_keys::ClusterKeys, image::Images, metrics::Metrics,
    requeue::Backoff, seal::SealKey,
};

/// Shared by all reconciles; it holds no state of any object but what replicas have acknowledged.
pub struct Context {
    /// The way to the API server.
    pub client: Client,
    /// Publishes Kubernetes events about custom resources.
    pub recorder: Recorder,
    /// Which images to run.
    pub images: Images,
    /// Domain of the cluster's DNS.
    pub cluster_domain: String,
    /// Namespace of the operator.
    pub namespace: String,
    /// Who may read the metrics of servers and connectors.
    pub metrics_from: Vec<NetworkPolicyPeer>,
    /// Signs the certificates of services.
    pub authority: Authority,
    /// Marks what outlives its owner.
    pub seal_key: SealKey,
    /// Issuer and keys of the cluster's service account tokens.
    pub cluster_keys: ClusterKeys,
    /// Which replicas enforce which policy.
    pub enforcement: Enforcement,
    /// Errors in a row.
    pub backoff: Backoff,
    /// What is counted.
    pub metrics: Arc<Metrics>,
}
