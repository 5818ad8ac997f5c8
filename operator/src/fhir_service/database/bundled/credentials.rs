//! Passwords and certificate of a bundled database: made when they are missing, renewed when they are due.

use std::time::Duration;

use super::{Bundled, user::DatabaseUser};
use crate::{
    context::Context,
    credential::{self, Error},
};

/// Makes sure of all of them, and says how long the certificate is good.
///
/// # Errors
/// If a request fails, or a Secret belongs to somebody else.
pub async fn ensure(database: &Bundled, context: &Context) -> Result<Duration, Error> {
    let passwords = DatabaseUser::ALL.map(|user| async move {
        let name = database.names.password(user);
        credential::ensure_password(&context.client, &database.owner, &name, user.username()).await
    });
    futures::future::try_join_all(passwords).await?;
    credential::ensure_certificate(
        context,
        &database.owner,
        &database.names.certificate(),
        &database.names.certificate_names(&context.cluster_domain),
    )
    .await
}
