//! ValidatedIotConnector → desired objects. Pure: no client, no clock, no random numbers. One file for each part.

pub mod configuration;
pub mod deployment;
pub mod network_policy;

use brazier_crds::IotConnector;
use k8s_openapi::api::{policy::v1::PodDisruptionBudget, rbac::v1::RoleBinding};
use kube::Resource;

use super::validate::ValidatedIotConnector;
use crate::{
    access,
    build::{Error, account::service_account, connection, disruption_budget, service::https},
    labels::Component,
    manifest::DesiredObject,
    rollout::Foundation,
};

/// All objects of one IotConnector, in the steps in which they are applied.
#[derive(Clone, Debug, PartialEq)]
pub struct DesiredObjects {
    /// What everything else stands on.
    pub foundation: Foundation,
    /// The Deployment that runs the connectors, applied once the foundation is there.
    pub deployment: DesiredObject,
}

/// Builds them.
///
/// # Errors
/// If the configuration file cannot be written as YAML.
pub fn build(connector: &ValidatedIotConnector) -> Result<DesiredObjects, Error> {
    let files = configuration::files(connector)?;
    let (owner, names) = (&connector.owner, &connector.names);
    let (name, connection) = (names.connector(), names.connection());
    let keys = Some(&connector.cluster_keys);
    let mut foundation = Foundation {
        objects: vec![
            service_account(owner, &name),
            connection::config_map(owner, &connection, &names.url(), &connector.authority_bundle),
            connection::role(owner, &connection, &IotConnector::plural(&())),
            access::config_map(owner, &names.access(), &connector.policy, keys),
            files.config_map(owner),
            https(owner, &name, Component::Connector),
            network_policy::connector(connector),
        ],
        ..Foundation::default()
    };
    let budget = disruption_budget::of(owner, &name, Component::Connector, connector.replicas);
    foundation.push_or_remove::<PodDisruptionBudget>(budget, &name);
    let binding = connection::role_binding(owner, &connection, &connector.policy);
    foundation.bind_or_remove::<RoleBinding>(binding, &connection);
    Ok(DesiredObjects {
        foundation,
        deployment: deployment::connector(connector, &files),
    })
}
