//! Fetches what a FhirService points at, or what points at it: issuers' certificate bundles, RoleAssignments,
//! IotConnectors.

use brazier_crds::{
    FhirService, IotConnector, RoleAssignment, reference::ConfigMapKeyReference, role_assignment::ScopeKind,
};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::{
    Api, Client, ResourceExt,
    api::ListParams,
    core::{DeserializeGuard, NamespaceResourceScope, Resource},
};
use serde::de::DeserializeOwned;

use crate::error::Error;

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
pub async fn dereference(client: &Client, service: &FhirService) -> Result<Dereferenced, Error> {
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

/// The RoleAssignments on one object.
///
/// # Errors
/// If the request fails.
pub async fn assignments(
    client: &Client,
    namespace: &str,
    kind: ScopeKind,
    name: &str,
) -> Result<Vec<RoleAssignment>, Error> {
    let all: Vec<RoleAssignment> = list_readable(client, namespace).await?;
    Ok(all
        .into_iter()
        .filter(|one| one.spec.scope.kind == kind && one.spec.scope.name == name)
        .collect())
}

/// Lists a kind of a namespace; an object that cannot be read does not hide the others, and one on its way out
/// does not count.
async fn list_readable<K>(client: &Client, namespace: &str) -> Result<Vec<K>, Error>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>
        + Clone
        + DeserializeOwned
        + std::fmt::Debug,
{
    let api: Api<DeserializeGuard<K>> = Api::namespaced(client.clone(), namespace);
    let found = api
        .list(&ListParams::default())
        .await
        .map_err(|source| Error::Read {
            what: format!("objects of kind {}", K::kind(&())),
            source,
        })?;
    let readable = found.items.into_iter().filter_map(|guarded| guarded.0.ok());
    Ok(readable
        .filter(|object| object.meta().deletion_timestamp.is_none())
        .collect())
}

/// The text behind a key of a ConfigMap.
///
/// # Errors
/// If the request fails; a missing ConfigMap or key is `None`.
pub async fn read_key(
    client: &Client,
    namespace: &str,
    reference: &ConfigMapKeyReference,
) -> Result<Option<String>, Error> {
    let maps: Api<ConfigMap> = Api::namespaced(client.clone(), namespace);
    let what = format!("ConfigMap {}", reference.name);
    let map = maps
        .get_opt(&reference.name)
        .await
        .map_err(|source| Error::Read { what, source })?;
    Ok(map
        .and_then(|map| map.data)
        .and_then(|mut data| data.remove(&reference.key)))
}
