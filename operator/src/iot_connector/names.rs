//! Names of what an IotConnector owns. They are part of the contract with tenants, and none may ever change.

use crate::{manifest::Owner, service_name};

/// Names derived from the name of one IotConnector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    connector: String,
    namespace: String,
}

impl Names {
    /// The names of what `owner` owns.
    pub fn of(owner: &Owner) -> Self {
        Names {
            connector: owner.name.clone(),
            namespace: owner.namespace.clone(),
        }
    }

    /// Deployment, Service, ServiceAccount, PodDisruptionBudget and NetworkPolicy of the connectors.
    pub fn connector(&self) -> String {
        self.connector.clone()
    }

    /// With this the names of all ConfigMaps begin that hold configuration and mappings.
    pub fn configurations(&self) -> String {
        format!("{}-connector-", self.connector)
    }

    /// Secret with the certificate.
    pub fn certificate(&self) -> String {
        format!("{}-tls", self.connector)
    }

    /// ConfigMap, Role and RoleBinding that devices read.
    pub fn connection(&self) -> String {
        format!("{}-connection", self.connector)
    }

    /// ConfigMap with the compiled policy and the cluster's keys.
    pub fn access(&self) -> String {
        format!("{}-access", self.connector)
    }

    /// Where devices send to, and the audience of their tokens.
    pub fn url(&self) -> String {
        format!("https://{}", service_name::host(&self.connector, &self.namespace))
    }

    /// URL of a FhirService of the same namespace, and the audience of tokens for it.
    pub fn destination_url(&self, service: &str) -> String {
        format!("https://{}", service_name::host(service, &self.namespace))
    }

    /// What the certificate is for.
    pub fn certificate_names(&self, cluster_domain: &str) -> Vec<String> {
        service_name::all(&self.connector, &self.namespace, cluster_domain)
    }
}
