//! Takes policies from the operator. Only a client with the right certificate gets here, so there is nothing to ask.
//!
//! `PUT /access` puts a policy document in force and answers the version that is enforced from then on;
//! `GET /access/version` answers it at any time.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use brazier_access::policy::{Origin, PolicyHandle};
use bytes::Bytes;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde_json::{Value, json};

/// A policy document is a few times smaller even where every assignment of a large cluster is for one service.
const MAX_DOCUMENT: usize = 8 << 20;

/// What the admin listener serves.
pub fn router(policy: Arc<PolicyHandle>) -> Router {
    Router::new()
        .route("/access", put(replace))
        .route("/access/version", get(version))
        .layer(DefaultBodyLimit::max(MAX_DOCUMENT))
        .with_state(policy)
}

async fn replace(State(policy): State<Arc<PolicyHandle>>, document: Bytes) -> Response {
    match policy.replace(&document, Origin::Push) {
        Ok(version) => answer(StatusCode::OK, &json!({ "version": version })),
        Err(error) => {
            tracing::warn!(%error, "a pushed access policy was refused");
            answer(StatusCode::BAD_REQUEST, &json!({ "error": error.to_string() }))
        }
    }
}

async fn version(State(policy): State<Arc<PolicyHandle>>) -> Response {
    answer(StatusCode::OK, &json!({ "version": policy.current().version() }))
}

fn answer(status: StatusCode, body: &Value) -> Response {
    (status, [(CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}
