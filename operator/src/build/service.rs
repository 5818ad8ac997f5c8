//! Services.

use serde_json::{Value, json};

use crate::{
    labels::{self, Component},
    manifest::{DesiredObject, Owner},
};

/// The Service of a component that speaks TLS, on the usual port.
pub fn https(owner: &Owner, name: &str, component: Component) -> DesiredObject {
    let ports = json!([{"name": "https", "port": 443, "targetPort": "https", "appProtocol": "https"}]);
    let selector = labels::selector(&owner.name, component);
    with_spec(owner, name, json!({"selector": selector, "ports": ports}))
}

/// A Service of any form.
pub fn with_spec(owner: &Owner, name: &str, spec: Value) -> DesiredObject {
    DesiredObject::new("v1", "Service", owner.metadata(name), json!({"spec": spec}))
}
