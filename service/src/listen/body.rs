//! Bodies as they pass: a request's must keep coming, a response's must keep being taken.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use tokio::sync::oneshot;
use tokio::time::{Instant, Sleep, sleep_until, timeout};

use super::activity::Exchange;

/// How long a client may pause within a body.
const PAUSE: Duration = Duration::from_secs(30);
/// How long a body may take altogether.
const WHOLE: Duration = Duration::from_secs(5 * 60);

/// How much of a response's body is given at a time: when the client does not take it, that shows after so much.
const PART: usize = 64 << 10;

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
    exchange: Arc<Exchange>,
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
    pub(super) fn body(body: Incoming, exchange: &Arc<Exchange>) -> (Body, Unread) {
        let (rest, unread) = oneshot::channel();
        let unread = Unread {
            body: unread,
            exchange: Arc::clone(exchange),
        };
        if body.is_end_stream() {
            return (Body::empty(), unread);
        }
        let now = Instant::now();
        let (pause, end) = (Box::pin(sleep_until(now + PAUSE)), now + WHOLE);
        let arriving = Arriving {
            body: Some(body),
            pause,
            end,
            rest: Some(rest),
            exchange: Arc::clone(exchange),
        };
        (Body::new(arriving), unread)
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        self.exchange.is_worked_for();
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
pub(super) struct Unread {
    body: oneshot::Receiver<Incoming>,
    exchange: Arc<Exchange>,
}

impl Unread {
    /// Takes it from the client and forgets it. Many clients send a whole body before they look for an answer; were
    /// the connection closed meanwhile, they would see a broken connection instead of what is wrong.
    pub(super) async fn take(self) {
        if let Some(taking) = self.left() {
            taking.await;
        }
    }

    /// The taking, when anything was left.
    fn left(mut self) -> Option<impl Future<Output = ()> + Send> {
        let body = self.body.try_recv().ok()?;
        Some(forget(body, self.exchange))
    }
}

async fn forget(mut body: Incoming, exchange: Arc<Exchange>) {
    exchange.waits();
    let taking = async {
        let mut taken = 0;
        while let Some(Ok(frame)) = body.frame().await {
            exchange.moved();
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
            self.exchange.is_worked_for();
            let until = self.end.min(Instant::now() + PAUSE);
            self.pause.as_mut().reset(until);
            return Poll::Ready(frame.map(|frame| frame.map_err(ArrivingError::from)));
        }
        let late = self.pause.as_mut().poll(context);
        match late {
            Poll::Ready(()) => self.exchange.is_worked_for(),
            Poll::Pending => self.exchange.waits(),
        }
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

/// A response body that counts as owed by its connection's client until it has been sent, part by part.
#[derive(Debug)]
pub(super) struct Leaving {
    body: Body,
    /// What was taken from the body and is to be given next.
    rest: Bytes,
    exchange: Arc<Exchange>,
    /// What of the request nobody has read by the time of the answer; it is taken afterwards.
    unread: Option<Unread>,
}

impl Leaving {
    /// The body of the answer to `exchange`.
    pub(super) fn new(body: Body, exchange: Arc<Exchange>, unread: Option<Unread>) -> Leaving {
        exchange.moved();
        Leaving {
            body,
            rest: Bytes::new(),
            exchange,
            unread,
        }
    }

    fn part(&mut self) -> Frame<Bytes> {
        self.exchange.moved();
        Frame::data(self.rest.split_to(self.rest.len().min(PART)))
    }
}

impl HttpBody for Leaving {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if !self.rest.is_empty() {
            return Poll::Ready(Some(Ok(self.part())));
        }
        let frame = match Pin::new(&mut self.body).poll_frame(context) {
            Poll::Ready(Some(Ok(frame))) => frame,
            other => return other,
        };
        match frame.into_data() {
            Ok(data) => {
                self.rest = data;
                Poll::Ready(Some(Ok(self.part())))
            }
            Err(trailers) => Poll::Ready(Some(Ok(trailers))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let rest = u64::try_from(self.rest.len()).unwrap_or(u64::MAX);
        let of_body = self.body.size_hint();
        let mut size = SizeHint::new();
        size.set_lower(of_body.lower().saturating_add(rest));
        if let Some(upper) = of_body.upper() {
            size.set_upper(upper.saturating_add(rest));
        }
        size
    }
}

impl Drop for Leaving {
    fn drop(&mut self) {
        if self.is_end_stream() {
            self.exchange.is_answered();
        }
        if let Some(taking) = self.unread.take().and_then(Unread::left) {
            tokio::spawn(taking);
        }
    }
}
