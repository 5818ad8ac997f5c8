//! What is counted: reconciles by kind and result, and how long they took.

use std::time::Duration;

use brazier_service::{listen::ListenerMetrics, metrics};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::Registry,
};

/// Kind of the object.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindLabel {
    kind: &'static str,
}

/// Kind of the object and how the reconcile ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResultLabels {
    kind: &'static str,
    result: &'static str,
}

/// How a push of a policy to one replica ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PushLabel {
    result: &'static str,
}

/// The operator's own metrics.
pub struct Metrics {
    registry: Registry,
    listeners: ListenerMetrics,
    reconciles: Family<ResultLabels, Counter>,
    durations: Family<KindLabel, Histogram>,
    leader: Gauge,
    pushes: Family<PushLabel, Counter>,
    behind: Gauge,
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = metrics::registry();
        let own = registry.sub_registry_with_prefix("brazier_operator");
        let reconciles = Family::default();
        let durations: Family<KindLabel, Histogram> =
            Family::new_with_constructor(|| Histogram::new(exponential_buckets(0.005, 2.0, 12)));
        let leader = Gauge::default();
        own.register("reconciles", "Reconciles by kind and result", reconciles.clone());
        own.register("reconcile_seconds", "How long reconciles took", durations.clone());
        own.register("leader", "1 while this replica holds the lease", leader.clone());
        let pushes: Family<PushLabel, Counter> = Family::default();
        let behind = Gauge::default();
        own.register(
            "policy_pushes",
            "Pushes of policies to servers, by result",
            pushes.clone(),
        );
        own.register(
            "servers_without_newest_policy",
            "Ready servers that have not said that they enforce the newest policy",
            behind.clone(),
        );
        let listeners = ListenerMetrics::registered(own);
        Metrics {
            registry,
            listeners,
            reconciles,
            durations,
            leader,
            pushes,
            behind,
        }
    }
}

impl Metrics {
    /// A reconcile of `kind` ended with `result` after `duration`.
    pub fn reconciled(&self, kind: &'static str, result: &'static str, duration: Duration) {
        self.reconciles
            .get_or_create(&ResultLabels { kind, result })
            .inc();
        self.durations
            .get_or_create(&KindLabel { kind })
            .observe(duration.as_secs_f64());
    }

    /// Whether this replica holds the lease.
    pub fn leads(&self, leads: bool) {
        self.leader.set(i64::from(leads));
    }

    /// A policy was pushed to one replica, which acknowledged it or did not.
    pub fn pushed(&self, acknowledged: bool) {
        let result = if acknowledged { "success" } else { "failure" };
        self.pushes.get_or_create(&PushLabel { result }).inc();
    }

    /// How many ready servers are behind, of all services.
    pub fn replicas_behind(&self, servers: usize) {
        self.behind.set(i64::try_from(servers).unwrap_or(i64::MAX));
    }

    /// What the listener of metrics and probes counts.
    pub fn listeners(&self) -> ListenerMetrics {
        self.listeners.clone()
    }

    /// All of them, as [`metrics::text`] writes them.
    ///
    /// # Errors
    /// If they cannot be written as text.
    pub fn text(&self) -> Result<String, std::fmt::Error> {
        metrics::text(&self.registry)
    }
}
