//! Who may open connections to the connectors.

use serde_json::json;

use super::super::validate::ValidatedIotConnector;
use crate::{
    build::network_policy::{ingress, port},
    labels::Component,
    manifest::DesiredObject,
};

/// Devices may send from anywhere; nothing else is open but metrics and health.
pub fn connector(connector: &ValidatedIotConnector) -> DesiredObject {
    let allowed = json!([{"ports": [port(8443), port(9090)]}]);
    let name = connector.names.connector();
    ingress(&connector.owner, &name, Component::Connector, &allowed)
}
