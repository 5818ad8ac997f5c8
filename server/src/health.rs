//! Is it alive, is it ready, what has it counted: plain HTTP for the kubelet and for Prometheus.
//! Ready means: the database takes writes, an access policy is loaded, and the server is not about to end.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;
use http::header::CONTENT_TYPE;

use crate::authorization::PolicyHandle;
use crate::metrics::{self, Metrics};
use crate::storage::Storage;

/// How long the database may take to say that it is ready; probes have a second by default.
const PATIENCE: Duration = Duration::from_millis(800);

/// What readiness depends on.
pub struct Health {
    storage: OnceLock<Storage>,
    policy: Arc<PolicyHandle>,
    metrics: Arc<Metrics>,
    /// What the database said last, for when it is too busy to say anything.
    was_ready: AtomicBool,
    draining: AtomicBool,
}

impl Health {
    /// Not ready yet: without storage.
    pub fn new(policy: Arc<PolicyHandle>, metrics: Arc<Metrics>) -> Health {
        Health {
            storage: OnceLock::new(),
            policy,
            metrics,
            was_ready: AtomicBool::new(false),
            draining: AtomicBool::new(false),
        }
    }

    /// The database is connected.
    pub fn connected(&self, storage: Storage) {
        self.was_ready.store(true, Ordering::Release);
        self.storage.get_or_init(|| storage);
    }

    /// The server is about to end: not ready from now on.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Release);
    }

    /// Whether requests should be sent here; `Err` says why not.
    pub async fn ready(&self) -> Result<(), String> {
        if self.draining.load(Ordering::Acquire) {
            return Err("the server is shutting down".to_owned());
        }
        let storage = self.storage.get().ok_or("the database is not connected yet")?;
        if !self.policy.is_loaded() {
            return Err("no access policy is loaded".to_owned());
        }
        match tokio::time::timeout(PATIENCE, storage.is_ready()).await {
            Ok(answer) => {
                self.was_ready.store(answer.is_ok(), Ordering::Release);
                answer.map_err(|error| error.to_string())
            }
            Err(_elapsed) if self.was_ready.load(Ordering::Acquire) => Ok(()),
            Err(_elapsed) => Err("the database does not answer".to_owned()),
        }
    }

    fn metrics(&self) -> Result<String, std::fmt::Error> {
        if let Some(storage) = self.storage.get() {
            let pool = storage.connections();
            let busy = pool.size.saturating_sub(pool.available);
            self.metrics.set_database_pool(busy, pool.available, pool.waiting);
            self.metrics.set_audit_backlog(storage.audit_backlog());
        }
        self.metrics.set_policy_version(self.policy.current().version());
        self.metrics.encode()
    }
}

/// `/livez`, `/readyz` and `/metrics`.
pub fn router(health: Arc<Health>) -> Router {
    Router::new()
        .route("/livez", get(async || "ok\n"))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics_text))
        .with_state(health)
}

async fn readyz(State(health): State<Arc<Health>>) -> Response {
    match health.ready().await {
        Ok(()) => "ok\n".into_response(),
        Err(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n")).into_response(),
    }
}

async fn metrics_text(State(health): State<Arc<Health>>) -> Response {
    match health.metrics() {
        Ok(text) => ([(CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "failed to write the metrics");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
