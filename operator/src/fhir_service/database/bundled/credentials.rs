//! Passwords and certificate of a bundled database: made when they are missing, renewed when they are due.

use std::time::Duration;

use k8s_openapi::api::core::v1::{ConfigMap, PersistentVolumeClaim};
use kube::Api;

use super::{Bundled, user::DatabaseUser};
use crate::{
    apply,
    context::Context,
    credential::{self, Error},
    request,
};

/// Makes sure of all of them, and says how long the certificate is good.
///
/// # Errors
/// If a request fails, or a Secret belongs to somebody else.
pub async fn ensure(database: &Bundled, context: &Context) -> Result<Duration, Error> {
    // None waits for another: what is refused of one must not keep the others from being made again.
    let certificate = credential::ensure_certificate(
        context,
        &database.owner,
        &database.names.certificate(),
        &database.names.certificate_names(&context.cluster_domain),
    )
    .await;
    passwords(database, context).await?;
    certificate
}

/// Makes the passwords that are not there, unless a database needs those that were.
async fn passwords(database: &Bundled, context: &Context) -> Result<(), Error> {
    let owner = &database.owner;
    let looks = DatabaseUser::ALL.map(|user| async move {
        let name = database.names.password(user);
        let is_there = credential::has_password(context, owner, &name).await?;
        Ok::<_, Error>((!is_there).then_some((user, name)))
    });
    let missing: Vec<_> = futures::future::try_join_all(looks)
        .await?
        .into_iter()
        .flatten()
        .collect();
    let Some((_, name)) = missing.first() else {
        return Ok(());
    };
    if let Some(data) = left_behind(database, context).await? {
        let name = name.clone();
        return Err(Error::Gone { name, data });
    }
    let makes = missing
        .iter()
        .map(|(user, name)| credential::make_password(context, owner, name, user.username()));
    futures::future::try_join_all(makes).await?;
    Ok(())
}

/// What a database of this name has left, or one that runs has: its passwords have to be those of before. Whoever lays
/// out a volume or Patroni's state beforehand gets no database on top of it.
async fn left_behind(database: &Bundled, context: &Context) -> Result<Option<String>, Error> {
    let (client, namespace) = (&context.client, &database.owner.namespace);
    let claims: Api<PersistentVolumeClaim> = Api::namespaced(client.clone(), namespace);
    for name in database.names.volumes(database.instances) {
        if let Some(claim) = request::find(&claims, &name).await? {
            let what = format!("PersistentVolumeClaim {name}");
            // The data of a service deleted a moment ago is on its way out.
            return match claim.metadata.deletion_timestamp {
                Some(_) => Err(Error::NotOurs(apply::Error::StillThere { what })),
                None => Ok(Some(what)),
            };
        }
    }
    let maps: Api<ConfigMap> = Api::namespaced(client.clone(), namespace);
    for name in database.names.patroni_state() {
        if request::find(&maps, &name).await?.is_some() {
            return Ok(Some(format!("ConfigMap {name}")));
        }
    }
    Ok(None)
}
