//! What listeners count, each by its name.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::metrics::Counted;

/// The counters of a program's listeners; clones count together.
#[derive(Debug, Clone, Default)]
pub struct ListenerMetrics {
    connections: Family<ListenerLabels, Gauge>,
    handshakes_failed: Family<ListenerLabels, Counter>,
    connections_shed: Family<ListenerLabels, Counter>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ListenerLabels {
    listener: &'static str,
}

impl ListenerMetrics {
    /// Counters at zero that `registry` shows.
    pub fn registered(registry: &mut Registry) -> ListenerMetrics {
        let metrics = ListenerMetrics::default();
        registry.register("connections", "Open connections", metrics.connections.clone());
        registry.register(
            "tls_handshakes_failed",
            "TLS handshakes that failed",
            metrics.handshakes_failed.clone(),
        );
        registry.register(
            "connections_shed",
            "Connections without work closed to make room for new ones",
            metrics.connections_shed.clone(),
        );
        metrics
    }

    /// Counts a connection of `listener` as open until the answer is dropped.
    pub(super) fn connection_opened(&self, listener: &'static str) -> Counted {
        Counted::new(&self.connections.get_or_create(&ListenerLabels { listener }))
    }

    /// Counts a TLS handshake that failed.
    pub(super) fn handshake_failed(&self, listener: &'static str) {
        self.handshakes_failed
            .get_or_create(&ListenerLabels { listener })
            .inc();
    }

    /// Counts a connection that had to make room.
    pub(super) fn connection_shed(&self, listener: &'static str) {
        self.connections_shed
            .get_or_create(&ListenerLabels { listener })
            .inc();
    }
}
