//! What lies around every interaction, outermost first: the request's id and the count of requests; the net that
//! catches a panic; then the exchange itself: who asks, what for, and within what time it must be done.

mod base_url;
mod exchange;
mod request_id;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use futures::FutureExt;
use http::{HeaderName, HeaderValue, Response};

pub use self::base_url::Scheme;
use self::exchange::Exchange;
use crate::interaction::InteractionError;
use crate::response;
use crate::state::ServerState;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The FHIR service. Whoever accepts connections may give requests a [`Scheme`] and axum's `ConnectInfo` of the
/// client's socket address as extensions.
pub fn service(state: Arc<ServerState>) -> Router {
    Router::new().fallback(move |request: axum::extract::Request| {
        let state = state.clone();
        async move { serve(state, request).await }
    })
}

async fn serve(state: Arc<ServerState>, request: axum::extract::Request) -> Response<Body> {
    let started = Instant::now();
    let in_flight = state.metrics.request_started();
    let (parts, body) = request.into_parts();
    let request_id = request_id::of(&parts.headers);
    let exchange = Exchange::new(state.clone(), parts, request_id.clone());
    let (interaction, shape) = (exchange.code(), exchange.shape());
    let mut response = AssertUnwindSafe(exchange.answer(body))
        .catch_unwind()
        .await
        .unwrap_or_else(|_panic| {
            tracing::error!(request_id, interaction, "a request panicked");
            response::of_error(&InteractionError::Fault, shape)
        });
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert(X_REQUEST_ID, value);
    }
    state
        .metrics
        .request_finished(interaction, response.status().as_u16(), started.elapsed());
    drop(in_flight);
    response
}
