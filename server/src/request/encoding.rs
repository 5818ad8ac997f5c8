//! How bodies are packed: `Content-Encoding` of what clients send, `Accept-Encoding` of what they take. gzip, or nothing.
//! <https://www.rfc-editor.org/rfc/rfc9110#section-8.4>

use bytes::Bytes;
use http::{HeaderMap, header};

use super::body::BodyError;
use super::format::FormatError;
use crate::budget::{BudgetError, Spending};
use crate::compression::{self, UnpackError};

/// How a body is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// As it is.
    Identity,
    /// `gzip`
    Gzip,
}

impl Encoding {
    /// What `Content-Encoding` says of the body.
    ///
    /// # Errors
    /// [`FormatError::UnsupportedEncoding`].
    pub fn of_body(headers: &HeaderMap) -> Result<Encoding, FormatError> {
        let mut values = headers.get_all(header::CONTENT_ENCODING).iter();
        let Some(value) = values.next() else {
            return Ok(Encoding::Identity);
        };
        let text = String::from_utf8_lossy(value.as_bytes());
        let name = text.trim();
        match values.next() {
            None if name.is_empty() || name.eq_ignore_ascii_case("identity") => Ok(Encoding::Identity),
            None if is_gzip(name) => Ok(Encoding::Gzip),
            _ => Err(FormatError::UnsupportedEncoding(text.into_owned())),
        }
    }

    /// What the client takes, by `Accept-Encoding`; gzip only when it is named, or `*`.
    pub fn of_answer(headers: &HeaderMap) -> Encoding {
        let takes = headers
            .get_all(header::ACCEPT_ENCODING)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(|part| part.split_once(';').unwrap_or((part, "")))
            .find(|(name, _)| is_gzip(name.trim()) || name.trim() == "*")
            .is_some_and(|(_, parameters)| !is_refused(parameters));
        if takes { Encoding::Gzip } else { Encoding::Identity }
    }

    /// `body` as it was before it was packed; at most `limit` bytes, which are counted as they come.
    ///
    /// # Errors
    /// When it is not packed so, would be larger, or there is no memory for it.
    pub async fn unpacked(self, body: Bytes, limit: usize, spending: &Spending) -> Result<Bytes, BodyError> {
        if self == Encoding::Identity || body.is_empty() {
            return Ok(body);
        }
        let spending = spending.clone();
        let mut refused = None;
        // A buffer that grows is twice in memory when it does.
        let unpack = move || {
            let room = |bytes: usize| {
                spending
                    .hold(2 * bytes)
                    .map_err(|error| refused = Some(error))
                    .is_ok()
            };
            let unpacked = compression::unpack(&body, limit, room);
            unpacked.map_err(|error| (error, refused))
        };
        // A little may become much.
        match tokio::task::spawn_blocking(unpack).await {
            Ok(Ok(plain)) => Ok(plain.into()),
            Ok(Err((UnpackError::TooLarge, _))) => Err(BodyError::TooLarge { limit }),
            Ok(Err((UnpackError::NoRoom, refused))) => Err(refused.unwrap_or(BudgetError::Busy).into()),
            Ok(Err((UnpackError::Broken(reason), _))) => Err(BodyError::NotGzip(reason)),
            Err(error) => Err(BodyError::NotGzip(error.to_string())),
        }
    }
}

fn is_gzip(name: &str) -> bool {
    name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip")
}

fn is_refused(parameters: &str) -> bool {
    let quality = parameters.trim().strip_prefix("q=");
    quality.is_some_and(|quality| quality.trim().parse::<f32>().is_ok_and(|quality| quality <= 0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, value: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, http::HeaderValue::from_static(value));
        headers
    }

    #[test]
    fn gzip_is_taken_and_given_where_it_is_named() {
        for value in ["gzip", "x-gzip", " GZIP "] {
            let found = Encoding::of_body(&headers("content-encoding", value));
            assert_eq!(found, Ok(Encoding::Gzip), "{value}");
        }
        for value in ["", "identity"] {
            let found = Encoding::of_body(&headers("content-encoding", value));
            assert_eq!(found, Ok(Encoding::Identity), "{value}");
        }
        for value in ["br", "deflate", "gzip, gzip"] {
            let found = Encoding::of_body(&headers("content-encoding", value));
            assert_eq!(
                found,
                Err(FormatError::UnsupportedEncoding(value.to_owned())),
                "{value}"
            );
        }
        for value in ["gzip", "deflate, gzip;q=1.0, *;q=0.5", "br, *", "gzip; q=0.1"] {
            let found = Encoding::of_answer(&headers("accept-encoding", value));
            assert_eq!(found, Encoding::Gzip, "{value}");
        }
        for value in [
            "",
            "identity",
            "br, deflate",
            "gzip;q=0",
            "gzip; q=0.0, br",
            "*;q=0",
        ] {
            let found = Encoding::of_answer(&headers("accept-encoding", value));
            assert_eq!(found, Encoding::Identity, "{value}");
        }
        assert_eq!(Encoding::of_answer(&HeaderMap::new()), Encoding::Identity);
    }
}
