//! Leader election by a Lease: one replica works, the others wait.
//!
//! Every write carries the resourceVersion that was read, so of two that try at once one is refused. A holder that
//! cannot renew in time stops by itself, before the others may take over.

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::{
    api::coordination::v1::{Lease, LeaseSpec},
    apimachinery::pkg::apis::meta::v1::MicroTime,
};
use kube::{
    Api, Client,
    api::{ObjectMeta, PostParams},
};
use tokio::time::Instant;

use crate::labels::MANAGER;

/// Name of the Lease.
const NAME: &str = "brazier-operator";
/// How long a lease holds without renewal.
const DURATION: Duration = Duration::from_secs(15);
/// How long the holder tries to renew before it stops: less than the duration, by more than clocks may differ.
const RENEW_DEADLINE: Duration = Duration::from_secs(10);
const RETRY: Duration = Duration::from_secs(2);

/// One replica that wants to lead.
pub struct Candidate {
    leases: Api<Lease>,
    identity: String,
    /// The last record that was seen, and when: whether a lease has ended is judged by our own clock alone.
    seen: Option<(Option<String>, Option<MicroTime>, Instant)>,
}

impl Candidate {
    /// A candidate for the Lease of `namespace`. The identity must differ from that of every other process.
    pub fn new(client: Client, namespace: &str, identity: &str) -> Self {
        Candidate {
            leases: Api::namespaced(client, namespace),
            identity: identity.to_string(),
            seen: None,
        }
    }

    /// Returns once this replica leads.
    pub async fn acquire(&mut self) {
        loop {
            match self.try_acquire().await {
                Ok(true) => return,
                Ok(false) => {}
                Err(error) => tracing::warn!(%error, "failed to acquire the lease"),
            }
            tokio::time::sleep(RETRY).await;
        }
    }

    /// Keeps leading, and returns when that is lost.
    pub async fn hold(&mut self) {
        let mut renewed = Instant::now();
        while renewed.elapsed() < RENEW_DEADLINE {
            tokio::time::sleep(RETRY).await;
            let left = RENEW_DEADLINE.saturating_sub(renewed.elapsed());
            match tokio::time::timeout(left, self.try_acquire()).await {
                Ok(Ok(true)) => renewed = Instant::now(),
                Ok(Ok(false)) => return,
                Ok(Err(error)) => tracing::warn!(%error, "failed to renew the lease"),
                Err(_) => return,
            }
        }
    }

    /// Gives the lease back, so that the next one need not wait for its end.
    ///
    /// # Errors
    /// If a request fails; the lease then ends by itself.
    pub async fn release(&mut self) -> Result<(), kube::Error> {
        let mut lease = self.leases.get(NAME).await?;
        if let Some(spec) = lease
            .spec
            .as_mut()
            .filter(|spec| spec.holder_identity.as_deref() == Some(&self.identity))
        {
            spec.holder_identity = Some(String::new());
            spec.lease_duration_seconds = Some(1);
            self.leases.replace(NAME, &parameters(), &lease).await?;
        }
        Ok(())
    }

    /// Takes or renews the lease, unless another replica holds it.
    async fn try_acquire(&mut self) -> Result<bool, kube::Error> {
        let now = MicroTime(Timestamp::now());
        let Some(mut lease) = self.leases.get_opt(NAME).await? else {
            let lease = Lease {
                metadata: ObjectMeta {
                    name: Some(NAME.to_string()),
                    ..ObjectMeta::default()
                },
                spec: Some(self.record(now, None)),
            };
            return won(self.leases.create(&parameters(), &lease).await);
        };
        let held = lease.spec.clone().unwrap_or_default();
        if !self.may_take(&held) {
            return Ok(false);
        }
        lease.spec = Some(self.record(now, Some(&held)));
        won(self.leases.replace(NAME, &parameters(), &lease).await)
    }

    /// Whether the lease is ours, nobody's, or has not been renewed for its duration while we watched.
    fn may_take(&mut self, held: &LeaseSpec) -> bool {
        let holder = held.holder_identity.clone().filter(|holder| !holder.is_empty());
        if holder.as_deref().is_none_or(|holder| holder == self.identity) {
            return true;
        }
        let record = (holder, held.renew_time.clone());
        match &self.seen {
            Some((holder, renewed, since)) if (holder, renewed) == (&record.0, &record.1) => {
                let duration = held
                    .lease_duration_seconds
                    .and_then(|seconds| u64::try_from(seconds).ok());
                since.elapsed() > duration.map_or(DURATION, Duration::from_secs)
            }
            _ => {
                self.seen = Some((record.0, record.1, Instant::now()));
                false
            }
        }
    }

    fn record(&self, now: MicroTime, held: Option<&LeaseSpec>) -> LeaseSpec {
        let ours = held.filter(|held| held.holder_identity.as_deref() == Some(&self.identity));
        let transitions = held.and_then(|held| held.lease_transitions).unwrap_or_default();
        LeaseSpec {
            holder_identity: Some(self.identity.clone()),
            lease_duration_seconds: i32::try_from(DURATION.as_secs()).ok(),
            acquire_time: ours
                .and_then(|held| held.acquire_time.clone())
                .or(Some(now.clone())),
            renew_time: Some(now),
            lease_transitions: Some(if ours.is_some() {
                transitions
            } else {
                transitions.saturating_add(1)
            }),
            ..LeaseSpec::default()
        }
    }
}

fn parameters() -> PostParams {
    PostParams {
        field_manager: Some(MANAGER.to_string()),
        ..PostParams::default()
    }
}

/// A conflict means that another replica was faster.
fn won(answer: Result<Lease, kube::Error>) -> Result<bool, kube::Error> {
    match answer {
        Ok(_) => Ok(true),
        Err(kube::Error::Api(status)) if status.code == 409 => Ok(false),
        Err(error) => Err(error),
    }
}
