//! The headers of responses: `ETag`, `Last-Modified`, `Location`, and those that belong to an error.

use std::fmt::Write as _;

use http::{HeaderMap, HeaderValue, StatusCode, header};
use jiff::Timestamp;

use crate::exchange::{InteractionError, RouteError};
use crate::request::format::FormatError;
use crate::resource::ResourceType;
use crate::storage::StorageError;

/// Seconds after which a client may try again when the server could not serve it.
const RETRY_AFTER: u64 = 2;

/// `W/"3"`
pub fn etag(version: i32) -> HeaderValue {
    value(&format!("W/\"{version}\""))
}

/// `Mon, 23 Nov 2026 08:00:00 GMT`
pub fn http_date(moment: Timestamp) -> HeaderValue {
    value(&moment.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())
}

/// `[base]/Patient/1/_history/3`
pub fn location(base_url: &str, resource_type: ResourceType, id: &str, version: i32) -> HeaderValue {
    let mut text = String::with_capacity(base_url.len() + id.len() + 48);
    // Writing to a String cannot fail.
    write!(text, "{base_url}/{resource_type}/{id}/_history/{version}").ok();
    value(&text)
}

/// The media type of a Binary's content.
pub fn media_type(text: &str) -> HeaderValue {
    HeaderValue::from_str(text)
        .unwrap_or_else(|_invalid| HeaderValue::from_static("application/octet-stream"))
}

/// The headers that the status of `error` asks for.
pub fn insert_for_error(error: &InteractionError, headers: &mut HeaderMap) {
    match error {
        InteractionError::Route(RouteError::MethodNotAllowed { allowed, .. }) => {
            headers.insert(header::ALLOW, value(&allowed.join(", ")));
        }
        InteractionError::Storage(StorageError::DoesNotExist { .. }) => {
            headers.insert(header::ALLOW, HeaderValue::from_static("GET, HEAD, DELETE"));
        }
        InteractionError::Format(FormatError::UnsupportedEncoding(_)) => {
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        }
        InteractionError::Unauthenticated(error) => {
            headers.insert(header::WWW_AUTHENTICATE, value(&error.www_authenticate()));
        }
        InteractionError::Gone { version, .. } => {
            headers.insert(header::ETAG, etag(*version));
        }
        error if error.status() == StatusCode::SERVICE_UNAVAILABLE => {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER));
        }
        _ => {}
    }
}

/// All of our values are visible ASCII but for a base URL that was configured otherwise; such a one is left out.
fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or_else(|_invalid| HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn are_written_as_http_has_them() {
        assert_eq!(etag(3), "W/\"3\"");
        assert_eq!(
            http_date("1994-11-06T08:49:37.9Z".parse().unwrap()),
            "Sun, 06 Nov 1994 08:49:37 GMT"
        );
        let patient = ResourceType::parse("Patient").unwrap();
        assert_eq!(
            location("http://h", patient, "a", 2),
            "http://h/Patient/a/_history/2"
        );
    }
}
