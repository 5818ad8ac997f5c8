//! Passwords and certificates of a FhirService: made when they are missing, renewed when they are due. They are not
//! built with the other objects, since they need random numbers and the clock.

use std::time::Duration;

use super::validate::ValidatedFhirService;
use crate::{
    context::Context,
    credential::{self, Error},
};

/// Makes sure of all of them, and says how long the certificates are good.
///
/// # Errors
/// If a request fails, or a Secret belongs to somebody else.
pub async fn ensure(service: &ValidatedFhirService, context: &Context) -> Result<Duration, Error> {
    let database = service.database.ensure_credentials(context).await;
    let server = credential::ensure_certificate(
        context,
        &service.owner,
        &service.names.server_certificate(),
        &service.names.server_certificate_names(&context.cluster_domain),
    )
    .await;
    Ok(database?.min(server?))
}
