//! Fetches what a FhirService points at, or what points at it: issuers' certificate bundles, RoleAssignments,
//! IotConnectors.

use brazier_crds::{
    FhirService, IotConnector, RoleAssignment, reference::ConfigMapKeyReference, role_assignment::ScopeKind,
};
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::{Api, Client, ResourceExt};

use super::database;
use crate::{
    delete,
    dereference::{assignments, list_readable, read_key},
    image::Images,
    manifest::Owner,
    request::{self, RequestError},
};

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Dereferenced {
    /// RoleAssignments on this service.
    pub assignments: Vec<RoleAssignment>,
    /// IotConnectors that write to this service, of those whose ServiceAccount is there and theirs: rights are given to the
    /// account, and one that somebody else made may be anybody's.
    pub connectors: Vec<IotConnector>,
    /// Certificate bundles that are pointed at and do not exist.
    pub missing_bundles: Vec<ConfigMapKeyReference>,
    /// What is known of the database.
    pub database: database::Found,
}

/// Fetches it.
///
/// # Errors
/// If a request fails.
pub async fn dereference(
    client: &Client,
    owner: &Owner,
    service: &FhirService,
    images: &Images,
) -> Result<Dereferenced, RequestError> {
    let namespace = service.namespace().unwrap_or_default();
    let name = service.name_any();
    let assignments = assignments(client, &namespace, ScopeKind::FhirService, &name).await?;
    let connectors = connectors(client, &namespace, &name).await?;
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
    Ok(Dereferenced {
        assignments,
        connectors,
        missing_bundles,
        database: database::dereference(client, owner, &service.spec.database, images).await?,
    })
}

/// The connectors of the namespace that write to the service `name` and have a ServiceAccount of their own.
async fn connectors(client: &Client, namespace: &str, name: &str) -> Result<Vec<IotConnector>, RequestError> {
    let all: Vec<IotConnector> = list_readable(client, namespace).await?;
    let writes_here = |connector: &IotConnector| {
        let mut destinations = connector.spec.destinations.iter();
        destinations.any(|destination| destination.fhir_service_ref.name == name)
    };
    let accounts: Api<ServiceAccount> = Api::namespaced(client.clone(), namespace);
    let mut connectors = Vec::new();
    for connector in all.into_iter().filter(writes_here) {
        let account = request::find(&accounts, &connector.name_any()).await?;
        if account
            .is_some_and(|account| delete::is_owned_by(&account.metadata, connector.metadata.uid.as_deref()))
        {
            connectors.push(connector);
        }
    }
    Ok(connectors)
}
