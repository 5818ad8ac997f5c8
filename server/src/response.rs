//! Answer → HTTP response.

pub mod encoding;
pub mod headers;
pub mod pretty;

use std::convert::Infallible;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http::{HeaderValue, Response, StatusCode, header};

use crate::budget::Spending;
use crate::exchange::{Answer, AnswerBody, InteractionError, KeptText};
use crate::request::encoding::Encoding;
use crate::request::format::FHIR_JSON;
use pretty::Pretty;

/// Bytes of JSON up to which it is indented as a whole; larger ones are indented as they are sent.
const PRETTY_AT_ONCE: usize = 16 << 10;

/// What of the request shapes the response.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// `HEAD`: all headers, no body.
    pub head: bool,
    /// `_pretty=true`
    pub pretty: bool,
    /// How the client takes the body packed.
    pub encoding: Encoding,
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
        AnswerBody::Kept(kept) if shape.pretty => with_json(response, kept.text().to_owned(), shape),
        AnswerBody::Kept(kept) => with_kept(response, kept, shape),
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
            with_body(response, headers::media_type(&media_type), counted(bytes), shape)
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

fn with_json(mut response: Response<Body>, json: String, shape: Shape) -> Response<Body> {
    let media_type = HeaderValue::from_static(FHIR_JSON);
    let json = counted(json.into_bytes());
    if !shape.pretty {
        return with_body(response, media_type, json, shape);
    }
    if json.len() <= PRETTY_AT_ONCE {
        let pretty = Pretty::new(json).flatten().collect::<BytesMut>().freeze();
        return with_body(response, media_type, pretty, shape);
    }
    response.headers_mut().insert(header::CONTENT_TYPE, media_type);
    if !shape.head {
        let parts = Pretty::new(json).map(Ok::<Bytes, Infallible>);
        *response.body_mut() = Body::from_stream(futures::stream::iter(parts));
    }
    response
}

/// The body of an answer, which counts as held until the client has it.
fn counted(body: Vec<u8>) -> Bytes {
    Bytes::from_owner(Counted {
        body,
        _spending: Spending::current(),
    })
}

struct Counted {
    body: Vec<u8>,
    _spending: Spending,
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.body
    }
}

/// What is kept packed needs no more work; nor a copy.
fn with_kept(mut response: Response<Body>, kept: KeptText, shape: Shape) -> Response<Body> {
    let headers = response.headers_mut();
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    let body = match shape.encoding {
        Encoding::Identity => kept.plain,
        Encoding::Gzip => {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            kept.gzip
        }
    };
    with_body(response, HeaderValue::from_static(FHIR_JSON), body, shape)
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
