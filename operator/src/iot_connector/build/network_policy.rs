//! Who may open connections to the connectors.

use serde_json::json;

use super::super::validate::ValidatedIotConnector;
use crate::{
    build::network_policy::{ingress, metrics, operator, port},
    labels::Component,
    manifest::DesiredObject,
};

/// Devices may send from anywhere. The operator asks on the port of metrics how a connector is; besides it that is open to
/// whom the platform names.
pub fn connector(connector: &ValidatedIotConnector) -> DesiredObject {
    let mut allowed = vec![json!({"ports": [port(8443)]})];
    let operator = operator(&connector.operator_namespace);
    allowed.extend(metrics(&connector.metrics_from, Some(operator)));
    let allowed = json!(allowed);
    let name = connector.names.connector();
    ingress(&connector.owner, &name, Component::Connector, &allowed)
}
