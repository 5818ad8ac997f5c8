//! What is left to do when a FhirService is deleted. Most objects go by themselves, with their owner; volumes,
//! database passwords and Patroni's state stay, unless `deletionPolicy: Delete` says otherwise.

use std::time::Duration;

use brazier_crds::{FhirService, fhir_service::DeletionPolicy, role_assignment::ScopeKind};
use k8s_openapi::api::{
    apps::v1::StatefulSet,
    core::v1::{ConfigMap, PersistentVolumeClaim, Secret},
};
use kube::{
    Api, Resource, ResourceExt,
    api::{DeleteParams, ListParams, Patch, PatchParams},
    core::{DeserializeGuard, NamespaceResourceScope},
    runtime::controller::Action,
};
use serde::de::DeserializeOwned;
use serde_json::json;

use super::{
    names::{DatabaseUser, Names},
    validate,
};
use crate::{
    access,
    context::Context,
    error::Error,
    labels::{self, Component, MANAGER},
    manifest::Owner,
    pod,
};

/// Name of our finalizer.
pub const FINALIZER: &str = "brazier.dev/cleanup";
/// How soon to look again whether the database has ended.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Puts the finalizer on, before anything is made.
///
/// # Errors
/// If the request fails.
pub async fn ensure_finalizer(service: &FhirService, context: &Context) -> Result<(), Error> {
    if service
        .finalizers()
        .iter()
        .any(|finalizer| finalizer == FINALIZER)
    {
        return Ok(());
    }
    write_finalizers(service, context, &[FINALIZER]).await
}

/// Ends what has to end, and lets the object go.
///
/// # Errors
/// If a request fails.
pub async fn cleanup(service: &FhirService, context: &Context) -> Result<Action, Error> {
    let owner = validate::owner(service)?;
    if !service
        .finalizers()
        .iter()
        .any(|finalizer| finalizer == FINALIZER)
    {
        return Ok(Action::await_change());
    }
    if service.spec.deletion_policy == DeletionPolicy::Delete && !delete_data(&owner, context).await? {
        return Ok(Action::requeue(LOOK_AGAIN));
    }
    write_finalizers(service, context, &[]).await?;
    context
        .enforcement
        .forget(&access::scope(&owner, ScopeKind::FhirService));
    context.backoff.forget(&super::key(service));
    Ok(Action::await_change())
}

/// Deletes the data; false while the database still runs, which would make its ConfigMaps again and hold its
/// volumes.
async fn delete_data(owner: &Owner, context: &Context) -> Result<bool, Error> {
    let names = Names::of(owner);
    delete_if_ours::<StatefulSet>(owner, context, &names.database()).await?;
    let pods = pod::list(
        &context.client,
        &owner.namespace,
        &owner.name,
        Component::Database,
    )
    .await?;
    if !pods.is_empty() {
        return Ok(false);
    }
    let claims: Api<PersistentVolumeClaim> = Api::namespaced(context.client.clone(), &owner.namespace);
    let selector = labels::selector_text(&owner.name, Component::Database);
    let found = claims
        .list(&ListParams::default().labels(&selector))
        .await
        .map_err(|source| Error::Read {
            what: "PersistentVolumeClaims".to_string(),
            source,
        })?;
    for claim in found.items {
        delete::<PersistentVolumeClaim>(owner, context, &claim.name_any()).await?;
    }
    for name in names.patroni_state() {
        delete::<ConfigMap>(owner, context, &name).await?;
    }
    for user in DatabaseUser::ALL {
        delete::<Secret>(owner, context, &names.password(user)).await?;
    }
    Ok(true)
}

async fn delete_if_ours<K>(owner: &Owner, context: &Context, name: &str) -> Result<(), Error>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>
        + Clone
        + DeserializeOwned
        + std::fmt::Debug,
{
    let api: Api<K> = Api::namespaced(context.client.clone(), &owner.namespace);
    let what = format!("{} {name}", K::kind(&()));
    let live = api
        .get_opt(name)
        .await
        .map_err(|source| Error::Read { what, source })?;
    let ours = live.is_some_and(|live| {
        live.meta().deletion_timestamp.is_none()
            && live.owner_references().iter().any(|one| one.uid == owner.uid)
    });
    if ours {
        delete::<K>(owner, context, name).await
    } else {
        Ok(())
    }
}

async fn delete<K>(owner: &Owner, context: &Context, name: &str) -> Result<(), Error>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>
        + Clone
        + DeserializeOwned
        + std::fmt::Debug,
{
    let api: Api<K> = Api::namespaced(context.client.clone(), &owner.namespace);
    match api.delete(name, &DeleteParams::background()).await {
        Ok(_) => Ok(()),
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
        Err(source) => Err(Error::Delete {
            what: format!("{} {name}", K::kind(&())),
            source,
        }),
    }
}

/// Our finalizers are what we last applied: applying none takes ours off and leaves those of others.
async fn write_finalizers(
    service: &FhirService,
    context: &Context,
    finalizers: &[&str],
) -> Result<(), Error> {
    let namespace = service.namespace().unwrap_or_default();
    let name = service.name_any();
    let api: Api<DeserializeGuard<FhirService>> = Api::namespaced(context.client.clone(), &namespace);
    let document = json!({
        "apiVersion": FhirService::api_version(&()),
        "kind": FhirService::kind(&()),
        // The uid makes sure that one that is gone is not made anew by this.
        "metadata": {"name": name, "namespace": namespace, "uid": service.uid(), "finalizers": finalizers},
    });
    let parameters = PatchParams::apply(&format!("{MANAGER}-finalizer")).force();
    match api.patch(&name, &parameters, &Patch::Apply(&document)).await {
        Ok(_) => Ok(()),
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
        Err(source) => Err(Error::Write {
            what: format!("finalizers of FhirService {name}"),
            source,
        }),
    }
}
