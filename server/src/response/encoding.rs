//! Packs answers for clients that take gzip, where it pays: JSON, and not small. <https://www.rfc-editor.org/rfc/rfc9110#section-8.4>

use axum::body::{Body, HttpBody};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, header};
use http_body_util::BodyExt;

use super::{Shape, counted};
use crate::compression::{Effort, pack};
use crate::request::encoding::Encoding;
use crate::request::format::FHIR_JSON;

/// Bytes from which on it pays: what is smaller is on its way sooner than it is packed.
const SMALLEST: usize = 8 << 10;

/// Bytes from which on packing leaves the threads that serve other requests.
const LARGE: usize = 256 << 10;

const GZIP: HeaderValue = HeaderValue::from_static("gzip");

/// The response with its body packed, if that pays and the client takes it.
pub async fn packed(response: Response<Body>, shape: Shape) -> Response<Body> {
    let (mut parts, body) = response.into_parts();
    let is_json = parts
        .headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|held| held == FHIR_JSON);
    let size = length(&parts.headers, &body);
    if !is_json || size < SMALLEST || parts.headers.contains_key(header::CONTENT_ENCODING) {
        return Response::from_parts(parts, body);
    }
    // Also where it is not packed: a cache must know that it could have been.
    parts
        .headers
        .insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    // A HEAD is told of the plain form: to know how long it would be packed would cost as much as a GET.
    if shape.encoding == Encoding::Identity || shape.head {
        return Response::from_parts(parts, body);
    }
    parts.headers.remove(header::CONTENT_LENGTH);
    let plain = match body.collect().await {
        Ok(collected) => collected.to_bytes(),
        // A body that is there has nothing to fail at.
        Err(_never) => Bytes::new(),
    };
    let body = match packed_bytes(plain.clone()).await {
        Some(packed) => {
            parts.headers.insert(header::CONTENT_ENCODING, GZIP);
            packed
        }
        None => plain,
    };
    Response::from_parts(parts, Body::from(body))
}

/// What is packed is held in place of what was not.
async fn packed_bytes(plain: Bytes) -> Option<Bytes> {
    if plain.len() < LARGE {
        return Some(counted(pack(&plain, Effort::Little)));
    }
    let packing = tokio::task::spawn_blocking(move || pack(&plain, Effort::Little));
    packing.await.ok().map(counted)
}

/// The length of a body that is there as a whole; 0 for one that comes in pieces. That of a HEAD stands in its header.
fn length(headers: &HeaderMap, body: &Body) -> usize {
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse().ok());
    let exact = HttpBody::size_hint(body).exact();
    announced
        .or_else(|| usize::try_from(exact?).ok())
        .unwrap_or_default()
}
