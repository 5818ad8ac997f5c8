//! What is counted: messages, Observations and failures. No label comes from a message.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use brazier_service::listen::ListenerMetrics;
use brazier_service::metrics;
use jiff::Timestamp;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

use crate::acknowledgement::{Failure, MessageAnswer};
use crate::write::observation::Outcome;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FailureLabels {
    cause: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StoredLabels {
    destination: String,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    status: u16,
}

/// All counters of the program.
pub struct Metrics {
    registry: Registry,
    listeners: ListenerMetrics,
    messages: Counter,
    measurements: Counter,
    failures: Family<FailureLabels, Counter>,
    warnings: Family<FailureLabels, Counter>,
    stored: Family<StoredLabels, Counter>,
    requests: Family<RequestLabels, Counter>,
    rejected: AtomicU64,
    last_message: AtomicI64,
}

impl Metrics {
    /// Everything at zero.
    pub fn new() -> Self {
        let mut registry = metrics::registry();
        let own = registry.sub_registry_with_prefix("brazier_connector");
        let (messages, measurements) = (Counter::default(), Counter::default());
        let (failures, warnings) = (Family::default(), Family::default());
        let (stored, requests) = (Family::default(), Family::default());
        own.register("messages", "Device messages acknowledged", messages.clone());
        own.register(
            "measurements",
            "Measurements found in acknowledged messages",
            measurements.clone(),
        );
        own.register(
            "failures",
            "Parts of messages that were not stored, by cause",
            failures.clone(),
        );
        own.register(
            "warnings",
            "Messages that no template matches, and values that the FHIR mapping does not know, by cause",
            warnings.clone(),
        );
        own.register(
            "observations",
            "Writes of Observations, by destination and outcome",
            stored.clone(),
        );
        own.register(
            "requests",
            "Requests to the HTTP source, by status",
            requests.clone(),
        );
        let listeners = ListenerMetrics::registered(own);
        let (rejected, last_message) = (AtomicU64::new(0), AtomicI64::new(i64::MIN));
        Self {
            registry,
            listeners,
            messages,
            measurements,
            failures,
            warnings,
            stored,
            requests,
            rejected,
            last_message,
        }
    }

    /// Something was not stored.
    fn failed(&self, failure: Failure) {
        self.failures
            .get_or_create(&FailureLabels {
                cause: failure.name(),
            })
            .inc();
        self.rejected.fetch_add(1, Ordering::Relaxed);
    }

    /// A group is stored.
    pub fn stored(&self, destination: &str, outcome: Outcome) {
        let labels = StoredLabels {
            destination: destination.to_owned(),
            outcome: outcome.name(),
        };
        self.stored.get_or_create(&labels).inc();
    }

    /// Messages may be acknowledged.
    pub fn acknowledged(&self, answers: &[MessageAnswer]) {
        for error in answers.iter().flat_map(|answer| &answer.errors) {
            self.failed(error.failure);
        }
        for warning in answers.iter().flat_map(|answer| &answer.warnings) {
            let cause = warning.silence.name();
            self.warnings.get_or_create(&FailureLabels { cause }).inc();
        }
        self.messages
            .inc_by(u64::try_from(answers.len()).unwrap_or(u64::MAX));
        let measurements: usize = answers.iter().map(|answer| answer.measurements).sum();
        self.measurements
            .inc_by(u64::try_from(measurements).unwrap_or(u64::MAX));
        self.last_message
            .store(Timestamp::now().as_millisecond(), Ordering::Relaxed);
    }

    /// A request to the source was answered.
    pub fn answered(&self, status: u16) {
        self.requests.get_or_create(&RequestLabels { status }).inc();
    }

    /// Messages acknowledged since the start.
    pub fn processed(&self) -> u64 {
        self.messages.get()
    }

    /// Parts of messages that were not stored since the start.
    pub fn rejected(&self) -> u64 {
        self.rejected.load(Ordering::Relaxed)
    }

    /// When the last message was acknowledged.
    pub fn last_message(&self) -> Option<Timestamp> {
        Timestamp::from_millisecond(self.last_message.load(Ordering::Relaxed)).ok()
    }

    /// What listeners count.
    pub fn listeners(&self) -> ListenerMetrics {
        self.listeners.clone()
    }

    /// All counters, as [`metrics::text`] writes them.
    pub fn text(&self) -> Result<String, std::fmt::Error> {
        metrics::text(&self.registry)
    }
}
