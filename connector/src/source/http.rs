//! The HTTP source: `POST /` with one message or many. The answer comes when everything is stored, and says what became of each
//! message. With 503 nothing is acknowledged: the sender keeps its messages and sends them again.

mod body;
mod problem;
mod request;

use std::net::SocketAddr;
use std::sync::Arc;

use brazier_service::trust::TrustError;
use tokio::task::JoinSet;

use super::listener::{FollowedTls, Listener};
use super::{Running, Source};
use crate::access_policy::AccessPolicy;
use crate::authentication::Authenticator;
use crate::compatibility::Compatibility;
use crate::configuration;
use crate::intake::Intake;
use crate::metrics::Metrics;
use request::Requests;

/// An address that devices and gateways push to.
pub struct HttpSource {
    listener: Listener,
    tls: Option<Arc<FollowedTls>>,
    access: Option<Access>,
    compatibility: Compatibility,
    metrics: Arc<Metrics>,
}

/// Who may push.
#[derive(Clone)]
struct Access {
    authenticator: Arc<Authenticator>,
    policy: Arc<AccessPolicy>,
}

/// Why nobody can push.
#[derive(Debug, thiserror::Error)]
pub enum HttpSourceError {
    /// The certificate.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// The address is in use, or not ours.
    #[error("failed to listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
}

impl HttpSource {
    /// Listens, but takes nothing yet.
    pub async fn bind(
        settings: configuration::HttpSource,
        compatibility: Compatibility,
        metrics: Arc<Metrics>,
    ) -> Result<Self, HttpSourceError> {
        let address = settings.listen;
        let failed = |source| HttpSourceError::Listen { address, source };
        let tls = settings.tls.map(FollowedTls::load).transpose()?.map(Arc::new);
        let listener = Listener::bind(address, tls.clone()).await.map_err(failed)?;
        let address = listener.address().map_err(failed)?;
        tracing::info!(listener = "source", %address, tls = tls.is_some(), "listening");
        let access = settings.authentication.map(|settings| Access {
            authenticator: Arc::new(Authenticator::new(settings.kubernetes)),
            policy: Arc::new(AccessPolicy::new(settings.access_file)),
        });
        Ok(Self {
            listener,
            tls,
            access,
            compatibility,
            metrics,
        })
    }

    /// Follows the files that it was given, for as long as the value lives.
    fn follow(&self) -> JoinSet<()> {
        let mut followers = JoinSet::new();
        if let Some(tls) = self.tls.clone() {
            followers.spawn(async move { tls.follow().await });
        }
        if let Some(Access {
            authenticator,
            policy,
        }) = self.access.clone()
        {
            followers.spawn(async move { authenticator.follow().await });
            followers.spawn(async move { policy.follow().await });
        }
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
        let requests = Requests::new(intake, self.access, self.compatibility, self.metrics);
        connected.send_replace(true);
        self.listener.run(requests.router(), drain).await;
        connected.send_replace(false);
    }
}

#[cfg(test)]
mod tests;
