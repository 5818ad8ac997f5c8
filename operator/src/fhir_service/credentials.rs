//! Passwords and certificates of a FhirService: made when they are missing, renewed when they are due. They are not
//! built with the other objects, since they need random numbers and the clock.

use std::time::Duration;

use super::{names::DatabaseUser, validate::ValidatedFhirService};
use crate::{context::Context, credential, error::Error};

/// Makes sure of all of them, and says how long the certificates are good.
///
/// # Errors
/// If a request fails, or a Secret belongs to somebody else.
pub async fn ensure(service: &ValidatedFhirService, context: &Context) -> Result<Duration, Error> {
    let passwords = DatabaseUser::ALL.map(|user| async move {
        let name = service.names.password(user);
        credential::ensure_password(&context.client, &service.owner, &name, user.username()).await
    });
    futures::future::try_join_all(passwords).await?;
    let certificates = [
        (
            service.names.server_certificate(),
            service.names.server_certificate_names(&context.cluster_domain),
        ),
        (
            service.names.database_certificate(),
            service.names.database_certificate_names(&context.cluster_domain),
        ),
    ];
    let mut good_for = Duration::MAX;
    for (secret, names) in certificates {
        let left = credential::ensure_certificate(
            &context.client,
            &context.authority,
            &service.owner,
            &secret,
            &names,
        )
        .await?;
        good_for = good_for.min(Duration::try_from(left).unwrap_or_default());
    }
    Ok(good_for)
}
