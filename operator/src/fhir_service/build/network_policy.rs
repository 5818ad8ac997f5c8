//! Who may open connections to the servers.

use serde_json::json;

use super::super::validate::ValidatedFhirService;
use crate::{
    build::network_policy::{ingress, port},
    labels::{self, Component},
    manifest::DesiredObject,
};

/// Anybody may speak FHIR, policies come from the operator alone.
pub fn server(service: &ValidatedFhirService) -> DesiredObject {
    let operator = json!({
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": service.operator_namespace}},
        "podSelector": {"matchLabels": labels::operator_pods()},
    });
    let allowed = json!([
        {"ports": [port(8443), port(9090)]},
        {"ports": [port(8444)], "from": [operator]},
    ]);
    ingress(
        &service.owner,
        &service.names.server(),
        Component::Server,
        &allowed,
    )
}
