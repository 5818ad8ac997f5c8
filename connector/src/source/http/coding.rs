//! The coding of a request's body (<https://www.rfc-editor.org/rfc/rfc9110#field.content-encoding>): none, or gzip.

use std::io::Read;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use flate2::read::MultiGzDecoder;

use super::body::{MAX_BODY, too_large};
use super::problem::Problem;

/// How a body is coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    /// As it is.
    Identity,
    /// `Content-Encoding: gzip`
    Gzip,
}

impl Coding {
    /// As the header Content-Encoding says.
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let written = headers.get_all(header::CONTENT_ENCODING);
        let codings = written
            .iter()
            .flat_map(|value| value.to_str().unwrap_or("unreadable").split(','))
            .map(|coding| coding.trim().to_ascii_lowercase())
            .filter(|coding| !matches!(coding.as_str(), "" | "identity"));
        match codings.collect::<Vec<_>>().as_slice() {
            [] => Ok(Self::Identity),
            [coding] if matches!(coding.as_str(), "gzip" | "x-gzip") => Ok(Self::Gzip),
            _ => {
                let detail = "send messages as they are, or with Content-Encoding: gzip";
                Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail)
                    .with_header(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip")))
            }
        }
    }

    /// The body without its coding, which may make it no larger than any other.
    pub(super) fn decode(self, body: Vec<u8>) -> Result<Vec<u8>, Problem> {
        if self == Self::Identity {
            return Ok(body);
        }
        let mut decoded = Vec::new();
        let most = u64::try_from(MAX_BODY).unwrap_or(u64::MAX).saturating_add(1);
        let read = MultiGzDecoder::new(body.as_slice())
            .take(most)
            .read_to_end(&mut decoded);
        if let Err(error) = read {
            let detail = format!("the request is not gzip as Content-Encoding says: {error}");
            return Err(Problem::new(StatusCode::BAD_REQUEST, detail));
        }
        if decoded.len() > MAX_BODY {
            return Err(too_large());
        }
        Ok(decoded)
    }
}
