//! Desired → applied: the foundation, then the connectors.

use k8s_openapi::api::apps::v1::Deployment;

use super::{build::DesiredObjects, validate::ValidatedIotConnector};
use crate::{
    apply::apply_as,
    context::Context,
    rollout::{self, Error},
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
    let refused = rollout::lay(foundation, &connector.owner, context).await?;
    let deployment = apply_as(&context.client, &connector.owner, deployment).await?;
    match refused {
        Some(error) => Err(error),
        None => Ok(Applied { deployment }),
    }
}
