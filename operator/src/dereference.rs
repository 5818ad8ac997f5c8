//! Parts of the dereference stage that more than one kind needs: what is on an object, what is behind a reference.

use brazier_crds::{RoleAssignment, reference::ConfigMapKeyReference, role_assignment::ScopeKind};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::{
    Api, Client,
    api::ListParams,
    core::{DeserializeGuard, NamespaceResourceScope, Resource},
};
use serde::de::DeserializeOwned;

use crate::request::{self, RequestError};

/// The RoleAssignments on one object.
///
/// # Errors
/// If the request fails.
pub async fn assignments(
    client: &Client,
    namespace: &str,
    kind: ScopeKind,
    name: &str,
) -> Result<Vec<RoleAssignment>, RequestError> {
    let all: Vec<RoleAssignment> = list_readable(client, namespace).await?;
    Ok(all
        .into_iter()
        .filter(|one| one.spec.scope.kind == kind && one.spec.scope.name == name)
        .collect())
}

/// Lists a kind of a namespace; an object that cannot be read does not hide the others, and one on its way out
/// does not count.
///
/// # Errors
/// If the request fails.
pub async fn list_readable<K>(client: &Client, namespace: &str) -> Result<Vec<K>, RequestError>
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
        .map_err(request::read(format!("objects of kind {}", K::kind(&()))))?;
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
) -> Result<Option<String>, RequestError> {
    let maps: Api<ConfigMap> = Api::namespaced(client.clone(), namespace);
    Ok(request::find(&maps, &reference.name)
        .await?
        .and_then(|map| map.data)
        .and_then(|mut data| data.remove(&reference.key)))
}

/// Whether there is an object of the kind `K`, readable or not.
///
/// # Errors
/// If the request fails.
pub async fn exists<K>(client: &Client, namespace: &str, name: &str) -> Result<bool, RequestError>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>
        + Clone
        + DeserializeOwned
        + std::fmt::Debug,
{
    let api: Api<DeserializeGuard<K>> = Api::namespaced(client.clone(), namespace);
    let live = api
        .get_metadata_opt(name)
        .await
        .map_err(request::read(format!("{} {name}", K::kind(&()))))?;
    Ok(live.is_some())
}
