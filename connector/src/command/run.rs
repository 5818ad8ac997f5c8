//! `run`: takes device messages until SIGTERM or SIGINT, then finishes what it has taken.

use std::sync::Arc;

use brazier_service::listen::{ListenError, Listener};
use brazier_service::serving::{NOTICE, Serving};
use brazier_service::{shutdown, telemetry, trust};
use tokio::sync::watch;

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
use crate::source::{Running, Source};
use crate::write::destination::Destination;

/// Why the connector does not run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The configuration file.
    #[error(transparent)]
    Configuration(#[from] ConfigurationError),
    /// The source cannot listen, or its certificate cannot be used.
    #[error(transparent)]
    Source(#[from] HttpSourceError),
    /// An address is in use, or not ours.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The operating system refused to start the runtime or to tell of signals.
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
    let stop = shutdown::on_signal().map_err(RunError::System)?;
    trust::install_crypto_provider();
    let metrics = Arc::new(Metrics::new());
    let mut serving = Serving::new(metrics.listeners());
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
    serving.follow({
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
        serving.follow(async move { service.follow().await });
    }
    let (connected, source_connected) = watch::channel(false);
    let health = Arc::new(Health::new(
        Arc::clone(&mappings),
        Arc::clone(&metrics),
        services,
        source_connected,
        serving.ending(),
    ));
    serving.follow({
        let health = Arc::clone(&health);
        async move { health.follow_destinations().await }
    });
    let probes = Listener::bind("metrics", listen.metrics, None).await?;
    serving.serve_probes(probes, health::router(health));

    let pipeline = Pipeline::new(deliveries, Arc::clone(&metrics));
    let source = HttpSource::bind(source.http, compatibility, metrics).await?;
    let intake = Arc::new(MappedPipeline::new(mappings, pipeline));
    serving.run(|drain| {
        source.run(Running {
            intake,
            connected,
            drain,
        })
    });
    stop.cancelled().await;
    serving.end(NOTICE).await;
    Ok(())
}
