//! ValidatedFhirService → desired objects. Pure: no client, no clock, no random numbers. One file for each part.

pub mod configuration;
pub mod deployment;
pub mod migration;
pub mod network_policy;

use brazier_crds::FhirService;
use k8s_openapi::api::{policy::v1::PodDisruptionBudget, rbac::v1::RoleBinding};
use kube::Resource;

use super::{
    database::{DatabaseObjects, Workload},
    validate::ValidatedFhirService,
};
use crate::{
    build::{Error, account::service_account, connection, disruption_budget, service::https},
    labels::Component,
    manifest::DesiredObject,
    rollout::Foundation,
};

/// All objects of one FhirService, in the steps in which they are applied.
#[derive(Clone, Debug, PartialEq)]
pub struct DesiredObjects {
    /// What everything else stands on.
    pub foundation: Foundation,
    /// The database itself, applied once the foundation is there.
    pub database: Workload,
    /// The Job that brings the schema up to date; runs once the database takes writes.
    pub migration: DesiredObject,
    /// The servers; they start once the migration is done.
    pub server: DesiredObject,
}

/// Builds them.
///
/// # Errors
/// If a configuration file cannot be written as YAML.
pub fn build(service: &ValidatedFhirService) -> Result<DesiredObjects, Error> {
    let server_configuration = configuration::server(service)?;
    let DatabaseObjects {
        mut foundation,
        workload: database,
    } = service.database.build();
    let (owner, name, connection) = (&service.owner, service.names.server(), service.names.connection());
    foundation.objects.extend([
        service_account(owner, &name),
        connection::config_map(
            owner,
            &connection,
            &service.names.url(),
            &service.authority_bundle,
        ),
        connection::role(owner, &connection, &FhirService::plural(&())),
        server_configuration.serve.config_map(owner),
        configuration::migration_config_map(service, &server_configuration),
        https(owner, &name, Component::Server),
        network_policy::server(service),
    ]);
    let budget = disruption_budget::of(owner, &name, Component::Server, service.replicas);
    foundation.push_or_remove::<PodDisruptionBudget>(budget, &name);
    let binding = connection::role_binding(owner, &connection, &service.policy);
    foundation.bind_or_remove::<RoleBinding>(binding, &connection);
    Ok(DesiredObjects {
        foundation,
        database,
        migration: migration::job(service),
        server: deployment::server(service, &server_configuration),
    })
}
