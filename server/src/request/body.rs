//! Receiving a body: not more than the limit, packed or not. How long a client may take is the listener's to say.

use std::error::Error;

use axum::body::Body;
use brazier_service::listen::ArrivingError;
use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::encoding::Encoding;
use crate::budget::{BudgetError, Spending};
use crate::long_work::beside_others;
use crate::resource::weight;

/// Why there is no body.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// 413
    #[error(
        "the body is larger than {limit} bytes, which is the most that this server takes; send it in parts"
    )]
    TooLarge {
        /// Largest body that is taken, in bytes.
        limit: usize,
    },
    /// 408
    #[error("the body did not arrive in time")]
    TooSlow,
    /// 400
    #[error("the body could not be received: {0}")]
    Broken(String),
    /// 413 or 503
    #[error(transparent)]
    Budget(#[from] BudgetError),
    /// 400
    #[error("the body is not gzip, as Content-Encoding says it is: {0}")]
    NotGzip(String),
}

/// In how many forms a body is in memory at one time beside its tree.
const FORMS: usize = 6;

/// The whole body, of `limit` bytes at most, unpacked as `encoding` says. Its bytes are counted as they come, and what will be made of them before anything is.
///
/// # Errors
/// [`BodyError`]; a body whose length is announced as too large is not read at all.
pub async fn receive(
    headers: &HeaderMap,
    encoding: Encoding,
    body: Body,
    limit: usize,
) -> Result<Bytes, BodyError> {
    let announced = headers
        .get(http::header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok())
        .map(|length| usize::try_from(length).unwrap_or(usize::MAX));
    if announced.is_some_and(|length| length > limit) {
        return Err(BodyError::TooLarge { limit });
    }
    let spending = Spending::current();
    if let Some(length) = announced {
        spending.hold_soon(length).await?;
    }
    let collected = collect(Limited::new(body, limit), announced, &spending).await;
    let body = collected.map_err(|error| match error {
        Interruption::Budget(error) => BodyError::Budget(error),
        Interruption::Body(error) if error.downcast_ref::<LengthLimitError>().is_some() => {
            BodyError::TooLarge { limit }
        }
        Interruption::Body(error) if is_late(error.as_ref()) => BodyError::TooSlow,
        Interruption::Body(error) => BodyError::Broken(error.to_string()),
    })?;
    let body = encoding.unpacked(body, limit, &spending).await?;
    spending.work(worked_with(&body)).await?;
    Ok(body)
}

/// The bytes of memory that it takes to carry out a request with this body: as a tree, and, one after the other, as text to be
/// stored, compressed, indexed, on its way to the database, and as an answer.
fn worked_with(body: &[u8]) -> usize {
    let tree = beside_others(body.len(), || weight::of_text(body));
    tree.saturating_add(body.len().saturating_mul(FORMS))
}

/// Why a body does not come to its end.
enum Interruption {
    Budget(BudgetError),
    Body(Box<dyn Error + Send + Sync>),
}

/// The parts of `body` as one. What was not announced is counted as it comes.
async fn collect(
    mut body: Limited<Body>,
    announced: Option<usize>,
    spending: &Spending,
) -> Result<Bytes, Interruption> {
    let mut whole = Bytes::new();
    let mut growing = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(part) = frame.map_err(Interruption::Body)?.into_data() else {
            continue;
        };
        if announced.is_none() {
            // A buffer that grows is twice in memory when it does.
            spending.hold(2 * part.len()).map_err(Interruption::Budget)?;
        }
        if whole.is_empty() && growing.is_empty() {
            whole = part;
            continue;
        }
        if growing.is_empty() {
            growing.reserve(announced.unwrap_or(whole.len() + part.len()));
            growing.extend_from_slice(&std::mem::take(&mut whole));
        }
        growing.extend_from_slice(&part);
    }
    Ok(if growing.is_empty() {
        whole
    } else {
        growing.freeze()
    })
}

fn is_late(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if matches!(error.downcast_ref(), Some(ArrivingError::Late)) {
            return true;
        }
        cause = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn refuses_what_is_announced_or_turns_out_too_large() {
        let mut headers = HeaderMap::new();
        let result = receive(&headers, Encoding::Identity, Body::from("12345"), 4).await;
        assert!(matches!(result, Err(BodyError::TooLarge { limit: 4 })));
        headers.insert("content-length", "5000000000".parse().unwrap());
        let result = receive(&headers, Encoding::Identity, Body::empty(), 4).await;
        assert!(matches!(result, Err(BodyError::TooLarge { limit: 4 })));
        assert_eq!(
            receive(&HeaderMap::new(), Encoding::Identity, Body::from("1234"), 4)
                .await
                .unwrap(),
            "1234"
        );
    }
}
