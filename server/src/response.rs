//! Answer → HTTP response.

pub mod headers;
pub mod pretty;

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};

use crate::exchange::{Answer, AnswerBody, InteractionError};
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
            if answer.status != StatusCode::CREATED {
                headers.insert(header::CONTENT_LOCATION, location.clone());
            }
            headers.insert(header::LOCATION, location);
        }
    }
    match answer.body {
        AnswerBody::Nothing => response,
        AnswerBody::Resource(json) | AnswerBody::Outcome(json) => with_json(response, json, shape),
        AnswerBody::Content { media_type, bytes } => {
            // What clients have stored is shown as what they called it, and as nothing else; scripts in it do not run.
            let headers = response.headers_mut();
            headers.insert(
                header::CONTENT_SECURITY_POLICY,
                HeaderValue::from_static("sandbox"),
            );
            headers.insert(
                header::X_CONTENT_TYPE_OPTIONS,
                HeaderValue::from_static("nosniff"),
            );
            with_body(response, headers::media_type(&media_type), bytes.into(), shape)
        }
    }
}

/// The response to a request that was not carried out.
pub fn of_error(error: &InteractionError, shape: Shape) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = error.status();
    headers::insert_for_error(error, response.headers_mut());
    with_json(response, error.outcome(), shape)
}

fn with_json(response: Response<Body>, json: String, shape: Shape) -> Response<Body> {
    let json = if shape.pretty { pretty::print(&json) } else { json };
    with_body(response, HeaderValue::from_static(FHIR_JSON), json.into(), shape)
}

fn with_body(
    mut response: Response<Body>,
    media_type: HeaderValue,
    body: Bytes,
    shape: Shape,
) -> Response<Body> {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, media_type);
    if shape.head {
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    } else {
        *response.body_mut() = Body::from(body);
    }
    response
}
