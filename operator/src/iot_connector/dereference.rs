//! Fetches what an IotConnector points at: mappings kept in ConfigMaps, its destinations, and the RoleAssignments
//! on it.

use brazier_crds::{
    FhirService, IotConnector, RoleAssignment, reference::ConfigMapKeyReference, role_assignment::ScopeKind,
};
use kube::{Client, ResourceExt};

use crate::{
    dereference::{assignments, exists, read_key},
    request::RequestError,
};

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Dereferenced {
    /// The device mapping, if it is kept in a ConfigMap.
    pub device_mapping: Option<String>,
    /// The FHIR mapping, if it is kept in a ConfigMap.
    pub fhir_mapping: Option<String>,
    /// RoleAssignments on this connector.
    pub assignments: Vec<RoleAssignment>,
    /// Destinations that do not exist.
    pub missing_destinations: Vec<String>,
}

/// Fetches it.
///
/// # Errors
/// If a request fails.
pub async fn dereference(client: &Client, connector: &IotConnector) -> Result<Dereferenced, RequestError> {
    let namespace = connector.namespace().unwrap_or_default();
    let spec = &connector.spec;
    let mut missing_destinations = Vec::new();
    for destination in &spec.destinations {
        let name = &destination.fhir_service_ref.name;
        if !exists::<FhirService>(client, &namespace, name).await? {
            missing_destinations.push(name.clone());
        }
    }
    Ok(Dereferenced {
        device_mapping: read(
            client,
            &namespace,
            spec.device_mapping.config_map_key_ref.as_ref(),
        )
        .await?,
        fhir_mapping: read(client, &namespace, spec.fhir_mapping.config_map_key_ref.as_ref()).await?,
        assignments: assignments(client, &namespace, ScopeKind::IotConnector, &connector.name_any()).await?,
        missing_destinations,
    })
}

async fn read(
    client: &Client,
    namespace: &str,
    reference: Option<&ConfigMapKeyReference>,
) -> Result<Option<String>, RequestError> {
    match reference {
        Some(reference) => read_key(client, namespace, reference).await,
        None => Ok(None),
    }
}
