//! What is there: pods, and what the applied objects say of themselves. Everything that status is computed from.

use k8s_openapi::api::apps::v1::Deployment;
use kube::Api;

use super::{
    database::report::DatabaseReport,
    rollout::{Applied, Migration},
    validate::ValidatedFhirService,
};
use crate::{
    context::Context,
    delete,
    labels::Component,
    pod::{self, PodSummary},
    request::{self, RequestError},
};

/// What was seen.
#[derive(Clone, Debug)]
pub struct Observed {
    /// What the database says of itself.
    pub database: DatabaseReport,
    /// How the migration stands.
    pub migration: Migration,
    /// The servers' Deployment.
    pub server: Option<Deployment>,
    /// The pods of that Deployment, in the order of their names.
    pub server_pods: Vec<PodSummary>,
}

/// Looks.
///
/// # Errors
/// If a request fails.
pub async fn observe(
    service: &ValidatedFhirService,
    applied: &Applied,
    context: &Context,
) -> Result<Observed, RequestError> {
    let (namespace, instance) = (&service.owner.namespace, &service.owner.name);
    let server = match &applied.server {
        Some(server) => Some(server.clone()),
        // Its turn has not come, but one of before may be there and serve.
        None => {
            let deployments: Api<Deployment> = Api::namespaced(context.client.clone(), namespace);
            let live = request::find(&deployments, &service.names.server()).await?;
            live.filter(|live| delete::is_owned(&live.metadata, &service.owner))
        }
    };
    Ok(Observed {
        database: applied.database.observe(context).await?,
        migration: applied.migration.clone(),
        server,
        server_pods: pod::list(&context.client, namespace, instance, Component::Server).await?,
    })
}
