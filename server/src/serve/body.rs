//! Bodies as they pass: a request's must keep coming, a response's keeps its connection busy to its end.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

use super::admission::Busy;

/// How long a client may pause within a body.
const PAUSE: Duration = Duration::from_secs(30);
/// How long a body may take altogether.
const WHOLE: Duration = Duration::from_secs(5 * 60);

/// A request body that fails when the client stops sending it.
#[derive(Debug)]
pub(super) struct Arriving {
    body: Incoming,
    pause: Pin<Box<Sleep>>,
    end: Instant,
}

/// Why a request body ended early.
#[derive(Debug, thiserror::Error)]
pub enum ArrivingError {
    /// The connection broke, or the client broke the protocol.
    #[error("the body did not arrive: {0}")]
    Connection(#[from] hyper::Error),
    /// The client stopped sending.
    #[error("the body did not arrive in time")]
    Late,
}

impl Arriving {
    /// What a handler is to read instead of `body`.
    pub(super) fn body(body: Incoming) -> Body {
        if body.is_end_stream() {
            return Body::empty();
        }
        let now = Instant::now();
        let (pause, end) = (Box::pin(sleep_until(now + PAUSE)), now + WHOLE);
        Body::new(Arriving { body, pause, end })
    }
}

impl HttpBody for Arriving {
    type Data = Bytes;
    type Error = ArrivingError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ArrivingError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            let until = self.end.min(Instant::now() + PAUSE);
            self.pause.as_mut().reset(until);
            return Poll::Ready(frame.map(|frame| frame.map_err(ArrivingError::from)));
        }
        let late = self.pause.as_mut().poll(context);
        late.map(|()| Some(Err(ArrivingError::Late)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A response body that counts as work of its connection until it has been sent.
#[derive(Debug)]
pub(super) struct Leaving {
    pub(super) body: Body,
    pub(super) _busy: Busy,
}

impl HttpBody for Leaving {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
