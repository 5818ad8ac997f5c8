//! Refusals as problem details (<https://www.rfc-editor.org/rfc/rfc9457>).

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::json_answer::json_answer;

/// A refusal: its status, what is wrong, and a header that some statuses need.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) status: StatusCode,
    pub(super) detail: String,
    pub(super) header: Option<(header::HeaderName, HeaderValue)>,
}

#[derive(Serialize)]
struct Body<'p> {
    title: &'p str,
    status: u16,
    detail: &'p str,
}

impl Problem {
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            status,
            detail: detail.into(),
            header: None,
        }
    }

    pub(super) fn with_header(self, name: header::HeaderName, value: HeaderValue) -> Self {
        Self {
            header: Some((name, value)),
            ..self
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let title = self.status.canonical_reason().unwrap_or("error");
        let body = Body {
            title,
            status: self.status.as_u16(),
            detail: &self.detail,
        };
        let mut response = json_answer(self.status, "application/problem+json", &body);
        if let Some((name, value)) = self.header {
            response.headers_mut().insert(name, value);
        }
        response
    }
}
