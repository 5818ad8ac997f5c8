//! What is there: the connectors' pods, and what the connectors say of themselves. Everything that status is computed from.

use k8s_openapi::api::apps::v1::Deployment;

use super::{
    connector_status::{self, Answers},
    rollout::Applied,
    validate::ValidatedIotConnector,
};
use crate::{
    context::Context,
    labels::Component,
    pod::{self, PodSummary},
    request::RequestError,
};

/// What was seen.
#[derive(Clone, Debug)]
pub struct Observed {
    /// The connectors' Deployment.
    pub deployment: Deployment,
    /// The pods of that Deployment, in the order of their names.
    pub pods: Vec<PodSummary>,
    /// What the pods say.
    pub answers: Answers,
}

/// Looks, and asks the pods.
///
/// # Errors
/// If a request to the API server fails. A pod that does not answer is told in what is returned.
pub async fn observe(
    connector: &ValidatedIotConnector,
    applied: Applied,
    context: &Context,
) -> Result<Observed, RequestError> {
    let Applied { deployment } = applied;
    let (namespace, instance) = (&connector.owner.namespace, &connector.owner.name);
    let pods = pod::list(&context.client, namespace, instance, Component::Connector).await?;
    let answers = connector_status::ask(&pods).await;
    Ok(Observed {
        deployment,
        pods,
        answers,
    })
}
