//! ValidatedFhirService → desired objects. Pure: no client, no clock, no random numbers. One file for each part.

pub mod configuration;
pub mod connection;
pub mod deployment;
pub mod disruption_budget;
pub mod migration;
pub mod network_policy;
pub mod patroni;
pub mod role;
pub mod service;
pub mod stateful_set;

use kube::core::{ApiResource, GroupVersionKind};
use serde_json::{Value, json};

use super::validate::ValidatedFhirService;
use crate::manifest::DesiredObject;

/// All objects of one FhirService, in the steps in which they are applied.
#[derive(Clone, Debug, PartialEq)]
pub struct DesiredObjects {
    /// What needs nothing else: accounts, roles, configuration, Services, policies.
    pub foundation: Vec<DesiredObject>,
    /// The database.
    pub database: DesiredObject,
    /// What Patroni keeps in its `config` ConfigMap, besides what it writes there itself.
    pub dynamic_configuration: Value,
    /// The Job that brings the schema up to date; runs once the database has a primary.
    pub migration: DesiredObject,
    /// The servers; they start once the migration is done.
    pub server: DesiredObject,
    /// Objects that may be there from before and are no longer wanted.
    pub unwanted: Vec<(ApiResource, String)>,
}

/// Builds them.
///
/// # Errors
/// If a configuration file cannot be written as YAML.
pub fn build(service: &ValidatedFhirService) -> Result<DesiredObjects, serde_yaml_ng::Error> {
    let server_configuration = configuration::server(service)?;
    let mut foundation = vec![
        role::service_account(service, service.names.server()),
        role::service_account(service, service.names.database()),
        role::patroni_role(service),
        connection::config_map(service),
        connection::role(service),
        configuration::config_map(service, &server_configuration),
        patroni::config_map(service),
        service::server(service),
        service::database_members(service),
        service::database_primary(service),
        service::database_replicas(service),
        network_policy::server(service),
        network_policy::database(service),
    ];
    // Bindings come last: the API server looks a role up before it lets somebody bind it.
    foundation.push(role::patroni_role_binding(service));
    let mut unwanted = Vec::new();
    match connection::role_binding(service) {
        Some(binding) => foundation.push(binding),
        None => unwanted.push((
            kind("rbac.authorization.k8s.io", "v1", "RoleBinding"),
            service.names.connection(),
        )),
    }
    let budgets = [
        disruption_budget::server(service),
        disruption_budget::database(service),
    ];
    for (budget, name) in budgets
        .into_iter()
        .zip([service.names.server(), service.names.database()])
    {
        match budget {
            Some(budget) => foundation.push(budget),
            None => unwanted.push((kind("policy", "v1", "PodDisruptionBudget"), name)),
        }
    }
    Ok(DesiredObjects {
        foundation,
        database: stateful_set::database(service),
        dynamic_configuration: patroni::dynamic_configuration(service),
        migration: migration::job(service),
        server: deployment::server(service, &server_configuration),
        unwanted,
    })
}

fn kind(group: &str, version: &str, kind: &str) -> ApiResource {
    ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, kind))
}

/// Security context of every pod that the operator makes. Volumes belong to the group of the user; the recursive
/// change of owner is left out on later starts, since PostgreSQL refuses a data directory that others may enter.
pub(crate) fn pod_security(user: i64) -> Value {
    json!({
        "runAsNonRoot": true,
        "runAsUser": user,
        "runAsGroup": user,
        "fsGroup": user,
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
    })
}

/// Security context of every container that the operator makes.
pub(crate) fn container_security() -> Value {
    json!({
        "allowPrivilegeEscalation": false,
        "readOnlyRootFilesystem": true,
        "capabilities": {"drop": ["ALL"]},
    })
}

/// User and group of the programs of Brazier, which need no name in the image.
pub(crate) const PROGRAM_USER: i64 = 65532;
