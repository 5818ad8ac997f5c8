//! Services: the one that clients call, and those of the database.

use serde_json::{Value, json};

use super::super::validate::ValidatedFhirService;
use crate::{
    labels::{self, Component},
    manifest::DesiredObject,
};

/// The servers, by TLS on the usual port.
pub fn server(service: &ValidatedFhirService) -> DesiredObject {
    let ports = json!([{"name": "https", "port": 443, "targetPort": "https", "appProtocol": "https"}]);
    let selector = labels::selector(&service.owner.name, Component::Server);
    object(
        service,
        &service.names.server(),
        json!({"selector": selector, "ports": ports}),
    )
}

/// Names for the members, which StatefulSets ask for.
pub fn database_members(service: &ValidatedFhirService) -> DesiredObject {
    let selector = labels::selector(&service.owner.name, Component::Database);
    let spec = json!({
        "clusterIP": "None",
        "publishNotReadyAddresses": true,
        "selector": selector,
        "ports": [
            {"name": "postgresql", "port": 5432, "targetPort": "postgresql"},
            {"name": "patroni", "port": 8008, "targetPort": "patroni"},
        ],
    });
    object(service, &service.names.database(), spec)
}

/// The member that takes writes. Patroni puts the label on it.
pub fn database_primary(service: &ValidatedFhirService) -> DesiredObject {
    by_role(service, &service.names.database_primary(), "primary")
}

/// The members that only read.
pub fn database_replicas(service: &ValidatedFhirService) -> DesiredObject {
    by_role(service, &service.names.database_replicas(), "replica")
}

fn by_role(service: &ValidatedFhirService, name: &str, role: &str) -> DesiredObject {
    let mut selector = labels::selector(&service.owner.name, Component::Database);
    selector["role"] = json!(role);
    let ports = json!([{"name": "postgresql", "port": 5432, "targetPort": "postgresql"}]);
    object(service, name, json!({"selector": selector, "ports": ports}))
}

fn object(service: &ValidatedFhirService, name: &str, spec: Value) -> DesiredObject {
    DesiredObject::new(
        "v1",
        "Service",
        service.owner.metadata(name),
        json!({"spec": spec}),
    )
}
