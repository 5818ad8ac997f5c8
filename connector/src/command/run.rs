//! `run`: takes device messages until SIGTERM or SIGINT, then finishes what it has taken.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use brazier_service::{telemetry, trust};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::CommandError;
use crate::arguments::RunArguments;
use crate::configuration::{Configuration, ConfigurationError};
use crate::fhir_service::client::FhirClient;
use crate::health::{self, Health};
use crate::intake::MappedPipeline;
use crate::mapping::in_service::MappingFiles;
use crate::metrics::Metrics;
use crate::pipeline::Pipeline;
use crate::source::http::{HttpSource, HttpSourceError};
use crate::source::listener::Listener;
use crate::source::{Running, Source};
use crate::write::destination::Destination;

/// After the signal to end: how long requests are still accepted, because the news that this connector is not ready
/// takes time to reach those who send them.
const NOTICE: Duration = Duration::from_secs(3);
/// How long requests may take to come to an end. With [`NOTICE`] it fits into the 30 seconds that Kubernetes gives.
const DRAIN: Duration = Duration::from_secs(25);

/// Why the connector does not run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The configuration file.
    #[error(transparent)]
    Configuration(#[from] ConfigurationError),
    /// The source.
    #[error(transparent)]
    Source(#[from] HttpSourceError),
    /// An address is in use, or not ours.
    #[error("failed to listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The system.
    #[error("failed to start: {0}")]
    System(std::io::Error),
}

pub(super) fn run(arguments: &RunArguments) -> Result<bool, CommandError> {
    let configuration = Configuration::read(&arguments.config).map_err(RunError::from)?;
    telemetry::start();
    // Two threads: the work is waiting for FHIR services, and memory for an idle connector is to be small.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    runtime
        .map_err(RunError::System)?
        .block_on(serve(configuration))?;
    Ok(true)
}

async fn serve(configuration: Configuration) -> Result<(), RunError> {
    let mut terminate = signal(SignalKind::terminate()).map_err(RunError::System)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(RunError::System)?;
    trust::install_crypto_provider();
    let mut followers = JoinSet::new();
    let metrics = Arc::new(Metrics::new());
    let Configuration {
        source,
        device_mapping_file,
        fhir_mapping_file,
        compatibility,
        destinations,
        listen,
    } = configuration;
    let mappings = Arc::new(MappingFiles::new(
        device_mapping_file,
        fhir_mapping_file,
        compatibility,
    ));
    followers.spawn({
        let mappings = Arc::clone(&mappings);
        async move { mappings.follow().await }
    });
    let mut services = Vec::new();
    let mut deliveries = Vec::new();
    for destination in destinations {
        let resolution = destination.identity_resolution;
        let service = Arc::new(FhirClient::new(destination));
        services.push(Arc::clone(&service));
        deliveries.push(Destination::new(Arc::clone(&service), resolution));
        followers.spawn(async move { service.follow().await });
    }
    let (connected, source_connected) = watch::channel(false);
    let health = Arc::new(Health::new(
        Arc::clone(&mappings),
        Arc::clone(&metrics),
        services,
        source_connected,
    ));
    followers.spawn({
        let health = Arc::clone(&health);
        async move { health.follow_destinations().await }
    });
    let end = CancellationToken::new();
    let probes = bind("metrics", listen.metrics).await?;
    followers.spawn(probes.run(health::router(Arc::clone(&health)), end.clone()));

    let pipeline = Pipeline::new(deliveries, Arc::clone(&metrics));
    let source = HttpSource::bind(source.http, compatibility, metrics).await?;
    let drain = CancellationToken::new();
    let mut serving = tokio::spawn(source.run(Running {
        intake: Arc::new(MappedPipeline::new(mappings, pipeline)),
        connected,
        drain: drain.clone(),
    }));

    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("shutting down: not ready any more, finishing what has been taken");
    health.drain();
    tokio::time::sleep(NOTICE).await;
    drain.cancel();
    match tokio::time::timeout(DRAIN, &mut serving).await {
        Ok(_) => tracing::info!("shut down, nothing was cut off"),
        Err(_elapsed) => tracing::warn!("shut down while requests were being answered"),
    }
    end.cancel();
    Ok(())
}

async fn bind(name: &str, address: SocketAddr) -> Result<Listener, RunError> {
    let failed = |source| RunError::Listen { address, source };
    let listener = Listener::bind(address, None).await.map_err(failed)?;
    let address = listener.address().map_err(failed)?;
    tracing::info!(listener = name, %address, "listening");
    Ok(listener)
}
