//! Starts a server, keeps it running, and ends it without cutting off a request.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use brazier_access::token::Authenticator;
use brazier_access::{AccessPolicy, PolicyHandle};
use brazier_service::listen::{FollowedTls, ListenError, Listener, TlsError};
use brazier_service::serving::{NOTICE, Serving};
use brazier_service::{probes, shutdown, trust};

use crate::application::{self, Parts};
use crate::authentication::IssuerError;
use crate::configuration::{Configuration, DatabaseConfiguration, Memory};
use crate::definitions::{Definitions, DefinitionsError, DefinitionsHandle};
use crate::health::Health;
use crate::metrics::Metrics;
use crate::storage::{self, Storage, StorageError};
use crate::{admin, authentication, authorization, policy_trail};

/// The longest pause between attempts to reach the database at start.
const MAX_RETRY_PAUSE: Duration = Duration::from_secs(5);

/// Why a server does not run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address is in use, or not ours.
    #[error(transparent)]
    Listen(#[from] ListenError),
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
    Keys(#[from] IssuerError),
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
    let stop = shutdown::on_signal().map_err(ServeError::Signals)?;
    trust::install_crypto_provider();
    tell(&configuration.memory);
    let authenticator = Arc::new(authentication::authenticator(&configuration.authentication)?);
    let tls = FollowedTls::load(configuration.tls.clone(), None)?;
    let (policy, changes) = policy_trail::handle(AccessPolicy::deny_all());
    let mut server = Server::new(Arc::clone(&policy));
    server.serve_probes(configuration.metrics).await?;
    server.serving.follow({
        let authenticator = Arc::clone(&authenticator);
        async move { authenticator.keep_keys_fresh().await }
    });
    let policy_file = authorization::follow(configuration.access_file, Arc::clone(&policy));
    server.serving.follow(policy_file);
    if let Some(admin) = configuration.admin {
        let tls = FollowedTls::load(configuration.tls, Some(admin.client))?;
        let listener = Listener::bind("admin", admin.address, Some(tls)).await?;
        server.serving.serve(listener, admin::router(Arc::clone(&policy)));
    }
    let definitions = Definitions::r4()?;
    let storage = tokio::select! {
        storage = connect(&configuration.database, &definitions) => storage,
        () = stop.cancelled() => return Ok(()),
    };
    server.health.connected(storage.clone());
    server
        .serving
        .follow(policy_trail::record(changes, storage.clone()));
    let fhir = Listener::bind("fhir", configuration.fhir, Some(tls)).await?;
    let router = application::router(Parts {
        storage,
        authenticator,
        policy,
        definitions: Arc::new(DefinitionsHandle::new(definitions)),
        metrics: Arc::clone(&server.metrics),
        base_url: configuration.base_url,
        update_create: configuration.update_create,
        memory: configuration.memory.bytes,
    });
    server.serving.serve(fhir, router);
    stop.cancelled().await;
    server.serving.end(NOTICE).await;
    Ok(())
}

/// Migrates and serves everybody on this machine until SIGTERM or SIGINT.
pub async fn serve_trial(trial: Trial) -> Result<(), ServeError> {
    if !trial.http.ip().to_canonical().is_loopback() {
        return Err(ServeError::NotLoopback { address: trial.http });
    }
    let stop = shutdown::on_signal().map_err(ServeError::Signals)?;
    let memory = Memory::of_trial();
    tell(&memory);
    let policy = Arc::new(authorization::handle(AccessPolicy::allow_all()));
    let mut server = Server::new(Arc::clone(&policy));
    server.serve_probes(trial.metrics).await?;
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
        memory: memory.bytes,
    });
    server.serving.serve(fhir, router);
    stop.cancelled().await;
    server.serving.end(Duration::ZERO).await;
    Ok(())
}

/// Says in the log how much memory is shared out.
fn tell(memory: &Memory) {
    let Memory {
        bytes,
        source,
        container,
    } = *memory;
    tracing::info!(
        bytes,
        source,
        container,
        "memory that requests and the server share"
    );
    if memory.exceeds_container() {
        tracing::warn!(
            "the container is ended before that is used; write less as memory, or raise its limit"
        );
    }
}

/// A server that has been started, in part or in full.
struct Server {
    serving: Serving,
    health: Arc<Health>,
    metrics: Arc<Metrics>,
}

impl Server {
    fn new(policy: Arc<PolicyHandle>) -> Server {
        let metrics = Arc::new(Metrics::new());
        Server {
            serving: Serving::new(metrics.listeners()),
            health: Arc::new(Health::new(policy, Arc::clone(&metrics))),
            metrics,
        }
    }

    async fn serve_probes(&mut self, address: Option<SocketAddr>) -> Result<(), ListenError> {
        if let Some(address) = address {
            let listener = Listener::bind("metrics", address, None).await?;
            let router = probes::router(Arc::clone(&self.health), self.serving.ending());
            self.serving.serve_probes(listener, router);
        }
        Ok(())
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
