//! What the server counts, in the form of <https://prometheus.io/docs/instrumenting/exposition_formats/>.
//! Label values come from small fixed sets; nothing a client sends becomes one.

use std::fmt;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

/// The content type of [`Metrics::encode`]'s text.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The counters of one server.
#[derive(Debug)]
pub struct Metrics {
    requests: Family<RequestLabels, Counter>,
    durations: Family<InteractionLabels, Histogram>,
    in_flight: Gauge,
    connections: Family<ListenerLabels, Gauge>,
    handshakes_failed: Family<ListenerLabels, Counter>,
    connections_shed: Family<ListenerLabels, Counter>,
    database_connections: Family<StateLabels, Gauge>,
    database_waiting: Gauge,
    audit_backlog: Gauge,
    policy: Family<VersionLabels, Gauge>,
    resident_memory: Gauge,
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
struct ListenerLabels {
    listener: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StateLabels {
    state: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct VersionLabels {
    version: String,
}

/// Counts down again when dropped.
#[derive(Debug)]
#[must_use = "counts only while it is kept"]
pub struct Counted(Gauge);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
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
            connections: Family::default(),
            handshakes_failed: Family::default(),
            connections_shed: Family::default(),
            database_connections: Family::default(),
            database_waiting: Gauge::default(),
            audit_backlog: Gauge::default(),
            policy: Family::default(),
            resident_memory: Gauge::default(),
            registry: Registry::default(),
        };
        metrics.register();
        metrics
    }

    fn register(&mut self) {
        let Metrics {
            requests,
            durations,
            in_flight,
            connections,
            handshakes_failed,
            connections_shed,
            database_connections,
            database_waiting,
            audit_backlog,
            policy,
            resident_memory,
            registry,
        } = self;
        registry.register(
            "process_resident_memory_bytes",
            "Memory that the process holds",
            resident_memory.clone(),
        );
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
        registry.register("connections", "Open connections", connections.clone());
        registry.register(
            "tls_handshakes_failed",
            "TLS handshakes that failed",
            handshakes_failed.clone(),
        );
        registry.register(
            "connections_shed",
            "Idle connections closed to make room for new ones",
            connections_shed.clone(),
        );
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

    /// Counts a request as in flight until the answer is dropped.
    pub fn request_started(&self) -> Counted {
        self.in_flight.inc();
        Counted(self.in_flight.clone())
    }

    /// Counts an answer: the interaction's code (`read`, `search-type`, …), HTTP status, and the time it took.
    pub fn request_finished(&self, interaction: &'static str, status: u16, took: Duration) {
        let labels = RequestLabels { interaction, status };
        self.requests.get_or_create(&labels).inc();
        let labels = InteractionLabels { interaction };
        self.durations.get_or_create(&labels).observe(took.as_secs_f64());
    }

    /// Counts a connection of `listener` as open until the answer is dropped.
    pub fn connection_opened(&self, listener: &'static str) -> Counted {
        let gauge = self
            .connections
            .get_or_create(&ListenerLabels { listener })
            .clone();
        gauge.inc();
        Counted(gauge)
    }

    /// Counts a TLS handshake that failed.
    pub fn handshake_failed(&self, listener: &'static str) {
        self.handshakes_failed
            .get_or_create(&ListenerLabels { listener })
            .inc();
    }

    /// Counts an idle connection that had to make room.
    pub fn connection_shed(&self, listener: &'static str) {
        self.connections_shed
            .get_or_create(&ListenerLabels { listener })
            .inc();
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

    /// Everything, as text of type [`CONTENT_TYPE`].
    pub fn encode(&self) -> Result<String, fmt::Error> {
        if let Some(bytes) = resident_memory() {
            self.resident_memory.set(bytes);
        }
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

fn whole(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// The resident memory of this process in bytes, as the kernel counts it (proc(5), VmRSS).
fn resident_memory() -> Option<i64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: i64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
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

    #[test]
    fn resident_memory_is_that_of_a_process() {
        let bytes = resident_memory().unwrap();
        assert!((1 << 20..1 << 34).contains(&bytes), "{bytes}");
    }
}
