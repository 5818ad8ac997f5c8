//! What the server counts, in the form of <https://prometheus.io/docs/instrumenting/exposition_formats/>.
//! Label values come from small fixed sets; nothing a client sends becomes one.

use std::fmt;
use std::time::Duration;

use brazier_service::listen::ListenerMetrics;
use brazier_service::metrics::{self, Counted};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

/// The counters of one server.
#[derive(Debug)]
pub struct Metrics {
    requests: Family<RequestLabels, Counter>,
    durations: Family<InteractionLabels, Histogram>,
    in_flight: Gauge,
    listeners: ListenerMetrics,
    database_connections: Family<StateLabels, Gauge>,
    database_waiting: Gauge,
    audit_backlog: Gauge,
    policy: Family<VersionLabels, Gauge>,
    registry: Registry,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    interaction: &'static str,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct InteractionLabels {
    interaction: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StateLabels {
    state: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct VersionLabels {
    version: String,
}

impl Default for Metrics {
    fn default() -> Metrics {
        Metrics::new()
    }
}

impl Metrics {
    /// All counters at zero.
    pub fn new() -> Metrics {
        let durations: fn() -> Histogram = || Histogram::new(exponential_buckets(0.000_5, 2.0, 16));
        let mut metrics = Metrics {
            requests: Family::default(),
            durations: Family::new_with_constructor(durations),
            in_flight: Gauge::default(),
            listeners: ListenerMetrics::default(),
            database_connections: Family::default(),
            database_waiting: Gauge::default(),
            audit_backlog: Gauge::default(),
            policy: Family::default(),
            registry: metrics::registry(),
        };
        metrics.register();
        metrics
    }

    fn register(&mut self) {
        let Metrics {
            requests,
            durations,
            in_flight,
            listeners,
            database_connections,
            database_waiting,
            audit_backlog,
            policy,
            registry,
        } = self;
        let registry = registry.sub_registry_with_prefix("brazier_server");
        registry.register(
            "requests",
            "Requests answered, by interaction and HTTP status",
            requests.clone(),
        );
        registry.register_with_unit(
            "request_duration",
            "Time from a request's head to its answer's head",
            Unit::Seconds,
            durations.clone(),
        );
        registry.register("requests_in_flight", "Requests being answered", in_flight.clone());
        *listeners = ListenerMetrics::registered(registry);
        registry.register(
            "database_connections",
            "Connections to the database, by what they do",
            database_connections.clone(),
        );
        registry.register(
            "database_waiting",
            "Requests that wait for a connection to the database",
            database_waiting.clone(),
        );
        registry.register(
            "audit_backlog",
            "Audit records that are not yet in the database",
            audit_backlog.clone(),
        );
        registry.register(
            "access_policy",
            "The access policy in force, by its version",
            policy.clone(),
        );
    }

    /// What listeners count.
    pub fn listeners(&self) -> ListenerMetrics {
        self.listeners.clone()
    }

    /// Counts a request as in flight until the answer is dropped.
    pub fn request_started(&self) -> Counted {
        Counted::new(&self.in_flight)
    }

    /// Counts an answer: the interaction's code (`read`, `search-type`, …), HTTP status, and the time it took.
    pub fn request_finished(&self, interaction: &'static str, status: u16, took: Duration) {
        let labels = RequestLabels { interaction, status };
        self.requests.get_or_create(&labels).inc();
        let labels = InteractionLabels { interaction };
        self.durations.get_or_create(&labels).observe(took.as_secs_f64());
    }

    /// Sets how many connections to the database are busy and idle, and how many requests wait for one.
    pub fn set_database_pool(&self, busy: usize, idle: usize, waiting: usize) {
        for (state, connections) in [("busy", busy), ("idle", idle)] {
            let gauge = self.database_connections.get_or_create(&StateLabels { state });
            gauge.set(whole(connections));
        }
        self.database_waiting.set(whole(waiting));
    }

    /// Sets how many audit records are still to be written.
    pub fn set_audit_backlog(&self, records: usize) {
        self.audit_backlog.set(whole(records));
    }

    /// Sets the version of the access policy in force.
    pub fn set_policy_version(&self, version: &str) {
        self.policy.clear();
        let version = version.to_owned();
        self.policy.get_or_create(&VersionLabels { version }).set(1);
    }

    /// Everything, as [`metrics::text`] writes it.
    pub fn encode(&self) -> Result<String, fmt::Error> {
        metrics::text(&self.registry)
    }
}

fn whole(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_counted_is_in_the_text() {
        let metrics = Metrics::new();
        let in_flight = metrics.request_started();
        metrics.request_finished("read", 200, Duration::from_millis(3));
        metrics.request_finished("read", 404, Duration::from_millis(1));
        metrics.set_database_pool(2, 5, 1);
        metrics.set_policy_version("old");
        metrics.set_policy_version("new");
        let text = metrics.encode().unwrap();
        for line in [
            "brazier_server_requests_total{interaction=\"read\",status=\"200\"} 1",
            "brazier_server_requests_total{interaction=\"read\",status=\"404\"} 1",
            "brazier_server_request_duration_seconds_count{interaction=\"read\"} 2",
            "brazier_server_requests_in_flight 1",
            "brazier_server_database_connections{state=\"idle\"} 5",
            "brazier_server_database_waiting 1",
            "brazier_server_access_policy{version=\"new\"} 1",
        ] {
            assert!(
                text.lines().any(|found| found == line),
                "{line} is not in\n{text}"
            );
        }
        assert!(!text.contains("\"old\""));
        drop(in_flight);
        assert!(
            metrics
                .encode()
                .unwrap()
                .contains("brazier_server_requests_in_flight 0")
        );
    }
}
