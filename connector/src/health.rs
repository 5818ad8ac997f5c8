//! Probes, metrics and status on their own port, for the kubelet, Prometheus and the operator.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Serialize;
use tokio::sync::watch;

use crate::fhir_service::FhirService;
use crate::fhir_service::client::FhirClient;
use crate::json_answer::json_answer;
use crate::mapping::in_service::{MappingFiles, MappingProblem};
use crate::metrics::Metrics;

/// How often a destination is asked whether it is there.
const INTERVAL: Duration = Duration::from_secs(10);
/// The same while it is not.
const INTERVAL_WHILE_ABSENT: Duration = Duration::from_secs(1);

/// How the connector is.
pub struct Health {
    mappings: Arc<MappingFiles>,
    metrics: Arc<Metrics>,
    destinations: Vec<(Arc<FhirClient>, AtomicBool)>,
    connected: watch::Receiver<bool>,
    draining: AtomicBool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    mapping_valid: bool,
    mapping_error: Option<MappingProblem>,
    source_connected: bool,
    destination_ready: bool,
    processed: u64,
    rejected: u64,
    last_message_time: Option<jiff::Timestamp>,
}

impl Health {
    /// Not ready yet. `connected` says whether the source takes messages.
    pub fn new(
        mappings: Arc<MappingFiles>,
        metrics: Arc<Metrics>,
        destinations: Vec<Arc<FhirClient>>,
        connected: watch::Receiver<bool>,
    ) -> Self {
        let destinations = destinations
            .into_iter()
            .map(|destination| (destination, AtomicBool::new(false)))
            .collect();
        Self {
            mappings,
            metrics,
            destinations,
            connected,
            draining: AtomicBool::new(false),
        }
    }

    /// No new messages are wanted.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Asks the destinations from time to time.
    pub async fn follow_destinations(&self) {
        let probes = self
            .destinations
            .iter()
            .map(|(destination, ready)| follow(destination, ready));
        futures::future::join_all(probes).await;
    }

    fn ready(&self) -> bool {
        let mapped = self.mappings.in_service().is_some();
        mapped && self.connected()
    }

    fn connected(&self) -> bool {
        *self.connected.borrow() && !self.draining.load(Ordering::Relaxed)
    }

    fn status(&self) -> Status {
        let mapping_error = self.mappings.problem();
        Status {
            mapping_valid: mapping_error.is_none(),
            mapping_error,
            source_connected: self.connected(),
            destination_ready: self
                .destinations
                .iter()
                .all(|(_, ready)| ready.load(Ordering::Relaxed)),
            processed: self.metrics.processed(),
            rejected: self.metrics.rejected(),
            last_message_time: self.metrics.last_message(),
        }
    }
}

async fn follow(destination: &FhirClient, ready: &AtomicBool) {
    loop {
        let answer = destination.ping().await;
        let was_ready = ready.swap(answer.is_ok(), Ordering::Relaxed);
        match answer {
            Ok(()) if !was_ready => {
                tracing::info!(destination = destination.name(), "the FHIR service answers")
            }
            Err(error) if was_ready => tracing::warn!(%error, "the FHIR service does not answer"),
            _ => {}
        }
        tokio::time::sleep(if ready.load(Ordering::Relaxed) {
            INTERVAL
        } else {
            INTERVAL_WHILE_ABSENT
        })
        .await;
    }
}

/// `/livez`, `/readyz`, `/metrics` and `/status`.
pub fn router(health: Arc<Health>) -> Router {
    Router::new()
        .route("/livez", get(|| async { "ok" }))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .route("/status", get(status))
        .with_state(health)
}

async fn status(State(health): State<Arc<Health>>) -> Response {
    json_answer(StatusCode::OK, "application/json", &health.status())
}

async fn readyz(State(health): State<Arc<Health>>) -> Response {
    if health.ready() {
        (StatusCode::OK, "ok").into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "not ready; see /status").into_response()
    }
}

async fn metrics(State(health): State<Arc<Health>>) -> Response {
    let content_type = [(
        header::CONTENT_TYPE,
        "application/openmetrics-text; version=1.0.0; charset=utf-8",
    )];
    match health.metrics.text() {
        Ok(text) => (content_type, text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}
