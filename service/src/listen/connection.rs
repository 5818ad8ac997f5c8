//! One connection from its handshake to its end.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use http::{Version, header};
use hyper::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::activity::{Activity, Vouching};
use super::admission::Place;
use super::body::{Arriving, Leaving};
use super::listener::Limits;
use super::metrics::ListenerMetrics;
use super::tls::FollowedTls;

/// How long a TLS handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long a connection that is to end, and on which nothing moves, is waited for.
const PARTING: Duration = Duration::from_secs(5);
/// The same where somebody waits for its place.
const HASTY_PARTING: Duration = Duration::from_millis(100);
/// How long the kernel waits for a client that takes nothing of what we send.
const UNREAD: Duration = Duration::from_secs(30);
/// The largest head of a request.
const MAX_HEAD: u32 = 64 * 1024;
/// How much of the bodies of its requests a client may send before they are read, for one and for all of a connection.
const WINDOWS: (u32, u32) = (256 << 10, 512 << 10);
/// How much of an answer waits in a connection's own memory.
const SENT_AHEAD: usize = 64 << 10;

/// What the connections of one listener have in common.
pub(super) struct Shared {
    pub(super) listener: &'static str,
    pub(super) tls: Option<FollowedTls>,
    pub(super) router: Router,
    pub(super) metrics: ListenerMetrics,
    pub(super) limits: Limits,
    /// When cancelled, connections end after the answers they are giving.
    pub(super) drain: CancellationToken,
    builder: auto::Builder<TokioExecutor>,
}

impl Shared {
    pub(super) fn new(
        listener: &'static str,
        tls: Option<FollowedTls>,
        router: Router,
        metrics: ListenerMetrics,
        limits: Limits,
        drain: CancellationToken,
    ) -> Shared {
        let builder = builder(limits.idle);
        Shared {
            listener,
            tls,
            router,
            metrics,
            limits,
            drain,
            builder,
        }
    }
}

fn builder(idle: Duration) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(idle)
        .max_buf_size(MAX_HEAD as usize);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(128)
        .max_header_list_size(MAX_HEAD)
        .initial_stream_window_size(WINDOWS.0)
        .initial_connection_window_size(WINDOWS.1)
        .max_send_buf_size(SENT_AHEAD)
        .keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(Duration::from_secs(20));
    builder
}

/// Serves one connection until its end.
pub(super) async fn serve(shared: Arc<Shared>, stream: TcpStream, peer: SocketAddr, place: Place) {
    let _counted = shared.metrics.connection_opened(shared.listener);
    if let Err(error) = prepare(&stream) {
        tracing::debug!(%error, "the connection ended before it began");
        return;
    }
    let Some(tls) = &shared.tls else {
        return exchange(&shared, stream, peer, &place).await;
    };
    let handshake = tls.acceptor().accept(stream);
    let accepted = tokio::select! {
        accepted = timeout(HANDSHAKE, handshake) => accepted,
        () = place.asked_to_leave() => return,
        () = shared.drain.cancelled() => return,
    };
    match accepted {
        Ok(Ok(stream)) => exchange(&shared, stream, peer, &place).await,
        Ok(Err(error)) => {
            shared.metrics.handshake_failed(shared.listener);
            tracing::debug!(%error, listener = shared.listener, %peer, "TLS handshake failed");
        }
        Err(_elapsed) => shared.metrics.handshake_failed(shared.listener),
    }
}

fn prepare(stream: &TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    socket2::SockRef::from(stream).set_tcp_user_timeout(Some(UNREAD))
}

/// Answers the connection's requests, for as long as something moves.
async fn exchange<S>(shared: &Shared, stream: S, peer: SocketAddr, place: &Place)
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let (activity, limits) = (place.activity(), shared.limits);
    let service = service_fn(|request| answer(shared.router.clone(), Arc::clone(activity), peer, request));
    let mut connection = pin!(shared.builder.serve_connection(TokioIo::new(stream), service));
    let parting = loop {
        tokio::select! {
            ended = connection.as_mut() => return report(ended),
            () = shared.drain.cancelled() => break PARTING,
            () = place.asked_to_leave() => break HASTY_PARTING,
            () = sleep_until(look_again(activity, limits)) => {
                if is_over(activity.owed_since(), limits.stall) {
                    return tracing::debug!(listener = shared.listener, %peer, "the client takes nothing");
                }
                if is_over(activity.quiet_since(), limits.idle) {
                    break PARTING;
                }
            }
        }
    };
    if place.is_disposable() && parting == HASTY_PARTING {
        return;
    }
    connection.as_mut().graceful_shutdown();
    let asked = Instant::now();
    loop {
        tokio::select! {
            ended = connection.as_mut() => return report(ended),
            () = sleep(parting) => {
                let quiet = activity.quiet_since().map(|since| since.max(asked));
                if is_over(quiet, parting) || is_over(activity.owed_since(), limits.stall) {
                    return;
                }
            }
        }
    }
}

/// When a connection may first be found to have been still for too long.
fn look_again(activity: &Activity, limits: Limits) -> Instant {
    let stalled = activity.owed_since().map(|since| since + limits.stall);
    let idle = activity.quiet_since().unwrap_or_else(Instant::now) + limits.idle;
    // A stream that begins to wait meanwhile is looked at in time, too.
    let soon = Instant::now() + limits.stall;
    stalled.map_or(idle, |stalled| idle.min(stalled)).min(soon)
}

fn is_over(since: Option<Instant>, time: Duration) -> bool {
    since.is_some_and(|since| since.elapsed() >= time)
}

async fn answer(
    router: Router,
    activity: Arc<Activity>,
    peer: SocketAddr,
    request: Request<Incoming>,
) -> Result<http::Response<Leaving>, Infallible> {
    let exchange = activity.begin();
    // Who asks beforehand sends nothing when the answer is no. Where requests have streams of their own nobody is told to go on, so
    // that bodies come all the same, and a stream that is reset under them takes the answer with it.
    let asks_beforehand = request.headers().contains_key(header::EXPECT);
    let has_streams = request.version() == Version::HTTP_2;
    let (parts, body) = request.into_parts();
    let (body, unread) = Arriving::body(body, &exchange);
    let mut request = Request::from_parts(parts, body);
    request.extensions_mut().insert(ConnectInfo(peer));
    request.extensions_mut().insert(Vouching(activity));
    let response: http::Response<Body> = router.oneshot(request).await?;
    // Where requests have streams of their own, the answer goes first; else it would come in the middle of the request.
    let unread = match (has_streams, asks_beforehand) {
        (true, _) => Some(unread),
        (false, true) => None,
        (false, false) => {
            unread.take().await;
            None
        }
    };
    Ok(response.map(|body| Leaving::new(body, exchange, unread)))
}

fn report(ended: Result<(), Box<dyn std::error::Error + Send + Sync>>) {
    if let Err(error) = ended {
        tracing::debug!(%error, "connection ended");
    }
}
