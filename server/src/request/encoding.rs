//! How bodies are packed: `Content-Encoding` of what clients send, `Accept-Encoding` of what they take. gzip, or nothing.
//! <https://www.rfc-editor.org/rfc/rfc9110#section-8.4>

use bytes::Bytes;
use http::{HeaderMap, header};

use super::body::BodyError;
use super::format::FormatError;
use crate::budget::{BudgetError, Spending};
use crate::compression::{self, UnpackError};
use crate::long_work::LARGE;

/// Bytes, packed, up to which unpacking is tried at once: it takes less than to have another thread do it.
const SMALL: usize = 64 << 10;

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
        if body.len() <= SMALL {
            match unpack(&body, limit.min(LARGE), spending) {
                // A little has become much.
                Err(BodyError::TooLarge { .. }) if limit > LARGE => {}
                unpacked => return unpacked,
            }
        }
        let turn = spending.turn_to_unpack().await?;
        let spending = spending.clone();
        let unpacking = tokio::task::spawn_blocking(move || {
            // Also when the client has gone meanwhile.
            let _turn = turn;
            unpack(&body, limit, &spending)
        });
        match unpacking.await {
            Ok(unpacked) => unpacked,
            Err(error) => Err(BodyError::NotGzip(error.to_string())),
        }
    }
}

/// What `packed` holds, at most `limit` bytes; each part is held before it is kept, and none of them if there is no whole.
fn unpack(packed: &[u8], limit: usize, spending: &Spending) -> Result<Bytes, BodyError> {
    let (mut held, mut refused) = (0, BudgetError::Busy);
    let room = |bytes: usize| {
        // A buffer that grows is twice in memory when it does.
        let bytes = 2 * bytes;
        match spending.hold(bytes) {
            Ok(()) => held += bytes,
            Err(error) => {
                refused = error;
                return false;
            }
        }
        true
    };
    let unpacked = compression::unpack(packed, limit, room);
    unpacked.map(Bytes::from).map_err(|error| {
        spending.release(held);
        match error {
            UnpackError::TooLarge => BodyError::TooLarge { limit },
            UnpackError::NoRoom => refused.into(),
            UnpackError::Broken(reason) => BodyError::NotGzip(reason),
        }
    })
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
    use crate::budget::Budget;
    use crate::compression::Effort;

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

    #[tokio::test]
    async fn little_and_much_is_unpacked_and_what_is_refused_holds_nothing() {
        let budget = Budget::of(64 << 20);
        for length in [0, 1000, LARGE, LARGE + 1, 5 << 20] {
            let plain = vec![b'a'; length];
            let packed: Bytes = compression::pack(&plain, Effort::Little).into();
            let spending = budget.count("a");
            let unpacked = Encoding::Gzip.unpacked(packed.clone(), length, &spending).await;
            assert_eq!(unpacked.unwrap(), plain);
            assert_eq!(budget.held(), 2 * length);
            drop(spending);
            let refused = Encoding::Gzip
                .unpacked(packed, length.saturating_sub(1), &budget.count("a"))
                .await;
            assert_eq!(refused.is_err(), length > 0, "{length}");
            assert_eq!(budget.held(), 0);
        }
    }

    #[tokio::test]
    async fn what_there_is_no_memory_for_is_given_up_at_once() {
        let budget = Budget::of(64 << 20);
        let spending = budget.count("a");
        let packed = compression::pack(&vec![b'a'; 40 << 20], Effort::Much);
        let refused = Encoding::Gzip.unpacked(packed.into(), 64 << 20, &spending).await;
        assert!(
            matches!(refused, Err(BodyError::Budget(BudgetError::TooMuch))),
            "{refused:?}"
        );
        assert_eq!(budget.held(), 0);
    }
}
