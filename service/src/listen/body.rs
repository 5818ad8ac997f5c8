//! Bodies as they pass: a request's must keep coming, a response's keeps its connection busy to its end.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use tokio::sync::oneshot;
use tokio::time::{Instant, Sleep, sleep_until, timeout};

use super::admission::Busy;

/// How long a client may pause within a body.
const PAUSE: Duration = Duration::from_secs(30);
/// How long a body may take altogether.
const WHOLE: Duration = Duration::from_secs(5 * 60);

/// How much of a body that nobody reads is taken from the client before it gets its answer.
const UNREAD: usize = 256 << 20;
/// How long that may take.
const UNREAD_TIME: Duration = Duration::from_secs(20);

/// A request body that fails when the client stops sending it.
#[derive(Debug)]
pub(super) struct Arriving {
    body: Option<Incoming>,
    pause: Pin<Box<Sleep>>,
    end: Instant,
    rest: Option<oneshot::Sender<Incoming>>,
}

/// Why a request body ended early: the error, or a cause of the error, of a request's body that is served by a
/// [`Listener`](super::Listener).
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
    /// What a handler is to read instead of `body`, and what becomes of that which it does not read.
    pub(super) fn body(body: Incoming) -> (Body, Unread) {
        let (rest, unread) = oneshot::channel();
        if body.is_end_stream() {
            return (Body::empty(), Unread(unread));
        }
        let now = Instant::now();
        let (pause, end) = (Box::pin(sleep_until(now + PAUSE)), now + WHOLE);
        let arriving = Arriving {
            body: Some(body),
            pause,
            end,
            rest: Some(rest),
        };
        (Body::new(arriving), Unread(unread))
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        if let (Some(body), Some(rest)) = (self.body.take(), self.rest.take())
            && !body.is_end_stream()
        {
            // Nobody waits for it when the connection has ended.
            drop(rest.send(body));
        }
    }
}

/// The part of a request's body that its handler left unread.
#[derive(Debug)]
pub(super) struct Unread(oneshot::Receiver<Incoming>);

impl Unread {
    /// Takes it from the client and forgets it. Many clients send a whole body before they look for an answer; were
    /// the connection closed meanwhile, they would see a broken connection instead of what is wrong.
    pub(super) async fn take(mut self) {
        let Ok(mut body) = self.0.try_recv() else { return };
        let taking = async {
            let mut taken = 0;
            while let Some(Ok(frame)) = body.frame().await {
                taken += frame.data_ref().map_or(0, Bytes::len);
                if taken > UNREAD {
                    return;
                }
            }
        };
        if timeout(UNREAD_TIME, taking).await.is_err() {
            tracing::debug!("a refused body did not arrive in time");
        }
    }
}

impl HttpBody for Arriving {
    type Data = Bytes;
    type Error = ArrivingError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ArrivingError>>> {
        let Some(body) = &mut self.body else {
            return Poll::Ready(None);
        };
        if let Poll::Ready(frame) = Pin::new(body).poll_frame(context) {
            let until = self.end.min(Instant::now() + PAUSE);
            self.pause.as_mut().reset(until);
            return Poll::Ready(frame.map(|frame| frame.map_err(ArrivingError::from)));
        }
        let late = self.pause.as_mut().poll(context);
        late.map(|()| Some(Err(ArrivingError::Late)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body
            .as_ref()
            .map_or_else(SizeHint::default, HttpBody::size_hint)
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
