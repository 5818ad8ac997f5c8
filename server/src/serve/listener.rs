//! Accepts connections on one address until it is told to stop, then lets those that are open come to an end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::ServeError;
use super::admission::Admission;
use super::connection::{self, Shared};
use super::tls::ReloadingTls;
use crate::metrics::Metrics;

/// How many connections may be open at a time.
const MAX_CONNECTIONS: usize = 1024;
/// The pause after the system could not accept a connection, mostly for want of file descriptors.
const RECOVERY: Duration = Duration::from_millis(100);

/// An address that is listened on.
#[derive(Debug)]
pub struct Listener {
    name: &'static str,
    socket: TcpListener,
    address: SocketAddr,
    tls: Option<Arc<ReloadingTls>>,
    places: usize,
}

impl Listener {
    /// Listens on `address`; with `tls`, serves nothing else.
    pub async fn bind(
        name: &'static str,
        address: SocketAddr,
        tls: Option<Arc<ReloadingTls>>,
    ) -> Result<Listener, ServeError> {
        let failed = |source| ServeError::Listen { address, source };
        let socket = TcpListener::bind(address).await.map_err(failed)?;
        let address = socket.local_addr().map_err(failed)?;
        let places = MAX_CONNECTIONS;
        Ok(Listener {
            name,
            socket,
            address,
            tls,
            places,
        })
    }

    /// Lets only `places` connections be open.
    #[must_use]
    pub fn with_places(self, places: usize) -> Listener {
        Listener { places, ..self }
    }

    /// The address, with the port that the system chose if it was to choose.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves `router` until `drain` is cancelled and the last connection has ended.
    pub async fn run(self, router: Router, metrics: Arc<Metrics>, drain: CancellationToken) {
        let Listener {
            name,
            socket,
            address,
            tls,
            places,
        } = self;
        tracing::info!(listener = name, %address, tls = tls.is_some(), "listening");
        let admission = Admission::new(places);
        let shared = Arc::new(Shared::new(name, tls, router, metrics, drain.clone()));
        let connections = TaskTracker::new();
        let accepting = async {
            loop {
                match socket.accept().await {
                    Ok((stream, peer)) => {
                        let place = admission.admit(|| shared.metrics.connection_shed(name)).await;
                        connections.spawn(connection::serve(Arc::clone(&shared), stream, peer, place));
                    }
                    Err(error) => {
                        tracing::warn!(%error, listener = name, "failed to accept a connection");
                        admission.ask_idlest_to_leave();
                        tokio::time::sleep(RECOVERY).await;
                    }
                }
            }
        };
        tokio::select! {
            () = accepting => {}
            () = drain.cancelled() => {}
        }
        drop(socket);
        connections.close();
        connections.wait().await;
    }
}
