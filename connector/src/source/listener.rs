//! Listens and serves HTTP/1.1 and HTTP/2, with TLS whose certificate follows its files.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use axum::Router;
use brazier_service::files::FollowedFiles;
use brazier_service::trust::{self, TlsFiles, TrustError};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use rustls::ServerConfig;
use rustls::sign::SingleCertAndKey;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long a TLS handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long a client may take to send the head of a request.
const HEAD: Duration = Duration::from_secs(30);
/// How many connections may be open.
const CONNECTIONS: usize = 1024;
/// The pause after a connection could not be accepted.
const RECOVERY: Duration = Duration::from_millis(100);

/// TLS as the files have it now.
pub struct FollowedTls {
    files: TlsFiles,
    current: ArcSwap<ServerConfig>,
}

impl FollowedTls {
    /// Reads the files.
    pub fn load(files: TlsFiles) -> Result<Self, TrustError> {
        let current = ArcSwap::from_pointee(accepted_with(&files)?);
        Ok(Self { files, current })
    }

    /// Reads the files again when they change. Files that cannot be used, for instance because only one of two has been
    /// replaced yet, leave the last certificate in use.
    pub async fn follow(&self) {
        let mut files = FollowedFiles::new(vec![
            self.files.certificate_file.clone(),
            self.files.key_file.clone(),
        ]);
        loop {
            files.changed().await;
            match accepted_with(&self.files) {
                Ok(config) => self.current.store(Arc::new(config)),
                Err(error) => tracing::warn!(%error, "the certificate in use stays"),
            }
        }
    }
}

/// What connections are accepted with.
fn accepted_with(files: &TlsFiles) -> Result<ServerConfig, TrustError> {
    let identity = trust::identity(files)?;
    let mut config = ServerConfig::builder_with_provider(trust::crypto_provider())
        .with_safe_default_protocol_versions()
        .map_err(TrustError::Setup)?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(identity)));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// A bound address.
pub struct Listener {
    socket: TcpListener,
    tls: Option<Arc<FollowedTls>>,
}

impl Listener {
    /// Listens on an address; with `tls`, nothing else is served.
    pub async fn bind(address: SocketAddr, tls: Option<Arc<FollowedTls>>) -> std::io::Result<Self> {
        Ok(Self {
            socket: TcpListener::bind(address).await?,
            tls,
        })
    }

    /// The address, with the port that the system chose if it was to choose.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Serves until `drain` is cancelled and the requests that are being answered have their answers.
    pub async fn run(self, router: Router, drain: CancellationToken) {
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        let connections = TaskTracker::new();
        loop {
            let accepted = tokio::select! {
                accepted = self.accept(&places) => accepted,
                () = drain.cancelled() => break,
            };
            let (stream, place) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "failed to accept a connection");
                    tokio::time::sleep(RECOVERY).await;
                    continue;
                }
            };
            let (tls, router, drain) = (self.tls.clone(), router.clone(), drain.clone());
            connections.spawn(async move {
                serve(stream, tls, router, drain).await;
                drop(place);
            });
        }
        drop(self.socket);
        connections.close();
        connections.wait().await;
    }

    async fn accept(
        &self,
        places: &Arc<Semaphore>,
    ) -> std::io::Result<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
        let place = Arc::clone(places)
            .acquire_owned()
            .await
            .map_err(std::io::Error::other)?;
        let (stream, _peer) = self.socket.accept().await?;
        stream.set_nodelay(true)?;
        Ok((stream, place))
    }
}

async fn serve(stream: TcpStream, tls: Option<Arc<FollowedTls>>, router: Router, drain: CancellationToken) {
    let Some(tls) = tls else {
        return exchange(stream, router, drain).await;
    };
    let acceptor = TlsAcceptor::from(tls.current.load_full());
    match tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => exchange(stream, router, drain).await,
        Ok(Err(error)) => tracing::debug!(%error, "TLS handshake failed"),
        Err(_elapsed) => tracing::debug!("TLS handshake took too long"),
    }
}

async fn exchange<S>(stream: S, router: Router, drain: CancellationToken)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(32)
        .keep_alive_interval(HEAD);
    let connection = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = drain.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "connection ended");
    }
}
