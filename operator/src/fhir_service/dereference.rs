//! Fetches what a FhirService points at, or what points at it: issuers' certificate bundles, RoleAssignments,
//! IotConnectors.

use brazier_crds::{
    FhirService, IotConnector, RoleAssignment, reference::ConfigMapKeyReference, role_assignment::ScopeKind,
};
use kube::{Client, ResourceExt};

use crate::{
    dereference::{assignments, list_readable, read_key},
    request::RequestError,
};

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Dereferenced {
    /// RoleAssignments on this service.
    pub assignments: Vec<RoleAssignment>,
    /// IotConnectors that write to this service.
    pub connectors: Vec<IotConnector>,
    /// Certificate bundles that are pointed at and do not exist.
    pub missing_bundles: Vec<ConfigMapKeyReference>,
}

/// Fetches it.
///
/// # Errors
/// If a request fails.
pub async fn dereference(client: &Client, service: &FhirService) -> Result<Dereferenced, RequestError> {
    let namespace = service.namespace().unwrap_or_default();
    let name = service.name_any();
    let assignments = assignments(client, &namespace, ScopeKind::FhirService, &name).await?;
    let connectors: Vec<IotConnector> = list_readable(client, &namespace).await?;
    let mut missing_bundles = Vec::new();
    for reference in service
        .spec
        .authentication
        .issuers
        .iter()
        .filter_map(|issuer| issuer.ca_bundle_ref.as_ref())
    {
        if read_key(client, &namespace, reference).await?.is_none() {
            missing_bundles.push(reference.clone());
        }
    }
    let writes_here = |connector: &IotConnector| {
        connector
            .spec
            .destinations
            .iter()
            .any(|destination| destination.fhir_service_ref.name == name)
    };
    Ok(Dereferenced {
        assignments,
        connectors: connectors.into_iter().filter(writes_here).collect(),
        missing_bundles,
    })
}
