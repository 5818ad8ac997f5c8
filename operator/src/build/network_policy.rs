//! Who may open connections to whom. Clusters without an engine for it do not enforce this, so certificates,
//! passwords and tokens have to hold by themselves too.

use serde_json::{Value, json};

use crate::{
    labels::{self, Component},
    manifest::{DesiredObject, Owner},
};

/// Lets into the pods of a component what `ingress` allows, and nothing else.
pub fn ingress(owner: &Owner, name: &str, component: Component, ingress: &Value) -> DesiredObject {
    let spec = json!({
        "podSelector": {"matchLabels": labels::selector(&owner.name, component)},
        "policyTypes": ["Ingress"],
        "ingress": ingress,
    });
    DesiredObject::new(
        "networking.k8s.io/v1",
        "NetworkPolicy",
        owner.metadata(name),
        json!({"spec": spec}),
    )
}

/// A TCP port.
pub fn port(number: u16) -> Value {
    json!({"protocol": "TCP", "port": number})
}
