//! HTTP answers in JSON.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// An answer whose body is the value as JSON, of the given media type.
pub fn json_answer(status: StatusCode, media_type: &'static str, body: &impl Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(bytes) => {
            let content_type = [(header::CONTENT_TYPE, HeaderValue::from_static(media_type))];
            (status, content_type, bytes).into_response()
        }
        // Nothing that is answered here has maps with keys other than texts, the one thing that JSON refuses.
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}
