//! Services.

use serde_json::{Value, json};

use crate::{
    labels::{self, Component},
    manifest::{DesiredObject, Owner},
};

/// The Service of a component that speaks TLS, on the usual port.
pub fn https(owner: &Owner, name: &str, component: Component) -> DesiredObject {
    let mut https = port("https", 443);
    https["appProtocol"] = json!("https");
    let selector = labels::selector(&owner.name, component);
    with_spec(owner, name, json!({"selector": selector, "ports": [https]}))
}

/// A port that leads to the container's port of the same name. The protocol is said, since a list of ports knows its items
/// by number and protocol.
pub fn port(name: &str, number: u16) -> Value {
    json!({"name": name, "port": number, "protocol": "TCP", "targetPort": name})
}

/// A Service inside the cluster, of any form.
pub fn with_spec(owner: &Owner, name: &str, mut spec: Value) -> DesiredObject {
    spec["type"] = json!("ClusterIP");
    DesiredObject::new("v1", "Service", owner.metadata(name), json!({"spec": spec}))
}
