//! Who may open connections to the servers.

use serde_json::json;

use super::super::validate::ValidatedFhirService;
use crate::{
    build::network_policy::{ingress, metrics, operator, port},
    labels::Component,
    manifest::DesiredObject,
};

/// Anybody may speak FHIR, policies come from the operator alone, and metrics are for whom the platform names.
pub fn server(service: &ValidatedFhirService) -> DesiredObject {
    let mut allowed = vec![
        json!({"ports": [port(8443)]}),
        json!({"ports": [port(8444)], "from": [operator(&service.operator_namespace)]}),
    ];
    allowed.extend(metrics(&service.metrics_from, None));
    let allowed = json!(allowed);
    ingress(
        &service.owner,
        &service.names.server(),
        Component::Server,
        &allowed,
    )
}
