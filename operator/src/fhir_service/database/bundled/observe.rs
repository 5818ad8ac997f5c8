//! What is there of a bundled database: its pods, its volumes, and what Patroni says of its members.

use k8s_openapi::api::{
    apps::v1::StatefulSet,
    core::v1::{ConfigMap, PersistentVolumeClaim},
};
use kube::Api;

use super::{Bundled, rollout::Applied};
use crate::{
    context::Context,
    labels::Component,
    pod::{self, PodSummary},
    request::{self, RequestError},
};

/// What was seen.
#[derive(Clone, Debug)]
pub struct Observed {
    /// The members' StatefulSet as the API server returned it, once there is one.
    pub stateful_set: Option<StatefulSet>,
    /// The members' pods.
    pub pods: Vec<PodSummary>,
    /// Who holds Patroni's lock of the leader.
    pub leader: Leader,
    /// How many replicas may acknowledge a commit, as Patroni has it.
    pub synchronous_standbys: i32,
    /// Size of the first member's volume.
    pub storage: Option<String>,
}

/// Looks.
///
/// # Errors
/// If a request fails.
pub async fn observe(applied: &Applied, context: &Context) -> Result<Observed, RequestError> {
    let Applied {
        database,
        stateful_set,
    } = applied;
    Ok(Observed {
        stateful_set: stateful_set.clone(),
        pods: pods(database, context).await?,
        leader: leader(database, context).await?,
        synchronous_standbys: synchronous_standbys(database, context).await?,
        storage: storage(database, context).await?,
    })
}

/// The members' pods.
///
/// # Errors
/// If the request fails.
pub async fn pods(database: &Bundled, context: &Context) -> Result<Vec<PodSummary>, RequestError> {
    let (namespace, instance) = (&database.owner.namespace, &database.owner.name);
    pod::list(&context.client, namespace, instance, Component::Database).await
}

/// Who holds Patroni's lock of the leader.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Leader {
    /// Patroni has not said anything of it.
    #[default]
    Unknown,
    /// Nobody: the one before gave it back or lost it.
    Nobody,
    /// The member of this name.
    Member(String),
}

/// The pod that Patroni calls the primary; if two claim it, the one that is ready. A pod carries that label for a second
/// or two after it has lost the lead, so the lock has to agree.
pub fn primary<'a>(pods: &'a [PodSummary], leader: &Leader) -> Option<&'a PodSummary> {
    pods.iter()
        .filter(|pod| pod.role.as_deref() == Some("primary"))
        .filter(|pod| match leader {
            Leader::Unknown => true,
            Leader::Nobody => false,
            Leader::Member(name) => *name == pod.name,
        })
        .max_by_key(|pod| pod.ready)
}

/// Who leads, as Patroni has it.
///
/// # Errors
/// If the request fails.
pub async fn leader(database: &Bundled, context: &Context) -> Result<Leader, RequestError> {
    let maps: Api<ConfigMap> = Api::namespaced(context.client.clone(), &database.owner.namespace);
    let map = request::find(&maps, &database.names.leader()).await?;
    let annotations = map.and_then(|map| map.metadata.annotations).unwrap_or_default();
    Ok(match annotations.get("leader").map(String::as_str) {
        Some("") => Leader::Nobody,
        Some(name) => Leader::Member(name.to_string()),
        // Patroni counts changes of the lead from the first one on.
        None if annotations.contains_key("transitions") => Leader::Nobody,
        None => Leader::Unknown,
    })
}

/// Patroni lists them in an annotation, separated by commas, and promotes nobody who is not in it.
async fn synchronous_standbys(database: &Bundled, context: &Context) -> Result<i32, RequestError> {
    let maps: Api<ConfigMap> = Api::namespaced(context.client.clone(), &database.owner.namespace);
    let map = request::find(&maps, &database.names.synchronous_members()).await?;
    let annotations = map.and_then(|map| map.metadata.annotations).unwrap_or_default();
    let standbys = annotations.get("sync_standby").map_or(0, |names| {
        names.split(',').filter(|name| !name.trim().is_empty()).count()
    });
    Ok(i32::try_from(standbys).unwrap_or(i32::MAX))
}

async fn storage(database: &Bundled, context: &Context) -> Result<Option<String>, RequestError> {
    let claims: Api<PersistentVolumeClaim> =
        Api::namespaced(context.client.clone(), &database.owner.namespace);
    let claim = request::find(&claims, &database.names.first_volume()).await?;
    Ok(claim
        .and_then(|claim| claim.status?.capacity?.remove("storage"))
        .map(|size| size.0))
}
