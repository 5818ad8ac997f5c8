//! Desired → applied: the foundation, then the connectors; then what those of before have left goes.

use k8s_openapi::api::apps::v1::Deployment;

use super::{build::DesiredObjects, validate::ValidatedIotConnector};
use crate::{
    apply::apply_as,
    context::Context,
    rollout::{self, Error, superseded},
};

/// What came of it.
#[derive(Clone, Debug)]
pub struct Applied {
    /// The connectors' Deployment.
    pub deployment: Deployment,
}

/// Applies everything.
///
/// # Errors
/// If an object cannot be applied or deleted; those that do not stand on it are.
pub async fn roll_out(
    connector: &ValidatedIotConnector,
    objects: &DesiredObjects,
    context: &Context,
) -> Result<Applied, Error> {
    let DesiredObjects {
        foundation,
        deployment,
    } = objects;
    let (owner, configurations) = (&connector.owner, connector.names.configurations());
    let refused = rollout::lay(foundation, owner, context).await?;
    let deployment = apply_as(&context.client, owner, deployment).await?;
    if let Some(error) = refused {
        return Err(error);
    }
    superseded::delete(&deployment, &configurations, owner, context).await?;
    Ok(Applied { deployment })
}
