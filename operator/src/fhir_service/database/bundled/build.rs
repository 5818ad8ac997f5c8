//! Bundled → the objects that it is made of. Pure.

pub mod network_policy;
pub mod parameters;
pub mod patroni;
pub mod role;
pub mod service;
pub mod stateful_set;

use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use serde_json::Value;

use super::Bundled;
use crate::{
    build::{account::service_account, disruption_budget},
    fhir_service::database::{DatabaseObjects, Workload},
    labels::Component,
    manifest::DesiredObject,
    rollout::Foundation,
};

/// What is applied once everything else is there.
#[derive(Clone, Debug, PartialEq)]
pub struct Members {
    /// The database that this is of.
    pub database: Bundled,
    /// The StatefulSet that runs the members, one pod for each.
    pub stateful_set: DesiredObject,
    /// What Patroni keeps in a ConfigMap of its own, besides what it writes there itself.
    pub shared_configuration: Value,
}

/// Builds the foundation and the members of a bundled database.
pub fn build(database: &Bundled) -> DatabaseObjects {
    let (owner, name) = (&database.owner, database.names.database());
    let mut foundation = Foundation {
        objects: vec![
            service_account(owner, &name),
            role::role(database),
            patroni::config_map(database),
            service::members(database),
            service::primary(database),
            service::replicas(database),
            network_policy::members(database),
        ],
        bindings: vec![role::role_binding(database)],
        unwanted: Vec::new(),
    };
    let budget = disruption_budget::of(owner, &name, Component::Database, database.members);
    foundation.push_or_remove::<PodDisruptionBudget>(budget, &name);
    DatabaseObjects {
        foundation,
        workload: Workload::Bundled(Members {
            database: database.clone(),
            stateful_set: stateful_set::members(database),
            shared_configuration: patroni::shared_configuration(database),
        }),
    }
}
