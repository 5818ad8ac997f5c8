//! Names of what a bundled database is made of. They are part of the contract with tenants, and none may ever change.

use serde_json::json;

use super::{settings::Settings, user::DatabaseUser};
use crate::{
    manifest::{Owner, hash},
    service_name,
};

/// Names derived from the name of one FhirService.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    service: String,
    namespace: String,
}

impl Names {
    /// The names of what the database of `owner` is made of.
    pub fn of(owner: &Owner) -> Self {
        Names {
            service: owner.name.clone(),
            namespace: owner.namespace.clone(),
        }
    }

    /// StatefulSet, headless Service, ServiceAccount, Role, PodDisruptionBudget and NetworkPolicy; Patroni's scope.
    pub fn database(&self) -> String {
        format!("{}-db", self.service)
    }

    /// Service of the primary.
    pub fn primary(&self) -> String {
        format!("{}-db-primary", self.service)
    }

    /// Service of the replicas.
    pub fn replicas(&self) -> String {
        format!("{}-db-replicas", self.service)
    }

    /// Job that asks about settings: others, or another image, are another Job.
    pub fn check(&self, settings: &Settings, image: &str) -> String {
        let asked = hash(&json!([settings, image]));
        format!("{}-db-check-{}", self.service, &asked[..10])
    }

    /// ConfigMap with Patroni's configuration.
    pub fn configuration(&self) -> String {
        format!("{}-db-patroni", self.service)
    }

    /// Secret with the certificate.
    pub fn certificate(&self) -> String {
        format!("{}-db-tls", self.service)
    }

    /// Secret with the password of one user.
    pub fn password(&self, user: DatabaseUser) -> String {
        format!("{}-db-{}", self.service, user.as_str())
    }

    /// ConfigMap in which Patroni keeps the configuration that all members share.
    pub fn shared_configuration(&self) -> String {
        format!("{}-db-config", self.service)
    }

    /// ConfigMap in which Patroni keeps who may take over from the primary.
    pub fn synchronous_members(&self) -> String {
        format!("{}-db-sync", self.service)
    }

    /// ConfigMap in which Patroni keeps who leads.
    pub fn leader(&self) -> String {
        format!("{}-db-leader", self.service)
    }

    /// All ConfigMaps that Patroni keeps its state in.
    pub fn patroni_state(&self) -> Vec<String> {
        ["config", "leader", "sync", "failover"]
            .map(|part| format!("{}-db-{part}", self.service))
            .to_vec()
    }

    /// The members' pods.
    pub fn pods(&self, instances: i32) -> Vec<String> {
        (0..instances)
            .map(|ordinal| format!("{}-db-{ordinal}", self.service))
            .collect()
    }

    /// PersistentVolumeClaim of the first member.
    pub fn first_volume(&self) -> String {
        format!("data-{}-db-0", self.service)
    }

    /// The members' PersistentVolumeClaims.
    pub fn volumes(&self, instances: i32) -> Vec<String> {
        (0..instances)
            .map(|ordinal| format!("data-{}-db-{ordinal}", self.service))
            .collect()
    }

    /// Host name of the primary inside the cluster.
    pub fn primary_host(&self) -> String {
        service_name::host(&self.primary(), &self.namespace)
    }

    /// What the certificate is for.
    pub fn certificate_names(&self, cluster_domain: &str) -> Vec<String> {
        [self.primary(), self.replicas()]
            .iter()
            .flat_map(|service| service_name::all(service, &self.namespace, cluster_domain))
            .collect()
    }
}
