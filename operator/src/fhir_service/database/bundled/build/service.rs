//! Services of the database: names for its members, and one for each of the two roles that they have.

use serde_json::json;

use super::super::Bundled;
use crate::{
    build::service::{port, with_spec},
    labels::{self, Component},
    manifest::DesiredObject,
};

/// Names for the members, which StatefulSets ask for.
pub fn members(database: &Bundled) -> DesiredObject {
    let selector = labels::selector(&database.owner.name, Component::Database);
    let spec = json!({
        "clusterIP": "None",
        "publishNotReadyAddresses": true,
        "selector": selector,
        "ports": [port("postgresql", 5432), port("patroni", 8008)],
    });
    with_spec(&database.owner, &database.names.database(), spec)
}

/// The member that takes writes. Patroni puts the label on it.
pub fn primary(database: &Bundled) -> DesiredObject {
    by_role(database, &database.names.primary(), "primary")
}

/// The members that only read.
pub fn replicas(database: &Bundled) -> DesiredObject {
    by_role(database, &database.names.replicas(), "replica")
}

fn by_role(database: &Bundled, name: &str, role: &str) -> DesiredObject {
    let mut selector = labels::selector(&database.owner.name, Component::Database);
    selector["role"] = json!(role);
    let spec = json!({"selector": selector, "ports": [port("postgresql", 5432)]});
    with_spec(&database.owner, name, spec)
}
