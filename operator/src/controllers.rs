//! Starts the three controllers, and says which change wakes which kind.
//!
//! Watches of what the operator makes are limited to its own label, so that memory does not grow with what tenants
//! have besides (cloudnative-pg 5972, 10924); nothing of it is kept but what a reconcile is about.

use std::{
    fmt::Debug,
    sync::Arc,
    time::{Duration, Instant},
};

use brazier_crds::{FhirService, IotConnector, RoleAssignment, role_assignment::ScopeKind};
use futures::{FutureExt, Stream, StreamExt, future, stream};
use k8s_openapi::api::{
    apps::v1::{Deployment, StatefulSet},
    batch::v1::Job,
    core::v1::{ConfigMap, Pod, Service, ServiceAccount},
    networking::v1::NetworkPolicy,
    policy::v1::PodDisruptionBudget,
    rbac::v1::{Role, RoleBinding},
};
use kube::{
    Api, Client, Resource,
    core::{DeserializeGuard, NamespaceResourceScope},
    runtime::{
        Controller, WatchStreamExt,
        controller::Config,
        reflector::{self, ObjectRef},
        watcher,
    },
};
use serde::de::DeserializeOwned;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

use crate::{
    context::Context,
    error::{Failure, Verdict},
    labels::MANAGED,
    reconcile::{Error, Kind, key, reconcile},
    watches,
};

/// Changes of owned objects come in bursts; one reconcile answers them all.
const DEBOUNCE: Duration = Duration::from_millis(50);

/// Runs until told to stop; reconciles under way are finished.
pub async fn run(context: Arc<Context>, stop: &CancellationToken) {
    tokio::join!(
        fhir_services(context.clone(), stop.clone()),
        role_assignments(context.clone(), stop.clone()),
        iot_connectors(context, stop.clone()),
    );
}

async fn fhir_services(context: Arc<Context>, stop: CancellationToken) {
    let client = &context.client;
    let controller = controller::<FhirService>(client)
        .owns(owned::<StatefulSet>(client), managed())
        .owns(owned::<Deployment>(client), managed())
        .owns(owned::<Job>(client), managed())
        .owns(owned::<ConfigMap>(client), managed())
        .owns(owned::<Service>(client), managed())
        .owns(owned::<ServiceAccount>(client), managed())
        .owns(owned::<Role>(client), managed())
        .owns(owned::<RoleBinding>(client), managed())
        .owns(owned::<NetworkPolicy>(client), managed())
        .owns(owned::<PodDisruptionBudget>(client), managed())
        .watches(
            guarded::<RoleAssignment>(client),
            watcher::Config::default(),
            watches::assigned_service,
        )
        .watches(
            guarded::<IotConnector>(client),
            watcher::Config::default(),
            watches::destinations,
        )
        .watches_stream(pods(client), |pod| {
            watches::instance(&pod.metadata, "fhir-service")
        })
        .reconcile_all_on(new_keys(&context))
        .graceful_shutdown_on(stop.cancelled_owned());
    drive(controller, context).await;
}

async fn role_assignments(context: Arc<Context>, stop: CancellationToken) {
    let client = &context.client;
    let controller = controller::<RoleAssignment>(client);
    // A policy that came further, or a scope that came or went, concerns every assignment on it.
    let store = controller.store();
    let news = stream::unfold(context.enforcement.subscribe(), |mut changes| async move {
        loop {
            match changes.recv().await {
                Ok(scope) => return Some((scope, changes)),
                Err(RecvError::Lagged(missed)) => tracing::warn!(missed, "missed news of policies"),
                Err(RecvError::Closed) => return None,
            }
        }
    });
    let concerned = news.flat_map(move |scope| {
        let assignments = store.state();
        let concerned: Vec<_> = assignments
            .iter()
            .filter(|one| {
                one.meta().namespace.as_deref() == Some(&scope.namespace)
                    && one.0.as_ref().is_ok_and(|one| {
                        one.spec.scope.kind == scope.kind && one.spec.scope.name == scope.name
                    })
            })
            .map(|one| ObjectRef::from_obj(&**one))
            .collect();
        stream::iter(concerned)
    });
    let by_scope = |kind: ScopeKind, store: reflector::Store<DeserializeGuard<RoleAssignment>>| {
        move |namespace: Option<String>,
              name: Option<String>|
              -> Vec<ObjectRef<DeserializeGuard<RoleAssignment>>> {
            let assignments = store.state();
            assignments
                .iter()
                .filter(|one| {
                    one.meta().namespace == namespace
                        && one.0.as_ref().is_ok_and(|one| {
                            one.spec.scope.kind == kind && Some(&one.spec.scope.name) == name.as_ref()
                        })
                })
                .map(|one| ObjectRef::from_obj(&**one))
                .collect()
        }
    };
    let services = by_scope(ScopeKind::FhirService, controller.store());
    let connectors = by_scope(ScopeKind::IotConnector, controller.store());
    let controller = controller
        .reconcile_on(concerned)
        .watches_stream(changes::<FhirService>(client), move |service| {
            services(service.meta().namespace.clone(), service.meta().name.clone())
        })
        .watches_stream(changes::<IotConnector>(client), move |connector| {
            connectors(connector.meta().namespace.clone(), connector.meta().name.clone())
        })
        .graceful_shutdown_on(stop.cancelled_owned());
    drive(controller, context).await;
}

async fn iot_connectors(context: Arc<Context>, stop: CancellationToken) {
    let client = &context.client;
    let controller = controller::<IotConnector>(client);
    let store = controller.store();
    let controller = controller
        .owns(owned::<Deployment>(client), managed())
        .owns(owned::<ConfigMap>(client), managed())
        .owns(owned::<Service>(client), managed())
        .owns(owned::<ServiceAccount>(client), managed())
        .owns(owned::<Role>(client), managed())
        .owns(owned::<RoleBinding>(client), managed())
        .owns(owned::<NetworkPolicy>(client), managed())
        .owns(owned::<PodDisruptionBudget>(client), managed())
        .watches(
            guarded::<RoleAssignment>(client),
            watcher::Config::default(),
            watches::assigned_connector,
        )
        .watches_stream(pods(client), |pod| {
            watches::instance(&pod.metadata, "iot-connector")
        })
        // A destination that came or went.
        .watches_stream(changes::<FhirService>(client), move |service| {
            let connectors = store.state();
            let name = service.meta().name.clone().unwrap_or_default();
            connectors
                .iter()
                .filter(|one| {
                    one.meta().namespace == service.meta().namespace
                        && one.0.as_ref().is_ok_and(|one| {
                            one.spec
                                .destinations
                                .iter()
                                .any(|to| to.fhir_service_ref.name == name)
                        })
                })
                .map(|one| ObjectRef::from_obj(&**one))
                .collect::<Vec<_>>()
        })
        .reconcile_all_on(new_keys(&context))
        .graceful_shutdown_on(stop.cancelled_owned());
    drive(controller, context).await;
}

/// Runs one controller, and counts, logs and waits for each of its reconciles.
async fn drive<K: Kind>(controller: Controller<DeserializeGuard<K>>, context: Arc<Context>) {
    let counted = |object: Arc<DeserializeGuard<K>>, context: Arc<Context>| {
        let (start, metrics) = (Instant::now(), context.metrics.clone());
        reconcile(object, context).inspect(move |result| {
            let outcome = result
                .as_ref()
                .map_or_else(|error| error.verdict().category.as_str(), |_| "success");
            metrics.reconciled(K::NAME, outcome, start.elapsed());
        })
    };
    let on_error = |object: Arc<DeserializeGuard<K>>, error: &Error<K::Error>, context: Arc<Context>| {
        let (key, Verdict { category, reason }) = (key(&*object), error.verdict());
        tracing::warn!(object = key, reason, error = %brazier_service::telemetry::chain(error), "not reconciled");
        context.backoff.after(&key, category)
    };
    controller
        .with_config(Config::default().debounce(DEBOUNCE).concurrency(16))
        .run(counted, on_error, context)
        .for_each(|_| future::ready(()))
        .await;
}

/// A word whenever the cluster signs tokens with other keys: all objects that hand them on have to be looked at.
fn new_keys(context: &Context) -> impl Stream<Item = ()> + Send + use<> {
    let mut keys = context.cluster_keys.clone();
    keys.mark_unchanged();
    stream::unfold(keys, |mut keys| async move {
        keys.changed().await.ok().map(|()| ((), keys))
    })
}

/// A controller of a kind. An object that does not fit its type is handed on as such and hides no others
/// (strimzi 12004, 9247).
fn controller<K>(client: &Client) -> Controller<DeserializeGuard<K>>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>
        + Clone
        + DeserializeOwned
        + Debug
        + Send
        + Sync
        + 'static,
{
    let (store, writer) = reflector::store();
    let stream = watcher(guarded::<K>(client), watcher::Config::default())
        .default_backoff()
        .modify(|object| object.meta_mut().managed_fields = None)
        .reflect(writer)
        .touched_objects()
        .predicate_filter(
            watches::resource_fingerprint,
            kube::runtime::PredicateConfig::default(),
        );
    Controller::for_stream(stream, store)
}

/// Objects of a kind that came, went or changed their spec.
fn changes<K>(
    client: &Client,
) -> impl Stream<Item = Result<DeserializeGuard<K>, watcher::Error>> + Send + use<K>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>
        + Clone
        + DeserializeOwned
        + Debug
        + Send
        + Sync
        + 'static,
{
    watcher(guarded::<K>(client), watcher::Config::default())
        .default_backoff()
        .touched_objects()
}

fn pods(client: &Client) -> impl Stream<Item = Result<Pod, watcher::Error>> + Send + use<> {
    watcher(Api::<Pod>::all(client.clone()), managed())
        .default_backoff()
        .touched_objects()
        .predicate_filter(
            watches::pod_fingerprint,
            kube::runtime::PredicateConfig::default(),
        )
}

fn owned<K>(client: &Client) -> Api<K>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
{
    Api::all(client.clone())
}

fn guarded<K>(client: &Client) -> Api<DeserializeGuard<K>>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
{
    Api::all(client.clone())
}

fn managed() -> watcher::Config {
    watcher::Config::default().labels(MANAGED)
}
