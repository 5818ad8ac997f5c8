//! Names of what a FhirService owns. They are part of the contract with tenants, and none may ever change.

use crate::manifest::Owner;

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

    /// ConfigMap with the servers' configuration.
    pub fn server_configuration(&self) -> String {
        format!("{}-server", self.service)
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

    /// StatefulSet, headless Service, ServiceAccount, Role and NetworkPolicy of the database; Patroni's scope.
    pub fn database(&self) -> String {
        format!("{}-db", self.service)
    }

    /// Service of the primary.
    pub fn database_primary(&self) -> String {
        format!("{}-db-primary", self.service)
    }

    /// Service of the replicas.
    pub fn database_replicas(&self) -> String {
        format!("{}-db-replicas", self.service)
    }

    /// ConfigMap with Patroni's configuration.
    pub fn database_configuration(&self) -> String {
        format!("{}-db-patroni", self.service)
    }

    /// Secret with the database's certificate.
    pub fn database_certificate(&self) -> String {
        format!("{}-db-tls", self.service)
    }

    /// Secret with the password of one database user.
    pub fn password(&self, user: DatabaseUser) -> String {
        format!("{}-db-{}", self.service, user.as_str())
    }

    /// ConfigMaps that Patroni keeps its state in.
    pub fn patroni_state(&self) -> Vec<String> {
        ["config", "leader", "sync", "failover"]
            .map(|part| format!("{}-db-{part}", self.service))
            .to_vec()
    }

    /// Pods of the database.
    pub fn database_pods(&self, instances: i32) -> Vec<String> {
        (0..instances)
            .map(|ordinal| format!("{}-db-{ordinal}", self.service))
            .collect()
    }

    /// Host name of the servers inside the cluster.
    pub fn host(&self) -> String {
        format!("{}.{}.svc", self.service, self.namespace)
    }

    /// URL of the servers inside the cluster, and the audience of tokens.
    pub fn url(&self) -> String {
        format!("https://{}", self.host())
    }

    /// Host name of the primary inside the cluster.
    pub fn database_host(&self) -> String {
        format!("{}.{}.svc", self.database_primary(), self.namespace)
    }

    /// What the servers' certificate is for.
    pub fn server_certificate_names(&self, cluster_domain: &str) -> Vec<String> {
        service_names(&self.server(), &self.namespace, cluster_domain)
    }

    /// What the database's certificate is for.
    pub fn database_certificate_names(&self, cluster_domain: &str) -> Vec<String> {
        [self.database_primary(), self.database_replicas()]
            .iter()
            .flat_map(|service| service_names(service, &self.namespace, cluster_domain))
            .collect()
    }
}

/// All names by which a Service can be called inside the cluster, the usual one first.
pub fn service_names(service: &str, namespace: &str, cluster_domain: &str) -> Vec<String> {
    vec![
        format!("{service}.{namespace}.svc"),
        format!("{service}.{namespace}.svc.{cluster_domain}"),
        format!("{service}.{namespace}"),
        service.to_string(),
    ]
}

/// A user of the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DatabaseUser {
    /// Patroni's own.
    Superuser,
    /// Streams the write-ahead log.
    Replication,
    /// Rewinds a member whose timeline diverged.
    Rewind,
    /// Not of the database but of Patroni's REST API.
    RestApi,
    /// Owns the tables and changes them; used by the migration alone.
    Owner,
    /// Reads and writes rows; used by the servers.
    Runtime,
}

impl DatabaseUser {
    /// All of them.
    pub const ALL: [DatabaseUser; 6] = [
        DatabaseUser::Superuser,
        DatabaseUser::Replication,
        DatabaseUser::Rewind,
        DatabaseUser::RestApi,
        DatabaseUser::Owner,
        DatabaseUser::Runtime,
    ];

    /// The word in the name of its Secret.
    pub fn as_str(self) -> &'static str {
        match self {
            DatabaseUser::Superuser => "superuser",
            DatabaseUser::Replication => "replication",
            DatabaseUser::Rewind => "rewind",
            DatabaseUser::RestApi => "restapi",
            DatabaseUser::Owner => "owner",
            DatabaseUser::Runtime => "runtime",
        }
    }

    /// The name that it signs in with.
    pub fn username(self) -> &'static str {
        match self {
            DatabaseUser::Superuser => "postgres",
            DatabaseUser::Replication => "replicator",
            DatabaseUser::Rewind => "rewind",
            DatabaseUser::RestApi => "patroni",
            DatabaseUser::Owner => "fhir_owner",
            DatabaseUser::Runtime => "fhir_runtime",
        }
    }
}
