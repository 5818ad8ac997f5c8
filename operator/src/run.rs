//! Starts everything in order, and ends it on a signal or when the lease is lost.

use std::{sync::Arc, time::Duration};

use brazier_service::{
    listen::{ListenError, Listener},
    probes, shutdown, trust,
};
use kube::{
    Client,
    runtime::events::{Recorder, Reporter},
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::{
    access::Enforcement, arguments::Options, certificate, cluster_keys, context::Context, controllers,
    health::Health, image::Images, leader::Candidate, metrics::Metrics, requeue::Backoff, startup,
};

/// Why the operator could not run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no way to the API server.
    #[error("failed to find the API server: run inside a cluster, or name one with KUBECONFIG")]
    Connect(#[from] kube::Error),
    /// The certificate authority cannot be had.
    #[error("failed to load the certificate authority")]
    Authority(#[from] certificate::Error),
    /// The cluster's keys cannot be had.
    #[error("failed to load the cluster's keys")]
    Keys(#[from] cluster_keys::Error),
    /// The port of metrics and probes cannot be had.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The system does not tell us of signals.
    #[error("failed to listen for signals")]
    Signals(#[source] std::io::Error),
    /// The lease went to another replica, so this one must end.
    #[error("the lease was lost")]
    LeaseLost,
}

/// How long controllers may take to finish what they are at.
const GRACE: Duration = Duration::from_secs(10);

/// Runs until a signal or the loss of the lease.
///
/// # Errors
/// If it cannot start, or the lease is lost.
pub async fn run(options: Box<Options>) -> Result<(), Error> {
    trust::install_crypto_provider();
    let metrics = Arc::new(Metrics::default());
    let health = Arc::new(Health::new(metrics.clone()));
    let client = Client::try_default().await?;
    let stop = shutdown::on_signal().map_err(Error::Signals)?;
    let listener = Listener::bind("metrics", options.metrics_address, None).await?;
    let probes = probes::router(health.clone(), stop.clone());
    // Probes are answered for as long as the program runs.
    tokio::spawn(listener.run(probes, metrics.listeners(), CancellationToken::new()));
    let mut leading = std::pin::pin!(lead(&options, client, metrics, health, stop.clone()));
    tokio::select! {
        ended = &mut leading => ended,
        () = stop.cancelled() => {
            tracing::info!("stopping");
            tokio::time::timeout(GRACE, leading).await.unwrap_or(Ok(()))
        }
    }
}

/// Waits for the lease, works while it lasts, and gives it back at the end.
async fn lead(
    options: &Options,
    client: Client,
    metrics: Arc<Metrics>,
    health: Arc<Health>,
    stop: CancellationToken,
) -> Result<(), Error> {
    startup::wait_for_kinds(&client).await;
    health.set_ready(true);
    if options.no_leader_election {
        metrics.leads(true);
        return work(options, client, metrics, stop).await;
    }
    let mut candidate = Candidate::new(client.clone(), &options.namespace, &options.identity);
    tokio::select! {
        () = candidate.acquire() => {}
        () = stop.cancelled() => return Ok(()),
    }
    tracing::info!(identity = options.identity, "this replica leads");
    metrics.leads(true);
    let lost = tokio::select! {
        ended = work(options, client, metrics, stop) => { ended?; false }
        () = candidate.hold() => true,
    };
    if lost {
        return Err(Error::LeaseLost);
    }
    if let Err(error) = candidate.release().await {
        tracing::warn!(%error, "failed to give the lease back");
    }
    Ok(())
}

async fn work(
    options: &Options,
    client: Client,
    metrics: Arc<Metrics>,
    stop: CancellationToken,
) -> Result<(), Error> {
    let life = time::Duration::seconds(i64::from(options.own_certificate_seconds));
    let (authority, seal_key) = certificate::load_or_create(&client, &options.namespace, life).await?;
    let (publish_keys, cluster_keys) = watch::channel(cluster_keys::fetch(&client).await?);
    let reporter = Reporter {
        controller: "brazier".to_string(),
        instance: Some(options.identity.clone()),
    };
    let context = Arc::new(Context {
        recorder: Recorder::new(client.clone(), reporter),
        images: Images::from(options),
        cluster_domain: options.cluster_domain.clone(),
        namespace: options.namespace.clone(),
        metrics_from: options.metrics_from.0.clone(),
        authority,
        seal_key,
        cluster_keys,
        enforcement: Enforcement::default(),
        backoff: Backoff::default(),
        metrics,
        client: client.clone(),
    });
    let following = tokio::spawn(cluster_keys::follow(client, publish_keys));
    controllers::run(context, &stop).await;
    following.abort();
    Ok(())
}
