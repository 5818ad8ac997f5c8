//! Pushes the policy to every ready replica over mutual TLS and takes their answers. A mounted file would reach
//! them too, but only within a minute and without anybody knowing when.

use std::{collections::HashMap, net::SocketAddr, time::Duration};

use brazier_access::policy::PolicyDocument;
use futures::StreamExt;
use serde::Deserialize;
use time::OffsetDateTime;

use super::enforcement::{Progress, Replica, ScopeKey, hashes};
use crate::{
    certificate::{self, Authority},
    context::Context,
    pod::PodSummary,
};

/// Port on which servers take policies.
pub const ADMIN_PORT: u16 = 8444;
const TIMEOUT: Duration = Duration::from_secs(3);

#[derive(Deserialize)]
struct Answer {
    version: String,
}

/// Why a replica does not enforce the policy.
#[derive(Debug, thiserror::Error)]
enum PushError {
    #[error("its address cannot be read: {0}")]
    Address(#[from] std::net::AddrParseError),
    #[error("it did not answer")]
    Request(#[from] reqwest::Error),
    #[error("it answered {0}")]
    Refused(reqwest::StatusCode),
    #[error("it still enforces policy version {0}")]
    Other(String),
    #[error("the operator has no certificate to show")]
    Certificate(#[from] certificate::Error),
}

/// Pushes `policy` to those of `pods` that have not acknowledged it, and publishes how far it has come.
pub async fn push(
    context: &Context,
    scope: &ScopeKey,
    host: &str,
    pods: &[PodSummary],
    policy: &PolicyDocument,
) -> Progress {
    let ready: Vec<&PodSummary> = pods.iter().filter(|pod| pod.ready).collect();
    let asking: Vec<_> = ready
        .iter()
        .map(|pod| acknowledgement(context, scope, host, pod, policy))
        .collect();
    let answers: Vec<(Replica, Option<String>)> = futures::stream::iter(asking).buffered(16).collect().await;
    let problem = answers.iter().find_map(|(_, problem)| problem.clone());
    let enforcing: HashMap<Replica, String> = answers
        .into_iter()
        .filter(|(_, problem)| problem.is_none())
        .map(|(replica, _)| (replica, policy.version.clone()))
        .collect();
    let progress = Progress {
        assignments: hashes(policy),
        ready: ready.len(),
        enforcing: enforcing.len(),
        problem,
    };
    context.enforcement.acknowledge(scope, enforcing);
    context.enforcement.publish(scope, progress.clone());
    progress
}

/// Whether one replica enforces the policy, after pushing it if need be; if not, why.
async fn acknowledgement(
    context: &Context,
    scope: &ScopeKey,
    host: &str,
    pod: &PodSummary,
    policy: &PolicyDocument,
) -> (Replica, Option<String>) {
    let replica = (pod.uid.clone(), pod.container_id.clone());
    if context
        .enforcement
        .has_acknowledged(scope, &replica, &policy.version)
    {
        return (replica, None);
    }
    let address = pod.address.as_deref().unwrap_or_default();
    let pushed = push_one(&context.authority, host, address, policy).await;
    context.metrics.pushed(pushed.is_ok());
    let problem = pushed
        .err()
        .map(|error| format!("pod {}: {}", pod.name, brazier_service::telemetry::chain(&error)));
    if let Some(problem) = &problem {
        tracing::warn!(
            namespace = scope.namespace,
            service = scope.name,
            problem,
            "a policy was not acknowledged"
        );
    }
    (replica, problem)
}

async fn push_one(
    authority: &Authority,
    host: &str,
    address: &str,
    policy: &PolicyDocument,
) -> Result<(), PushError> {
    let socket = SocketAddr::new(address.parse()?, ADMIN_PORT);
    let leaf = authority.client(OffsetDateTime::now_utc())?;
    let identity = format!("{}{}", leaf.certificate, leaf.key);
    // The name is the service's, so that its certificate is checked; the address is this replica's.
    let client = reqwest::Client::builder()
        .tls_certs_only(reqwest::Certificate::from_pem_bundle(
            authority.bundle.as_bytes(),
        )?)
        .identity(reqwest::Identity::from_pem(identity.as_bytes())?)
        .resolve(host, socket)
        .https_only(true)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(TIMEOUT)
        .build()?;
    let response = client
        .put(format!("https://{host}:{ADMIN_PORT}/access"))
        .json(policy)
        .send()
        .await?;
    if !response.status().is_success() {
        return Err(PushError::Refused(response.status()));
    }
    let answer: Answer = response.json().await?;
    if answer.version == policy.version {
        Ok(())
    } else {
        Err(PushError::Other(answer.version))
    }
}
