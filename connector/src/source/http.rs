//! The HTTP source: `POST /` with one message or many. The answer comes when everything is stored, and says what became of each
//! message. With 503 nothing is acknowledged: the sender keeps its messages and sends them again.

mod body;
mod coding;
mod elements;
mod problem;
mod request;

use std::sync::Arc;

use brazier_service::listen::{FollowedTls, ListenError, Listener, TlsError};
use tokio::task::JoinSet;

use super::{Running, Source};
use crate::access::Access;
use crate::compatibility::Compatibility;
use crate::configuration;
use crate::intake::Intake;
use crate::metrics::Metrics;
use request::Requests;

/// An address that devices and gateways push to.
pub struct HttpSource {
    listener: Listener,
    /// Who may push.
    access: Arc<Access>,
    compatibility: Compatibility,
    metrics: Arc<Metrics>,
}

/// Why nobody can push.
#[derive(Debug, thiserror::Error)]
pub enum HttpSourceError {
    /// The certificate, its key or an authority cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The address is in use, or not ours.
    #[error(transparent)]
    Listen(#[from] ListenError),
}

impl HttpSource {
    /// Listens, but takes nothing yet.
    pub async fn bind(
        settings: configuration::HttpSource,
        compatibility: Compatibility,
        metrics: Arc<Metrics>,
    ) -> Result<Self, HttpSourceError> {
        let tls = settings.tls.map(|files| FollowedTls::load(files, None));
        let listener = Listener::bind("source", settings.listen, tls.transpose()?).await?;
        let access = settings
            .authentication
            .map_or_else(Access::of_everybody, Access::new);
        Ok(Self {
            listener,
            access: Arc::new(access),
            compatibility,
            metrics,
        })
    }

    /// Follows the files that it was given, for as long as the value lives.
    fn follow(&self) -> JoinSet<()> {
        let mut followers = JoinSet::new();
        let access = Arc::clone(&self.access);
        followers.spawn(async move { access.follow().await });
        followers
    }
}

impl Source for HttpSource {
    async fn run<I: Intake>(self, running: Running<I>) {
        let Running {
            intake,
            connected,
            drain,
        } = running;
        let _followers = self.follow();
        let listeners = self.metrics.listeners();
        let requests = Requests::new(intake, self.access, self.compatibility, self.metrics);
        connected.send_replace(true);
        self.listener.run(requests.router(), listeners, drain).await;
        connected.send_replace(false);
    }
}

#[cfg(test)]
mod tests;
