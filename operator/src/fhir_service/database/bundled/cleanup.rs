//! Deletes what outlives a FhirService with a bundled database: volumes, passwords and Patroni's state.

use k8s_openapi::api::{
    apps::v1::StatefulSet,
    core::v1::{ConfigMap, PersistentVolumeClaim, Secret},
};
use kube::{Api, api::ListParams};
use serde_json::Value;

use super::{names::Names, user::DatabaseUser};
use crate::{
    context::Context,
    delete::{self, Error, Mark},
    labels::{self, Component},
    manifest::Owner,
    pod, request,
};

/// Deletes the data; false while the database still runs, which would make its ConfigMaps again and hold its
/// volumes.
///
/// # Errors
/// If something could not be deleted.
pub async fn delete_data(owner: &Owner, context: &Context) -> Result<bool, Error> {
    let (client, namespace) = (&context.client, &owner.namespace);
    let names = Names::of(owner);
    let sets: Api<StatefulSet> = Api::namespaced(client.clone(), namespace);
    delete::named(&sets, &(), owner, &Mark::Owned, &names.database()).await?;
    let pods = pod::list(client, namespace, &owner.name, Component::Database).await?;
    if !pods.is_empty() {
        return Ok(false);
    }
    // Volumes are made by Kubernetes and ConfigMaps by Patroni, with labels that we told them.
    let told = Mark::Labelled(labels::selector(&owner.name, Component::Database));
    let claims: Api<PersistentVolumeClaim> = Api::namespaced(client.clone(), namespace);
    let selector = labels::selector_text(&owner.name, Component::Database);
    let found = claims
        .list(&ListParams::default().labels(&selector))
        .await
        .map_err(request::read("PersistentVolumeClaims"))?;
    for claim in &found.items {
        delete::seen(&claims, &(), owner, &told, claim).await?;
    }
    let maps: Api<ConfigMap> = Api::namespaced(client.clone(), namespace);
    for name in names.patroni_state() {
        delete::named(&maps, &(), owner, &told, &name).await?;
    }
    let ours = Mark::Labelled(Value::Object(labels::application(&owner.name, owner.application)));
    let secrets: Api<Secret> = Api::namespaced(client.clone(), namespace);
    for user in DatabaseUser::ALL {
        delete::named(&secrets, &(), owner, &ours, &names.password(user)).await?;
    }
    Ok(true)
}
