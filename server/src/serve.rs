//! Starts a server, keeps it running, and ends it without cutting off a request.

pub mod admission;
pub mod body;
mod client_name;
mod connection;
pub mod listener;
mod shutdown;
pub mod tls;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use brazier_service::trust;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::application::{self, Parts};
use crate::authentication::Authenticator;
use crate::authentication::key_service::KeyServiceError;
use crate::authorization::{AccessPolicy, PolicyFile, PolicyHandle};
use crate::configuration::{Configuration, DatabaseConfiguration};
use crate::definitions::{Definitions, DefinitionsError, DefinitionsHandle};
use crate::health::Health;
use crate::metrics::Metrics;
use crate::storage::{self, Storage, StorageError};
use crate::{admin, health};
use listener::Listener;
use shutdown::Shutdown;
use tls::{ReloadingTls, TlsError};

/// After the signal to end: how long requests are still accepted, because the news that this server is not ready takes
/// time to reach those who send them. With [`DRAIN`] it fits into the 30 seconds that Kubernetes gives.
const NOTICE: Duration = Duration::from_secs(4);
/// How long requests may take to come to an end.
const DRAIN: Duration = Duration::from_secs(25);
/// The longest pause between attempts to reach the database at start.
const MAX_RETRY_PAUSE: Duration = Duration::from_secs(5);

/// Why a server does not run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address is in use, or not ours.
    #[error("failed to listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// Without authentication only this machine may come.
    #[error(
        "without authentication the server listens on loopback addresses only, and {address} is none; \
         write --http 127.0.0.1:{port}, or serve with --config FILE",
        port = address.port()
    )]
    NotLoopback {
        /// The address asked for.
        address: SocketAddr,
    },
    /// The certificates cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The keys of an issuer cannot be asked for.
    #[error(transparent)]
    Keys(#[from] KeyServiceError),
    /// What the service knows of FHIR cannot be used.
    #[error(transparent)]
    Definitions(#[from] DefinitionsError),
    /// The database cannot be used.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The system does not tell us of signals.
    #[error("failed to listen for signals: {0}")]
    Signals(std::io::Error),
}

/// What a trial on one machine needs: no TLS, no authentication.
#[derive(Debug, Clone)]
pub struct Trial {
    /// The database; its schema is brought to this version first.
    pub database: DatabaseConfiguration,
    /// Where to serve FHIR: a loopback address.
    pub http: SocketAddr,
    /// Where to serve probes and metrics.
    pub metrics: Option<SocketAddr>,
}

/// Serves as `configuration` says until SIGTERM or SIGINT.
pub async fn serve(configuration: Configuration) -> Result<(), ServeError> {
    let mut shutdown = Shutdown::listen().map_err(ServeError::Signals)?;
    trust::install_crypto_provider();
    let authenticator = Arc::new(Authenticator::new(&configuration.authentication)?);
    let tls = Arc::new(ReloadingTls::load(configuration.tls.clone(), None)?);
    let policy = Arc::new(PolicyHandle::new(AccessPolicy::deny_all()));
    let mut server = Server::new(Arc::clone(&policy));
    server.serve_health(configuration.metrics).await?;
    server.follow({
        let authenticator = Arc::clone(&authenticator);
        async move { authenticator.keep_keys_fresh().await }
    });
    server.follow({
        let tls = Arc::clone(&tls);
        async move { tls.keep_fresh().await }
    });
    server.follow(PolicyFile::new(configuration.access_file, Arc::clone(&policy)).follow());
    if let Some(admin) = configuration.admin {
        let tls = Arc::new(ReloadingTls::load(configuration.tls, Some(admin.clients))?);
        let listener = Listener::bind("admin", admin.address, Some(Arc::clone(&tls))).await?;
        server.follow(async move { tls.keep_fresh().await });
        server.run(listener, admin::router(Arc::clone(&policy)));
    }
    let definitions = Definitions::r4()?;
    let storage = tokio::select! {
        storage = connect(&configuration.database, &definitions) => storage,
        () = shutdown.told() => return Ok(()),
    };
    server.health.connected(storage.clone());
    let fhir = Listener::bind("fhir", configuration.fhir, Some(tls)).await?;
    let router = application::router(Parts {
        storage,
        authenticator,
        policy,
        definitions: Arc::new(DefinitionsHandle::new(definitions)),
        metrics: Arc::clone(&server.metrics),
        base_url: configuration.base_url,
        update_create: configuration.update_create,
    });
    server.run(fhir, router);
    shutdown.told().await;
    server.end(NOTICE).await;
    Ok(())
}

/// Migrates and serves everybody on this machine until SIGTERM or SIGINT.
pub async fn serve_trial(trial: Trial) -> Result<(), ServeError> {
    if !trial.http.ip().to_canonical().is_loopback() {
        return Err(ServeError::NotLoopback { address: trial.http });
    }
    let mut shutdown = Shutdown::listen().map_err(ServeError::Signals)?;
    let policy = Arc::new(PolicyHandle::new(AccessPolicy::allow_all()));
    let mut server = Server::new(Arc::clone(&policy));
    server.serve_health(trial.metrics).await?;
    let fhir = Listener::bind("fhir", trial.http, None).await?;
    let definitions = Definitions::r4()?;
    storage::migrate(&trial.database, &definitions, None).await?;
    let storage = Storage::connect(&trial.database, &definitions).await?;
    server.health.connected(storage.clone());
    let router = application::router(Parts {
        storage,
        authenticator: Arc::new(Authenticator::off()),
        policy,
        definitions: Arc::new(DefinitionsHandle::new(definitions)),
        metrics: Arc::clone(&server.metrics),
        base_url: format!("http://{}", fhir.address()),
        update_create: true,
    });
    server.run(fhir, router);
    shutdown.told().await;
    server.end(Duration::ZERO).await;
    Ok(())
}

/// A server that has been started, in part or in full.
struct Server {
    health: Arc<Health>,
    metrics: Arc<Metrics>,
    /// Cancelled when requests are to come to an end.
    drain: CancellationToken,
    /// Cancelled when nobody needs to ask for health any more.
    end: CancellationToken,
    listeners: TaskTracker,
    /// What follows files and issuers; ends with the server.
    followers: JoinSet<()>,
}

impl Server {
    fn new(policy: Arc<PolicyHandle>) -> Server {
        let metrics = Arc::new(Metrics::new());
        Server {
            health: Arc::new(Health::new(policy, Arc::clone(&metrics))),
            metrics,
            drain: CancellationToken::new(),
            end: CancellationToken::new(),
            listeners: TaskTracker::new(),
            followers: JoinSet::new(),
        }
    }

    fn follow(&mut self, follower: impl Future<Output = ()> + Send + 'static) {
        self.followers.spawn(follower);
    }

    async fn serve_health(&mut self, address: Option<SocketAddr>) -> Result<(), ServeError> {
        if let Some(address) = address {
            let listener = Listener::bind("metrics", address, None).await?;
            let router = health::router(Arc::clone(&self.health));
            let running = listener.run(router, Arc::clone(&self.metrics), self.end.clone());
            self.followers.spawn(running);
        }
        Ok(())
    }

    fn run(&self, listener: Listener, router: axum::Router) {
        let running = listener.run(router, Arc::clone(&self.metrics), self.drain.clone());
        self.listeners.spawn(running);
    }

    async fn end(self, notice: Duration) {
        tracing::info!("shutting down: not ready any more, finishing what has been asked for");
        self.health.drain();
        tokio::time::sleep(notice).await;
        self.drain.cancel();
        self.listeners.close();
        match tokio::time::timeout(DRAIN, self.listeners.wait()).await {
            Ok(()) => tracing::info!("shut down, nothing was cut off"),
            Err(_elapsed) => tracing::warn!("shut down while requests were being answered"),
        }
        self.end.cancel();
    }
}

/// Tries until the database can be used: in a cluster it may start after the server, or be moving to another node.
async fn connect(database: &DatabaseConfiguration, definitions: &Definitions) -> Storage {
    let mut pause = Duration::from_millis(100);
    loop {
        match Storage::connect(database, definitions).await {
            Ok(storage) => return storage,
            Err(error) => tracing::warn!(%error, "the database cannot be used yet; trying again"),
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(MAX_RETRY_PAUSE);
    }
}
