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
    core::{DeserializeGuard, NamespaceResourceScope, PartialObjectMeta},
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
    memory::Memory,
    reconcile::{Error, Kind, key, reconcile},
    unwatched, watches,
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
    const APPLICATION: &str = "fhir-service";
    let client = &context.client;
    let controller = controller::<FhirService>(&context);
    let store = controller.store();
    let unwatched = unwatched::changes(client.clone(), store.clone());
    let controller = made_for(controller, client, APPLICATION)
        .watches(
            owned::<StatefulSet>(client),
            managed(),
            watches::made_for(APPLICATION),
        )
        .watches(owned::<Job>(client), managed(), watches::made_for(APPLICATION))
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
        // A connector has rights once its account is there, and only then.
        .watches(owned::<ServiceAccount>(client), managed(), move |account| {
            let (metadata, services) = (account.metadata, store.state());
            let is_connectors =
                watches::instance::<DeserializeGuard<IotConnector>>(&metadata, "iot-connector").is_some();
            services
                .iter()
                .filter(|one| is_connectors && one.meta().namespace == metadata.namespace)
                .map(|one| ObjectRef::from_obj(&**one))
                .collect::<Vec<_>>()
        })
        .watches_stream(pods(client), |pod| watches::instance(&pod.metadata, APPLICATION))
        .reconcile_on(unwatched)
        .watches_stream(patroni(client), |map| {
            watches::instance(&map.metadata, APPLICATION)
        })
        .reconcile_all_on(new_keys(&context))
        .graceful_shutdown_on(stop.cancelled_owned());
    drive(controller, context).await;
}

async fn role_assignments(context: Arc<Context>, stop: CancellationToken) {
    let client = &context.client;
    let controller = controller::<RoleAssignment>(&context);
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
    const APPLICATION: &str = "iot-connector";
    let controller = controller::<IotConnector>(&context);
    let store = controller.store();
    let unwatched = unwatched::changes(client.clone(), store.clone());
    let controller = made_for(controller, client, APPLICATION)
        .reconcile_on(unwatched)
        .watches(
            guarded::<RoleAssignment>(client),
            watcher::Config::default(),
            watches::assigned_connector,
        )
        .watches_stream(pods(client), |pod| watches::instance(&pod.metadata, APPLICATION))
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

/// Wakes a kind when something changes that both FhirService and IotConnector are made of.
fn made_for<K>(
    controller: Controller<DeserializeGuard<K>>,
    client: &Client,
    application: &'static str,
) -> Controller<DeserializeGuard<K>>
where
    K: Kind,
{
    controller
        .watches(
            owned::<Deployment>(client),
            managed(),
            watches::made_for(application),
        )
        .watches(
            owned::<ConfigMap>(client),
            managed(),
            watches::made_for(application),
        )
        .watches(
            owned::<Service>(client),
            managed(),
            watches::made_for(application),
        )
        .watches(
            owned::<ServiceAccount>(client),
            managed(),
            watches::made_for(application),
        )
        .watches(owned::<Role>(client), managed(), watches::made_for(application))
        .watches(
            owned::<RoleBinding>(client),
            managed(),
            watches::made_for(application),
        )
        .watches(
            owned::<NetworkPolicy>(client),
            managed(),
            watches::made_for(application),
        )
        .watches(
            owned::<PodDisruptionBudget>(client),
            managed(),
            watches::made_for(application),
        )
}

/// A controller of a kind. An object that does not fit its type is handed on as such and hides no others
/// (strimzi 12004, 9247). What is remembered of an object is forgotten when it goes.
fn controller<K>(context: &Arc<Context>) -> Controller<DeserializeGuard<K>>
where
    K: Kind,
{
    let (store, writer) = reflector::store();
    let mut memory = Memory::<K>::new(context.clone());
    let stream = watcher(guarded::<K>(&context.client), watcher::Config::default())
        .default_backoff()
        .inspect(move |event| memory.follow(event))
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

/// The objects that Patroni keeps its state in: it puts the database's labels on them, and nobody's `managed-by`.
fn patroni(
    client: &Client,
) -> impl Stream<Item = Result<PartialObjectMeta<ConfigMap>, watcher::Error>> + Send + use<> {
    let labels = "app.kubernetes.io/name=fhir-service,app.kubernetes.io/component=database,!app.kubernetes.io/managed-by";
    watcher(
        Api::<PartialObjectMeta<ConfigMap>>::all(client.clone()),
        watcher::Config::default().labels(labels),
    )
    .default_backoff()
    .touched_objects()
    .predicate_filter(
        watches::patroni_fingerprint,
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
