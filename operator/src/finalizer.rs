//! Our finalizer: an object that carries it goes only once what outlives it has been seen to.

use kube::{
    Api, Resource, ResourceExt,
    api::{Patch, PatchParams},
    core::DeserializeGuard,
};
use serde_json::json;

use crate::{
    context::Context,
    labels::MANAGER,
    reconcile::Kind,
    request::{self, RequestError},
};

/// The finalizer's name, as it stands in `metadata.finalizers`.
pub const FINALIZER: &str = "brazier.dev/cleanup";

/// Whether the object carries it.
pub fn is_on(object: &impl Resource) -> bool {
    object.finalizers().iter().any(|finalizer| finalizer == FINALIZER)
}

/// Puts it on, unless it is, before anything is made for the object.
///
/// # Errors
/// If the request fails.
pub async fn ensure<K: Kind>(object: &K, context: &Context) -> Result<(), RequestError> {
    if is_on(object) {
        return Ok(());
    }
    write(object, context, &[FINALIZER]).await
}

/// Takes it off, and so lets the object go.
///
/// # Errors
/// If the request fails.
pub async fn remove<K: Kind>(object: &K, context: &Context) -> Result<(), RequestError> {
    write(object, context, &[]).await
}

/// Our finalizers are what we last applied: applying none takes ours off and leaves those of others.
async fn write<K: Kind>(object: &K, context: &Context, finalizers: &[&str]) -> Result<(), RequestError> {
    let namespace = object.namespace().unwrap_or_default();
    let name = object.name_any();
    let api: Api<DeserializeGuard<K>> = Api::namespaced(context.client.clone(), &namespace);
    let document = json!({
        "apiVersion": K::api_version(&()),
        "kind": K::kind(&()),
        // The uid makes sure that one that is gone is not made anew by this.
        "metadata": {"name": name, "namespace": namespace, "uid": object.uid(), "finalizers": finalizers},
    });
    let parameters = PatchParams::apply(&format!("{MANAGER}-finalizer")).force();
    match api.patch(&name, &parameters, &Patch::Apply(&document)).await {
        Ok(_) => Ok(()),
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
        Err(source) => Err(request::write(format!("finalizers of {} {name}", K::kind(&())))(
            source,
        )),
    }
}
