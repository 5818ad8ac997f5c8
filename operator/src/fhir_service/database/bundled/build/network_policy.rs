//! Who may open connections to the members.

use serde_json::json;

use super::super::Bundled;
use crate::{
    build::network_policy::{ingress, port},
    labels::{self, Component},
    manifest::DesiredObject,
};

/// The servers and the migration of this service may ask, its members may replicate, and nobody else may do
/// anything.
pub fn members(database: &Bundled) -> DesiredObject {
    let of = |component| json!({"podSelector": {"matchLabels": labels::selector(&database.owner.name, component)}});
    let allowed = json!([
        {
            "ports": [port(5432)],
            "from": [of(Component::Server), of(Component::Migration), of(Component::Database)],
        },
        {"ports": [port(8008)], "from": [of(Component::Database)]},
    ]);
    ingress(
        &database.owner,
        &database.names.database(),
        Component::Database,
        &allowed,
    )
}
