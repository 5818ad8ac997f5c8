//! Who may open connections to whom. Clusters without an engine for it do not enforce this, so certificates,
//! passwords and tokens have to hold by themselves too.

use serde_json::{Value, json};

use super::super::validate::ValidatedFhirService;
use crate::{
    labels::{self, Component},
    manifest::DesiredObject,
};

/// Anybody may speak FHIR, policies come from the operator alone.
pub fn server(service: &ValidatedFhirService) -> DesiredObject {
    let operator = json!({
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": service.operator_namespace}},
        "podSelector": {"matchLabels": labels::operator_pods()},
    });
    let ingress = json!([
        {"ports": [port(8443), port(9090)]},
        {"ports": [port(8444)], "from": [operator]},
    ]);
    policy(service, &service.names.server(), Component::Server, &ingress)
}

/// The servers and the migration of this service may ask, its members may replicate, and nobody else may do
/// anything.
pub fn database(service: &ValidatedFhirService) -> DesiredObject {
    let of =
        |component| json!({"podSelector": {"matchLabels": labels::selector(&service.owner.name, component)}});
    let ingress = json!([
        {
            "ports": [port(5432)],
            "from": [of(Component::Server), of(Component::Migration), of(Component::Database)],
        },
        {"ports": [port(8008)], "from": [of(Component::Database)]},
    ]);
    policy(service, &service.names.database(), Component::Database, &ingress)
}

fn policy(
    service: &ValidatedFhirService,
    name: &str,
    component: Component,
    ingress: &Value,
) -> DesiredObject {
    let spec = json!({
        "podSelector": {"matchLabels": labels::selector(&service.owner.name, component)},
        "policyTypes": ["Ingress"],
        "ingress": ingress,
    });
    DesiredObject::new(
        "networking.k8s.io/v1",
        "NetworkPolicy",
        service.owner.metadata(name),
        json!({"spec": spec}),
    )
}

/// A TCP port.
pub(crate) fn port(number: u16) -> Value {
    json!({"protocol": "TCP", "port": number})
}
