//! Names of what a FhirService owns, but for its database's. They are part of the contract with tenants, and none may
//! ever change.

use crate::{access::Servers, manifest::Owner, service_name};

/// Where the servers read their policy and take a new one.
pub fn servers(owner: &Owner) -> Servers {
    let names = Names::of(owner);
    Servers {
        config_map: names.access(),
        host: names.host(),
    }
}

/// Names derived from the name of one FhirService.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    service: String,
    namespace: String,
}

impl Names {
    /// The names of what `owner` owns.
    pub fn of(owner: &Owner) -> Self {
        Names {
            service: owner.name.clone(),
            namespace: owner.namespace.clone(),
        }
    }

    /// Deployment, Service, ServiceAccount, PodDisruptionBudget and NetworkPolicy of the servers.
    pub fn server(&self) -> String {
        self.service.clone()
    }

    /// With this the names of all Jobs begin that bring the schema up to date.
    pub fn migrations(&self) -> String {
        format!("{}-migrate-", self.service)
    }

    /// ConfigMap with the configuration of those Jobs.
    pub fn migration_configuration(&self) -> String {
        format!("{}-migrate", self.service)
    }

    /// With this the names of all ConfigMaps begin that hold the servers' configuration.
    pub fn server_configurations(&self) -> String {
        format!("{}-server-", self.service)
    }

    /// Secret with the servers' certificate.
    pub fn server_certificate(&self) -> String {
        format!("{}-tls", self.service)
    }

    /// ConfigMap, Role and RoleBinding that clients read.
    pub fn connection(&self) -> String {
        format!("{}-connection", self.service)
    }

    /// ConfigMap with the compiled policy and the cluster's keys.
    pub fn access(&self) -> String {
        format!("{}-access", self.service)
    }

    /// Host name of the servers inside the cluster.
    pub fn host(&self) -> String {
        service_name::host(&self.service, &self.namespace)
    }

    /// URL of the servers inside the cluster, and the audience of tokens.
    pub fn url(&self) -> String {
        format!("https://{}", self.host())
    }

    /// What the servers' certificate is for.
    pub fn server_certificate_names(&self, cluster_domain: &str) -> Vec<String> {
        service_name::all(&self.server(), &self.namespace, cluster_domain)
    }
}
