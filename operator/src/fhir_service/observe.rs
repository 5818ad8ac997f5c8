//! What is there: pods, and what the applied objects say of themselves. Everything that status is computed from.

use k8s_openapi::api::{
    apps::v1::{Deployment, StatefulSet},
    core::v1::{ConfigMap, PersistentVolumeClaim},
};
use kube::Api;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{
    rollout::{Applied, Migration},
    validate::ValidatedFhirService,
};
use crate::{
    context::Context,
    error::Error,
    labels::Component,
    pod::{self, PodSummary},
};

/// What was seen.
#[derive(Clone, Debug)]
pub struct Observed {
    /// The database's StatefulSet.
    pub database: StatefulSet,
    /// Its pods.
    pub database_pods: Vec<PodSummary>,
    /// How many replicas may acknowledge a commit, as Patroni has it.
    pub synchronous_standbys: i32,
    /// How the migration stands.
    pub migration: Migration,
    /// The servers' Deployment.
    pub server: Option<Deployment>,
    /// Its pods.
    pub server_pods: Vec<PodSummary>,
    /// Size of the first member's volume.
    pub storage: Option<String>,
}

/// Looks.
///
/// # Errors
/// If a request fails.
pub async fn observe(
    service: &ValidatedFhirService,
    applied: &Applied,
    context: &Context,
) -> Result<Observed, Error> {
    let (namespace, instance) = (&service.owner.namespace, &service.owner.name);
    let server = match &applied.server {
        Some(server) => Some(read("Deployment", server)?),
        // Its turn has not come, but one of before may be there and serve.
        None => {
            let deployments: Api<Deployment> = Api::namespaced(context.client.clone(), namespace);
            let name = service.names.server();
            let live = deployments.get_opt(&name).await.map_err(|source| Error::Read {
                what: format!("Deployment {name}"),
                source,
            })?;
            live.filter(|live| {
                live.metadata
                    .owner_references
                    .iter()
                    .flatten()
                    .any(|one| one.uid == service.owner.uid)
            })
        }
    };
    Ok(Observed {
        database: read("StatefulSet", &applied.database)?,
        database_pods: pod::list(&context.client, namespace, instance, Component::Database).await?,
        synchronous_standbys: synchronous_standbys(service, context).await?,
        migration: applied.migration.clone(),
        server,
        server_pods: pod::list(&context.client, namespace, instance, Component::Server).await?,
        storage: storage(service, context).await?,
    })
}

/// Whether the database takes writes.
///
/// # Errors
/// If a request fails.
pub async fn has_ready_primary(service: &ValidatedFhirService, context: &Context) -> Result<bool, Error> {
    let (namespace, instance) = (&service.owner.namespace, &service.owner.name);
    let pods = pod::list(&context.client, namespace, instance, Component::Database).await?;
    Ok(primary(&pods).is_some_and(|primary| primary.ready))
}

/// The pod that Patroni calls the primary; if two claim it, the one that is ready.
pub fn primary(pods: &[PodSummary]) -> Option<&PodSummary> {
    pods.iter()
        .filter(|pod| pod.role.as_deref() == Some("primary"))
        .max_by_key(|pod| pod.ready)
}

fn read<K: DeserializeOwned>(what: &str, object: &Value) -> Result<K, Error> {
    serde_json::from_value(object.clone()).map_err(|error| Error::Unreadable {
        what: what.to_string(),
        message: error.to_string(),
    })
}

/// Patroni lists them in an annotation, separated by commas, and promotes nobody who is not in it.
async fn synchronous_standbys(service: &ValidatedFhirService, context: &Context) -> Result<i32, Error> {
    let maps: Api<ConfigMap> = Api::namespaced(context.client.clone(), &service.owner.namespace);
    let name = format!("{}-sync", service.names.database());
    let map = maps.get_opt(&name).await.map_err(|source| Error::Read {
        what: format!("ConfigMap {name}"),
        source,
    })?;
    let annotations = map.and_then(|map| map.metadata.annotations).unwrap_or_default();
    let standbys = annotations.get("sync_standby").map_or(0, |names| {
        names.split(',').filter(|name| !name.trim().is_empty()).count()
    });
    Ok(i32::try_from(standbys).unwrap_or(i32::MAX))
}

async fn storage(service: &ValidatedFhirService, context: &Context) -> Result<Option<String>, Error> {
    let claims: Api<PersistentVolumeClaim> =
        Api::namespaced(context.client.clone(), &service.owner.namespace);
    let name = format!("data-{}-0", service.names.database());
    let claim = claims.get_opt(&name).await.map_err(|source| Error::Read {
        what: format!("PersistentVolumeClaim {name}"),
        source,
    })?;
    Ok(claim
        .and_then(|claim| claim.status?.capacity?.remove("storage"))
        .map(|size| size.0))
}
