//! Which watched object wakes which custom resource, and which of its changes matter.

use std::{
    collections::hash_map::DefaultHasher,
    hash::{Hash, Hasher},
};

use brazier_crds::{FhirService, IotConnector, RoleAssignment, role_assignment::ScopeKind};
use k8s_openapi::{
    api::core::v1::{ConfigMap, Pod},
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};
use kube::{
    Resource,
    core::{DeserializeGuard, PartialObjectMeta},
    runtime::reflector::{Lookup, ObjectRef},
};

use crate::pod;

/// The FhirService that a RoleAssignment is about.
pub fn assigned_service(
    assignment: DeserializeGuard<RoleAssignment>,
) -> Option<ObjectRef<DeserializeGuard<FhirService>>> {
    scope(&assignment, ScopeKind::FhirService)
}

/// The IotConnector that a RoleAssignment is about.
pub fn assigned_connector(
    assignment: DeserializeGuard<RoleAssignment>,
) -> Option<ObjectRef<DeserializeGuard<IotConnector>>> {
    scope(&assignment, ScopeKind::IotConnector)
}

fn scope<K>(assignment: &DeserializeGuard<RoleAssignment>, kind: ScopeKind) -> Option<ObjectRef<K>>
where
    K: Lookup,
    K::DynamicType: Default,
{
    let assignment = assignment.0.as_ref().ok()?;
    let scope = &assignment.spec.scope;
    (scope.kind == kind).then(|| {
        ObjectRef::new(&scope.name).within(assignment.metadata.namespace.as_deref().unwrap_or_default())
    })
}

/// The FhirServices that an IotConnector writes to: it gets access to them.
pub fn destinations(
    connector: DeserializeGuard<IotConnector>,
) -> Vec<ObjectRef<DeserializeGuard<FhirService>>> {
    let Ok(connector) = &connector.0 else {
        return Vec::new();
    };
    let namespace = connector.metadata.namespace.clone().unwrap_or_default();
    let names = connector
        .spec
        .destinations
        .iter()
        .map(|destination| &destination.fhir_service_ref.name);
    names
        .map(|name| ObjectRef::new(name).within(&namespace))
        .collect()
}

/// The object whose name the labels of a pod give, if the pod is of the application `application`.
pub fn instance<K>(metadata: &ObjectMeta, application: &str) -> Option<ObjectRef<K>>
where
    K: Lookup,
    K::DynamicType: Default,
{
    let labels = metadata.labels.as_ref()?;
    if labels.get("app.kubernetes.io/name").map(String::as_str) != Some(application) {
        return None;
    }
    let name = labels.get("app.kubernetes.io/instance")?;
    Some(ObjectRef::new(name).within(metadata.namespace.as_deref().unwrap_or_default()))
}

/// The object of kind `K` that something of the application `application` was made for: by its labels, and by its owner,
/// since somebody may have taken away one of the two.
pub fn made_for<K, O>(application: &'static str) -> impl Fn(O) -> Vec<ObjectRef<DeserializeGuard<K>>>
where
    K: Resource<DynamicType = ()> + Clone + 'static,
    O: Resource,
{
    move |object| {
        let metadata = object.meta();
        let namespace = metadata.namespace.as_deref().unwrap_or_default();
        let owners = metadata.owner_references.iter().flatten();
        owners
            .filter(|owner| owner.kind == K::kind(&()) && owner.api_version == K::api_version(&()))
            .map(|owner| ObjectRef::new(&owner.name).within(namespace))
            .chain(instance(metadata, application))
            .collect()
    }
}

/// What matters of the objects that Patroni keeps its state in, as a number: who leads, and who may take over. It writes
/// the time of the leader's last sign of life every few seconds.
pub fn patroni_fingerprint(map: &PartialObjectMeta<ConfigMap>) -> Option<u64> {
    let annotations = map.metadata.annotations.clone().unwrap_or_default();
    let mut hasher = DefaultHasher::new();
    (annotations.get("leader"), annotations.get("sync_standby")).hash(&mut hasher);
    map.metadata.deletion_timestamp.is_some().hash(&mut hasher);
    Some(hasher.finish())
}

/// What matters of a pod, as a number. A database may write its position into an annotation every few seconds; that is
/// no reason to reconcile.
pub fn pod_fingerprint(pod: &Pod) -> Option<u64> {
    let summary = pod::summarize(pod);
    let mut hasher = DefaultHasher::new();
    (
        summary.address,
        summary.container_id,
        summary.ready,
        summary.role,
        summary.problem,
    )
        .hash(&mut hasher);
    pod.metadata.deletion_timestamp.is_some().hash(&mut hasher);
    Some(hasher.finish())
}

/// What matters of a custom resource: spec, deletion, finalizers. Our own writes of its status are not news.
pub fn resource_fingerprint<K: Resource>(object: &K) -> Option<u64> {
    let metadata = object.meta();
    let mut hasher = DefaultHasher::new();
    (
        &metadata.uid,
        metadata.generation,
        &metadata.finalizers,
        metadata.deletion_timestamp.is_some(),
    )
        .hash(&mut hasher);
    Some(hasher.finish())
}
