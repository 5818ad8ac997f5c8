//! The certificate of an IotConnector: made when it is missing, renewed when it is due.

use std::time::Duration;

use super::validate::ValidatedIotConnector;
use crate::{
    context::Context,
    credential::{self, Error},
};

/// Makes sure of it, and says how long it is good.
///
/// # Errors
/// If a request fails, or the Secret belongs to somebody else.
pub async fn ensure(connector: &ValidatedIotConnector, context: &Context) -> Result<Duration, Error> {
    credential::ensure_certificate(
        context,
        &connector.owner,
        &connector.names.certificate(),
        &connector.names.certificate_names(&context.cluster_domain),
    )
    .await
}
