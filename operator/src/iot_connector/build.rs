//! ValidatedIotConnector → desired objects. Pure.

pub mod configuration;
pub mod deployment;

use kube::core::{ApiResource, GroupVersionKind};
use serde_json::{Value, json};

use super::validate::ValidatedIotConnector;
use crate::{
    access::{config_map, policy::PolicyPrincipal},
    fhir_service::build::network_policy::port,
    labels::{self, Component},
    manifest::DesiredObject,
};

/// All objects of one IotConnector, in the steps in which they are applied.
#[derive(Clone, Debug, PartialEq)]
pub struct DesiredObjects {
    /// What needs nothing else.
    pub foundation: Vec<DesiredObject>,
    /// The connectors.
    pub deployment: DesiredObject,
    /// Objects that may be there from before and are no longer wanted.
    pub unwanted: Vec<(ApiResource, String)>,
}

/// Builds them.
///
/// # Errors
/// If the configuration file cannot be written as YAML.
pub fn build(connector: &ValidatedIotConnector) -> Result<DesiredObjects, serde_yaml_ng::Error> {
    let mut foundation = vec![
        service_account(connector),
        connection(connector),
        connection_role(connector),
        config_map(
            &connector.owner,
            &connector.access(),
            &connector.policy,
            Some(&connector.cluster_keys),
        ),
        configuration::config_map(connector)?,
        service(connector),
        network_policy(connector),
    ];
    let mut unwanted = Vec::new();
    match connection_role_binding(connector) {
        Some(binding) => foundation.push(binding),
        None => unwanted.push((
            kind("rbac.authorization.k8s.io", "RoleBinding"),
            connector.connection(),
        )),
    }
    if connector.replicas > 1 {
        foundation.push(disruption_budget(connector));
    } else {
        unwanted.push((
            kind("policy", "PodDisruptionBudget"),
            connector.name().to_string(),
        ));
    }
    Ok(DesiredObjects {
        foundation,
        deployment: deployment::connector(connector)?,
        unwanted,
    })
}

fn kind(group: &str, kind: &str) -> ApiResource {
    ApiResource::from_gvk(&GroupVersionKind::gvk(group, "v1", kind))
}

fn service_account(connector: &ValidatedIotConnector) -> DesiredObject {
    let body = json!({"automountServiceAccountToken": false});
    DesiredObject::new(
        "v1",
        "ServiceAccount",
        connector.owner.metadata(connector.name()),
        body,
    )
}

/// What devices need to reach the connector.
fn connection(connector: &ValidatedIotConnector) -> DesiredObject {
    let data = json!({"url": connector.url(), "ca.crt": connector.authority_bundle});
    DesiredObject::new(
        "v1",
        "ConfigMap",
        connector.owner.metadata(&connector.connection()),
        json!({"data": data}),
    )
}

/// May read this one connector and its connection.
fn connection_role(connector: &ValidatedIotConnector) -> DesiredObject {
    let rule = |group: &str, resource: &str, name: &str| json!({"apiGroups": [group], "resources": [resource], "resourceNames": [name], "verbs": ["get"]});
    let rules = json!([
        rule("brazier.dev", "iotconnectors", connector.name()),
        rule("", "configmaps", &connector.connection()),
    ]);
    let metadata = connector.owner.metadata(&connector.connection());
    DesiredObject::new(
        "rbac.authorization.k8s.io/v1",
        "Role",
        metadata,
        json!({"rules": rules}),
    )
}

/// Gives that role to every service account that may send.
fn connection_role_binding(connector: &ValidatedIotConnector) -> Option<DesiredObject> {
    let mut accounts: Vec<(&String, &String)> = connector
        .policy
        .assignments
        .iter()
        .flat_map(|assignment| &assignment.principals)
        .filter_map(|principal| match principal {
            PolicyPrincipal::ServiceAccount { namespace, name } => Some((namespace, name)),
            PolicyPrincipal::User { .. } | PolicyPrincipal::Group { .. } | PolicyPrincipal::Client { .. } => {
                None
            }
        })
        .collect();
    accounts.sort();
    accounts.dedup();
    if accounts.is_empty() {
        return None;
    }
    let subjects: Vec<Value> = accounts
        .into_iter()
        .map(|(namespace, name)| json!({"kind": "ServiceAccount", "namespace": namespace, "name": name}))
        .collect();
    let name = connector.connection();
    let role = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name});
    let body = json!({"roleRef": role, "subjects": subjects});
    Some(DesiredObject::new(
        "rbac.authorization.k8s.io/v1",
        "RoleBinding",
        connector.owner.metadata(&name),
        body,
    ))
}

fn service(connector: &ValidatedIotConnector) -> DesiredObject {
    let spec = json!({
        "selector": labels::selector(connector.name(), Component::Connector),
        "ports": [{"name": "https", "port": 443, "targetPort": "https", "appProtocol": "https"}],
    });
    DesiredObject::new(
        "v1",
        "Service",
        connector.owner.metadata(connector.name()),
        json!({"spec": spec}),
    )
}

/// Devices may send from anywhere; nothing else is open but metrics and health.
fn network_policy(connector: &ValidatedIotConnector) -> DesiredObject {
    let spec = json!({
        "podSelector": {"matchLabels": labels::selector(connector.name(), Component::Connector)},
        "policyTypes": ["Ingress"],
        "ingress": [{"ports": [port(8443), port(9090)]}],
    });
    let metadata = connector.owner.metadata(connector.name());
    DesiredObject::new(
        "networking.k8s.io/v1",
        "NetworkPolicy",
        metadata,
        json!({"spec": spec}),
    )
}

fn disruption_budget(connector: &ValidatedIotConnector) -> DesiredObject {
    let spec = json!({
        "maxUnavailable": 1,
        "unhealthyPodEvictionPolicy": "AlwaysAllow",
        "selector": {"matchLabels": labels::selector(connector.name(), Component::Connector)},
    });
    let metadata = connector.owner.metadata(connector.name());
    DesiredObject::new(
        "policy/v1",
        "PodDisruptionBudget",
        metadata,
        json!({"spec": spec}),
    )
}
