//! The ids of a request: one of the server's own, which nobody else can choose and which stands in the answer as
//! `X-Request-Id`, in the log and in the audit trail; and the client's, when it sends a sensible one, which the answer has as
//! `X-Correlation-Id` and the audit trail keeps beside ours. <http://hl7.org/fhir/R4/http.html#custom>

use http::{HeaderMap, HeaderName, HeaderValue};

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const X_CORRELATION_ID: HeaderName = HeaderName::from_static("x-correlation-id");
const LONGEST: usize = 128;

/// The ids of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestIds {
    /// The one that the server made.
    pub own: String,
    /// The client's `X-Request-Id`.
    pub client: Option<String>,
}

/// A new id, and the one in `headers`.
pub fn of(headers: &HeaderMap) -> RequestIds {
    let client = headers
        .get(X_REQUEST_ID)
        .and_then(|value| value.to_str().ok())
        .filter(|text| {
            (1..=LONGEST).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
        });
    RequestIds {
        own: uuid::Uuid::new_v4().to_string(),
        client: client.map(str::to_owned),
    }
}

/// Puts the ids into the headers of a response.
pub fn insert(ids: &RequestIds, headers: &mut HeaderMap) {
    let mut insert = |name, id: &str| {
        if let Ok(value) = HeaderValue::from_str(id) {
            headers.insert(name, value);
        }
    };
    insert(X_REQUEST_ID, &ids.own);
    if let Some(client) = &ids.client {
        insert(X_CORRELATION_ID, client);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(text: &str) -> RequestIds {
        let mut headers = HeaderMap::new();
        headers.insert("x-request-id", text.parse().unwrap());
        of(&headers)
    }

    #[test]
    fn the_clients_id_is_kept_beside_our_own() {
        let (one, other) = (ids("abc-123"), ids("abc-123"));
        assert_eq!(one.client.as_deref(), Some("abc-123"));
        assert_ne!(one.own, other.own);
        let mut answer = HeaderMap::new();
        insert(&one, &mut answer);
        assert_eq!(answer["x-request-id"], one.own);
        assert_eq!(answer["x-correlation-id"], "abc-123");
    }

    #[test]
    fn a_senseless_id_is_left_out() {
        for senseless in ["", "a b", "x".repeat(129).as_str()] {
            assert_eq!(ids(senseless).client, None, "{senseless}");
        }
        assert_eq!(of(&HeaderMap::new()).own.len(), 36);
    }
}
