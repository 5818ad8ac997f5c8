//! One connection from its handshake to its end.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use http::header;
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

use super::admission::{Activity, Place};
use super::body::{Arriving, Leaving};
use super::listener::Limits;
use super::metrics::ListenerMetrics;
use super::tls::FollowedTls;

/// How long a TLS handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long a connection that was asked to end, and answers nothing, is waited for.
const PARTING: Duration = Duration::from_secs(5);
/// How long the kernel waits for a client that takes nothing of what we send.
const UNREAD: Duration = Duration::from_secs(30);
/// The largest head of a request.
const MAX_HEAD: u32 = 64 * 1024;

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

/// Answers the connection's requests.
async fn exchange<S>(shared: &Shared, stream: S, peer: SocketAddr, place: &Place)
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let (activity, idle) = (place.activity(), shared.limits.idle);
    let service = service_fn(|request| answer(shared.router.clone(), Arc::clone(activity), peer, request));
    let mut connection = pin!(shared.builder.serve_connection(TokioIo::new(stream), service));
    loop {
        let quiet_until = activity.idle_since().unwrap_or_else(Instant::now) + idle;
        tokio::select! {
            ended = connection.as_mut() => return report(ended),
            () = shared.drain.cancelled() => break,
            () = place.asked_to_leave() => break,
            () = sleep_until(quiet_until) => {
                if activity.idle_since().is_some_and(|since| since.elapsed() >= idle) {
                    break;
                }
            }
        }
    }
    connection.as_mut().graceful_shutdown();
    loop {
        tokio::select! {
            ended = connection.as_mut() => return report(ended),
            () = sleep(PARTING) => {
                if activity.idle_since().is_some_and(|since| since.elapsed() >= PARTING) {
                    return;
                }
            }
        }
    }
}

async fn answer(
    router: Router,
    activity: Arc<Activity>,
    peer: SocketAddr,
    request: Request<Incoming>,
) -> Result<http::Response<Leaving>, Infallible> {
    let busy = activity.begin();
    // Who asks beforehand sends nothing when the answer is no.
    let asks_beforehand = request.headers().contains_key(header::EXPECT);
    let (parts, body) = request.into_parts();
    let (body, unread) = Arriving::body(body);
    let mut request = Request::from_parts(parts, body);
    request.extensions_mut().insert(ConnectInfo(peer));
    let response: http::Response<Body> = router.oneshot(request).await?;
    if !asks_beforehand {
        unread.take().await;
    }
    Ok(response.map(|body| Leaving { body, _busy: busy }))
}

fn report(ended: Result<(), Box<dyn std::error::Error + Send + Sync>>) {
    if let Err(error) = ended {
        tracing::debug!(%error, "connection ended");
    }
}
