//! The RESTful API, <http://hl7.org/fhir/R4/http.html>: carries an HTTP request through the server, from its head to its
//! response. The order of its steps is here and in [`Arrival`]; what each does is elsewhere.
//!
//! It stands above all others: `middleware`, `authentication`, `router`, `request`, `interaction`, `response`.

mod arrival;
mod request;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use futures::FutureExt;
use http::Response;

use self::arrival::Arrival;
use crate::exchange::InteractionError;
use crate::middleware::request_id;
use crate::response;
use crate::state::ServerState;

/// The FHIR service. Whoever accepts connections may give requests axum's `ConnectInfo` of the client's socket address as an
/// extension.
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
    let ids = request_id::of(&parts.headers);
    let arrival = Arrival::new(state.clone(), parts, ids.clone());
    let (interaction, shape) = (arrival.code(), arrival.shape());
    let mut response = AssertUnwindSafe(arrival.answer(body))
        .catch_unwind()
        .await
        .unwrap_or_else(|_panic| {
            let request_id = ids.own.as_str();
            tracing::error!(request_id, interaction, "a request panicked");
            response::of_error(&InteractionError::Fault, shape)
        });
    request_id::insert(&ids, response.headers_mut());
    state
        .metrics
        .request_finished(interaction, response.status().as_u16(), started.elapsed());
    drop(in_flight);
    response
}
