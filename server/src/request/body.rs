//! Receiving a body: not more than the limit. How long a client may take is the listener's to say.

use std::error::Error;

use axum::body::Body;
use brazier_service::listen::ArrivingError;
use bytes::Bytes;
use http::HeaderMap;
use http_body_util::{BodyExt, LengthLimitError, Limited};

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
}

/// The whole body.
///
/// # Errors
/// [`BodyError`]; a body whose length is announced as too large is not read at all.
pub async fn receive(headers: &HeaderMap, body: Body, limit: usize) -> Result<Bytes, BodyError> {
    let announced = headers
        .get(http::header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| usize::try_from(length).map_or(true, |length| length > limit)) {
        return Err(BodyError::TooLarge { limit });
    }
    match Limited::new(body, limit).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.downcast_ref::<LengthLimitError>().is_some() => {
            Err(BodyError::TooLarge { limit })
        }
        Err(error) if is_late(error.as_ref()) => Err(BodyError::TooSlow),
        Err(error) => Err(BodyError::Broken(error.to_string())),
    }
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
        let result = receive(&headers, Body::from("12345"), 4).await;
        assert!(matches!(result, Err(BodyError::TooLarge { limit: 4 })));
        headers.insert("content-length", "5000000000".parse().unwrap());
        let result = receive(&headers, Body::empty(), 4).await;
        assert!(matches!(result, Err(BodyError::TooLarge { limit: 4 })));
        assert_eq!(
            receive(&HeaderMap::new(), Body::from("1234"), 4).await.unwrap(),
            "1234"
        );
    }
}
