//! Answer → HTTP response.

pub mod headers;
pub mod pretty;

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};

use crate::interaction::{Answer, AnswerBody, InteractionError};
use crate::operation_outcome;
use crate::request::format::FHIR_JSON;

/// What of the request shapes the response.
#[derive(Debug, Clone, Copy, Default)]
pub struct Shape {
    /// `HEAD`: all headers, no body.
    pub head: bool,
    /// `_pretty=true`
    pub pretty: bool,
}

/// The response to a request that was carried out.
pub fn of_answer(answer: Answer, base_url: &str, shape: Shape) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = answer.status;
    let headers = response.headers_mut();
    if let Some((version, last_updated)) = answer.version {
        headers.insert(header::ETAG, headers::etag(version));
        headers.insert(header::LAST_MODIFIED, headers::http_date(last_updated));
        if let Some((resource_type, id)) = &answer.written {
            let location = headers::location(base_url, *resource_type, id, version);
            // From Location a client learns what was made, or, when nothing was written, found in its place.
            let is_new = answer.status == StatusCode::CREATED || !answer.recorded;
            let name = if is_new {
                header::LOCATION
            } else {
                header::CONTENT_LOCATION
            };
            headers.insert(name, location);
        }
    }
    match answer.body {
        AnswerBody::Nothing => response,
        AnswerBody::Resource(json) | AnswerBody::Outcome(json) => with_body(response, json, shape),
    }
}

/// The response to a request that was not carried out.
pub fn of_error(error: &InteractionError, shape: Shape) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = operation_outcome::status(error);
    headers::insert_for_error(error, response.headers_mut());
    with_body(response, operation_outcome::of_error(error), shape)
}

fn with_body(mut response: Response<Body>, json: String, shape: Shape) -> Response<Body> {
    let json = if shape.pretty { pretty::print(&json) } else { json };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(FHIR_JSON));
    if shape.head {
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(json.len()));
    } else {
        *response.body_mut() = Body::from(Bytes::from(json));
    }
    response
}
