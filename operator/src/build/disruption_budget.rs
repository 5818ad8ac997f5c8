//! How many pods a drained node may take away at once. A single pod gets no budget: one would only make the node
//! impossible to drain.

use serde_json::json;

use crate::{
    labels::{self, Component},
    manifest::{DesiredObject, Owner},
};

/// The budget of a component of which `replicas` run, if they are more than one.
pub fn of(owner: &Owner, name: &str, component: Component, replicas: i32) -> Option<DesiredObject> {
    (replicas > 1).then(|| budget(owner, name, component))
}

fn budget(owner: &Owner, name: &str, component: Component) -> DesiredObject {
    let spec = json!({
        "maxUnavailable": 1,
        // A pod that is not ready protects nobody and must not hold up a drain.
        "unhealthyPodEvictionPolicy": "AlwaysAllow",
        "selector": {"matchLabels": labels::selector(&owner.name, component)},
    });
    DesiredObject::new(
        "policy/v1",
        "PodDisruptionBudget",
        owner.metadata(name),
        json!({"spec": spec}),
    )
}
