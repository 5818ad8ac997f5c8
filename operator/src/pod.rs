//! What the operator needs to know of a pod, and why one does not start.

use k8s_openapi::api::core::v1::{ContainerStatus, Pod};
use kube::{Api, Client, api::ListParams};

use crate::{
    labels::{self, Component},
    request::{self, RequestError},
};

/// A pod, as far as it matters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodSummary {
    /// Name of the pod; in a StatefulSet its successor gets the same.
    pub name: String,
    /// `metadata.uid` of the pod, which no other pod ever has.
    pub uid: String,
    /// Its address, once it has one.
    pub address: Option<String>,
    /// Id of its first container, which changes when that restarts.
    pub container_id: String,
    /// Whether it is ready and not on its way out.
    pub ready: bool,
    /// Value of the label `role`, if it has one.
    pub role: Option<String>,
    /// Why it does not start, if something holds it up.
    pub problem: Option<String>,
}

/// The pods of one component of one object, in the order of their names.
///
/// # Errors
/// If the request fails.
pub async fn list(
    client: &Client,
    namespace: &str,
    instance: &str,
    component: Component,
) -> Result<Vec<PodSummary>, RequestError> {
    let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
    let selector = labels::selector_text(instance, component);
    let found = pods
        .list(&ListParams::default().labels(&selector))
        .await
        .map_err(request::read(format!(
            "pods of {instance} ({})",
            component.as_str()
        )))?;
    let mut summaries: Vec<PodSummary> = found.items.iter().map(summarize).collect();
    summaries.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(summaries)
}

/// What matters of a pod.
pub fn summarize(pod: &Pod) -> PodSummary {
    let status = pod.status.as_ref();
    let conditions = status
        .and_then(|status| status.conditions.as_deref())
        .unwrap_or_default();
    let ready = conditions
        .iter()
        .any(|one| one.type_ == "Ready" && one.status == "True");
    let containers = status
        .and_then(|status| status.container_statuses.as_deref())
        .unwrap_or_default();
    let unschedulable = conditions
        .iter()
        .find(|one| one.type_ == "PodScheduled" && one.status == "False")
        .and_then(|one| one.message.clone());
    PodSummary {
        name: pod.metadata.name.clone().unwrap_or_default(),
        uid: pod.metadata.uid.clone().unwrap_or_default(),
        address: status.and_then(|status| status.pod_ip.clone()),
        container_id: containers
            .first()
            .and_then(|one| one.container_id.clone())
            .unwrap_or_default(),
        ready: ready && pod.metadata.deletion_timestamp.is_none(),
        role: pod
            .metadata
            .labels
            .as_ref()
            .and_then(|labels| labels.get("role").cloned()),
        problem: unschedulable.or_else(|| containers.iter().find_map(waiting)),
    }
}

/// Why a container waits, unless it is only being made.
fn waiting(container: &ContainerStatus) -> Option<String> {
    let waiting = container.state.as_ref()?.waiting.as_ref()?;
    let reason = waiting.reason.as_deref()?;
    if matches!(reason, "ContainerCreating" | "PodInitializing") {
        return None;
    }
    let message = waiting.message.as_deref().unwrap_or_default();
    Some(if message.is_empty() {
        reason.to_string()
    } else {
        format!("{reason}: {message}")
    })
}

/// How many pods are ready.
pub fn ready(pods: &[PodSummary]) -> i32 {
    i32::try_from(pods.iter().filter(|pod| pod.ready).count()).unwrap_or(i32::MAX)
}

/// The first pod that does not start, in words.
pub fn first_problem(pods: &[PodSummary]) -> Option<String> {
    pods.iter().find_map(|pod| {
        let problem = pod.problem.as_ref()?;
        Some(format!("pod {} does not start: {problem}", pod.name))
    })
}
