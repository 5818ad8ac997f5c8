//! How many pods a drained node may take away at once. A single pod gets no budget: one would only make the node
//! impossible to drain.

use serde_json::json;

use super::super::validate::ValidatedFhirService;
use crate::{
    labels::{self, Component},
    manifest::DesiredObject,
};

/// Of the servers.
pub fn server(service: &ValidatedFhirService) -> Option<DesiredObject> {
    (service.replicas > 1).then(|| budget(service, &service.names.server(), Component::Server))
}

/// Of the database.
pub fn database(service: &ValidatedFhirService) -> Option<DesiredObject> {
    (service.database.members > 1).then(|| budget(service, &service.names.database(), Component::Database))
}

fn budget(service: &ValidatedFhirService, name: &str, component: Component) -> DesiredObject {
    let spec = json!({
        "maxUnavailable": 1,
        // A pod that is not ready protects nobody and must not hold up a drain.
        "unhealthyPodEvictionPolicy": "AlwaysAllow",
        "selector": {"matchLabels": labels::selector(&service.owner.name, component)},
    });
    DesiredObject::new(
        "policy/v1",
        "PodDisruptionBudget",
        service.owner.metadata(name),
        json!({"spec": spec}),
    )
}
