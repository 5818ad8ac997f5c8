//! Accepts connections on one address until it is told to stop, then lets those that are open come to an end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::admission::Admission;
use super::connection::{self, Shared};
use super::metrics::ListenerMetrics;
use super::tls::FollowedTls;

/// The pause after the system could not accept a connection, mostly for want of file descriptors.
const RECOVERY: Duration = Duration::from_millis(100);

/// Why an address cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error("failed to listen on {address}: {source}")]
pub struct ListenError {
    /// The address: in use, or not ours.
    pub address: SocketAddr,
    /// What the system said.
    pub source: std::io::Error,
}

/// How much a listener takes on, and how long it waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How many connections may be open at a time.
    pub connections: usize,
    /// How long a connection may be idle, or take to send the head of a request.
    pub idle: Duration,
    /// How long a client may take nothing of an answer, or send nothing of a request that is waited for.
    pub stall: Duration,
    /// Whether the oldest connection makes room even if it is being answered: where answers are cheap, and who comes last is
    /// the one that counts.
    pub disposable: bool,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            connections: 1024,
            idle: Duration::from_secs(60),
            // A request whose body does not come is answered before.
            stall: Duration::from_secs(45),
            disposable: false,
        }
    }
}

/// An address that is listened on.
#[derive(Debug)]
pub struct Listener {
    name: &'static str,
    socket: TcpListener,
    address: SocketAddr,
    tls: Option<FollowedTls>,
    limits: Limits,
}

impl Listener {
    /// Listens on `address`, called `name` in logs and metrics; with `tls`, serves nothing else.
    pub async fn bind(
        name: &'static str,
        address: SocketAddr,
        tls: Option<FollowedTls>,
    ) -> Result<Listener, ListenError> {
        let failed = |source| ListenError { address, source };
        let socket = TcpListener::bind(address).await.map_err(failed)?;
        let address = socket.local_addr().map_err(failed)?;
        let limits = Limits::default();
        Ok(Listener {
            name,
            socket,
            address,
            tls,
            limits,
        })
    }

    /// Keeps to other limits than the usual ones.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Listener {
        Listener { limits, ..self }
    }

    /// The address, with the port that the system chose if it was to choose.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Says that it listens, and serves `router` until `drain` is cancelled and the last connection has ended. TLS
    /// follows its files meanwhile.
    pub fn run(
        self,
        router: Router,
        metrics: ListenerMetrics,
        drain: CancellationToken,
    ) -> impl Future<Output = ()> + Send {
        tracing::info!(listener = self.name, address = %self.address, tls = self.tls.is_some(), "listening");
        self.serve(router, metrics, drain)
    }

    async fn serve(self, router: Router, metrics: ListenerMetrics, drain: CancellationToken) {
        let Listener {
            name,
            socket,
            tls,
            limits,
            ..
        } = self;
        let shared = Arc::new(Shared::new(name, tls, router, metrics, limits, drain.clone()));
        let connections = TaskTracker::new();
        tokio::select! {
            biased;
            () = drain.cancelled() => {}
            () = follow(shared.tls.as_ref()) => {}
            () = accept(&socket, &shared, &connections) => {}
        }
        drop(socket);
        connections.close();
        connections.wait().await;
    }
}

async fn follow(tls: Option<&FollowedTls>) {
    match tls {
        Some(tls) => tls.follow().await,
        None => std::future::pending().await,
    }
}

/// Lets connections in for as long as it is polled.
async fn accept(socket: &TcpListener, shared: &Arc<Shared>, connections: &TaskTracker) {
    let listener = shared.listener;
    let admission = Admission::new(shared.limits.connections, shared.limits.disposable);
    loop {
        match socket.accept().await {
            Ok((stream, peer)) => {
                let place = admission.admit(|| shared.metrics.connection_shed(listener)).await;
                connections.spawn(connection::serve(Arc::clone(shared), stream, peer, place));
            }
            Err(error) => {
                tracing::warn!(%error, listener, "failed to accept a connection");
                if admission.shed() {
                    shared.metrics.connection_shed(listener);
                }
                tokio::time::sleep(RECOVERY).await;
            }
        }
    }
}
