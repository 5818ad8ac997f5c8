//! Is it alive, is it ready, what has it counted: plain HTTP for those who run the program.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use tokio::sync::Mutex;
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
    ready: Together<Result<(), String>>,
    metrics: Together<Option<Bytes>>,
}

/// An answer that those share who ask at one time, so that many who ask cost no more than two.
struct Together<T>(Mutex<Option<(Instant, T)>>);

impl<T> Default for Together<T> {
    fn default() -> Self {
        Together(Mutex::new(None))
    }
}

impl<T: Clone> Together<T> {
    /// An answer that was begun after this was called.
    async fn ask(&self, answer: impl Future<Output = T>) -> T {
        let asked = Instant::now();
        let mut last = self.0.lock().await;
        if let Some((begun, answer)) = &*last
            && *begun > asked
        {
            return answer.clone();
        }
        let begun = Instant::now();
        let answer = answer.await;
        *last = Some((begun, answer.clone()));
        answer
    }
}

/// `/livez`, `/readyz` and `/metrics`. Once `ending` is cancelled, the program is not ready any more.
pub fn router<P: Probed>(probed: Arc<P>, ending: CancellationToken) -> Router {
    Router::new()
        .route("/livez", get(async || "ok\n"))
        .route("/readyz", get(readyz::<P>))
        .route("/metrics", get(metrics_text::<P>))
        .with_state(Arc::new(Probes {
            probed,
            ending,
            ready: Together::default(),
            metrics: Together::default(),
        }))
}

async fn readyz<P: Probed>(State(probes): State<Arc<Probes<P>>>) -> Response {
    let ready = if probes.ending.is_cancelled() {
        Err("shutting down".to_owned())
    } else {
        probes.ready.ask(probes.probed.ready()).await
    };
    match ready {
        Ok(()) => "ok\n".into_response(),
        Err(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n")).into_response(),
    }
}

async fn metrics_text<P: Probed>(State(probes): State<Arc<Probes<P>>>) -> Response {
    let text = async {
        let text = probes.probed.metrics();
        text.inspect_err(|error| tracing::error!(%error, "failed to write the metrics"))
            .ok()
            .map(Bytes::from)
    };
    match probes.metrics.ask(text).await {
        Some(text) => ([(CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response(),
        None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn who_asks_at_one_time_is_answered_together_and_never_from_before() {
        let (together, computed) = (Together::default(), AtomicUsize::new(0));
        let answer = async || {
            tokio::task::yield_now().await;
            computed.fetch_add(1, Ordering::Relaxed)
        };
        let asked = (0..100).map(|_| together.ask(answer()));
        let answers = futures::future::join_all(asked).await;
        assert_eq!(answers[0], 0);
        assert!(answers[1..].iter().all(|answer| *answer == 1), "{answers:?}");
        assert_eq!(together.ask(answer()).await, 2);
    }
}
