//! Is it alive, is it ready, what has it counted: plain HTTP for those who run the program.

use std::fmt;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use tokio_util::sync::CancellationToken;

use crate::metrics;

/// What a program says of itself.
pub trait Probed: Send + Sync + 'static {
    /// Whether requests should be sent here; `Err` says why not.
    fn ready(&self) -> impl Future<Output = Result<(), String>> + Send;

    /// All metrics, as [`metrics::text`] writes them.
    fn metrics(&self) -> Result<String, fmt::Error>;
}

struct Probes<P> {
    probed: Arc<P>,
    ending: CancellationToken,
}

/// `/livez`, `/readyz` and `/metrics`. Once `ending` is cancelled, the program is not ready any more.
pub fn router<P: Probed>(probed: Arc<P>, ending: CancellationToken) -> Router {
    Router::new()
        .route("/livez", get(async || "ok\n"))
        .route("/readyz", get(readyz::<P>))
        .route("/metrics", get(metrics_text::<P>))
        .with_state(Arc::new(Probes { probed, ending }))
}

async fn readyz<P: Probed>(State(probes): State<Arc<Probes<P>>>) -> Response {
    let ready = if probes.ending.is_cancelled() {
        Err("shutting down".to_owned())
    } else {
        probes.probed.ready().await
    };
    match ready {
        Ok(()) => "ok\n".into_response(),
        Err(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n")).into_response(),
    }
}

async fn metrics_text<P: Probed>(State(probes): State<Arc<Probes<P>>>) -> Response {
    match probes.probed.metrics() {
        Ok(text) => ([(CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "failed to write the metrics");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
