//! Writes a status, if it says something new, and tells of it by an event.

use brazier_crds::condition::{self, reason};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::{
    Api, Client, Resource, ResourceExt,
    api::{DynamicObject, Patch, PatchParams},
    core::{ApiResource, NamespaceResourceScope},
    runtime::events::EventType,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::{
    condition::{Conditions, Finding},
    context::Context,
    error::{Category, Failure, Verdict},
    event,
    labels::MANAGER,
    reconcile::Kind,
    request::{self, RequestError},
};

/// Why a status was not written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request failed.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The status was computed wrongly.
    #[error("{what} was computed wrongly: {source}")]
    Malformed {
        /// Whose status it is.
        what: String,
        /// What does not fit.
        source: serde_json::Error,
    },
}

impl Failure for Error {
    fn verdict(&self) -> Verdict {
        match self {
            Error::Request(error) => error.verdict(),
            Error::Malformed { .. } => Verdict::new(Category::Internal, reason::OPERATOR_FAULT),
        }
    }

    fn message(&self) -> String {
        match self {
            Error::Request(error) => error.message(),
            Error::Malformed { .. } => self.to_string(),
        }
    }
}

/// A status with conditions, as all kinds of ours have one.
pub trait Conditioned: Clone + Default + Serialize + Send + Sync {
    /// Its conditions, at most one of each type.
    fn conditions(&self) -> &[Condition];
    /// The generation of the spec that they are about.
    fn observed_generation(&self) -> Option<i64>;
    /// The same status with other conditions, about another generation.
    #[must_use]
    fn with_conditions(self, conditions: Vec<Condition>, generation: Option<i64>) -> Self;
}

/// Writes `status` of `object` if it says something new, and publishes an event when Ready or its reason changed.
///
/// # Errors
/// If the request fails.
pub async fn write<K>(context: &Context, object: &K, status: &K::Status) -> Result<(), Error>
where
    K: Kind,
{
    let what = format!("status of {} {}", K::kind(&()), object.name_any());
    let malformed = |source: serde_json::Error| Error::Malformed {
        what: what.clone(),
        source,
    };
    let status = serde_json::to_value(status).map_err(malformed)?;
    let before = object
        .status()
        .map(serde_json::to_value)
        .transpose()
        .map_err(malformed)?
        .unwrap_or_else(|| json!({}));
    if status == before {
        return Ok(());
    }
    patch::<K>(&context.client, object, &status)
        .await
        .map_err(request::write(what))?;
    if let Some((event_type, reason, message)) = news(&before, &status) {
        event::publish(
            context,
            &object.object_ref(&()),
            event_type,
            &reason,
            "Reconcile",
            message,
        )
        .await;
    }
    Ok(())
}

/// Applies `status` as it is. Fields that are no longer in it are taken out.
///
/// # Errors
/// If the request fails; an object that is gone is not an error.
pub async fn patch<K>(
    client: &Client,
    object: &impl Resource<DynamicType = ()>,
    status: &Value,
) -> Result<(), kube::Error>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>
        + Clone
        + DeserializeOwned
        + std::fmt::Debug,
{
    let metadata = object.meta();
    let (name, namespace) = (
        metadata.name.clone().unwrap_or_default(),
        metadata.namespace.clone().unwrap_or_default(),
    );
    let document = json!({
        "apiVersion": K::api_version(&()),
        "kind": K::kind(&()),
        "metadata": {"name": name, "namespace": namespace, "uid": metadata.uid},
        "status": status,
    });
    let api: Api<kube::core::DeserializeGuard<K>> = Api::namespaced(client.clone(), &namespace);
    match api
        .patch_status(
            &name,
            &PatchParams::apply(MANAGER).force(),
            &Patch::Apply(&document),
        )
        .await
    {
        Ok(_) => Ok(()),
        // Gone in the meantime, or gone and made again: nobody waits for this status.
        Err(kube::Error::Api(status)) if status.code == 404 || status.code == 409 => Ok(()),
        Err(error) => Err(error),
    }
}

/// The event that a change of Ready deserves.
fn news(before: &Value, status: &Value) -> Option<(EventType, String, String)> {
    let ready = find(status, condition::READY)?;
    let stalled = find(status, condition::STALLED).is_some_and(|one| one.status == "True");
    if let Some(before) = find(before, condition::READY)
        && before.status == ready.status
        && before.reason == ready.reason
    {
        return None;
    }
    let event_type = if stalled {
        EventType::Warning
    } else {
        EventType::Normal
    };
    let reason = if ready.status == "True" {
        condition::READY.to_string()
    } else {
        ready.reason
    };
    Some((event_type, reason, ready.message))
}

fn find(status: &Value, type_: &str) -> Option<Condition> {
    status["conditions"]
        .as_array()?
        .iter()
        .find(|one| one["type"] == json!(type_))
        .and_then(|one| serde_json::from_value(one.clone()).ok())
}

/// Tells in the status of an object that does not fit its type what does not fit.
pub async fn write_unreadable<K>(
    context: &Context,
    object: &kube::core::DeserializeGuard<K>,
    error: &impl Failure,
) where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>
        + Clone
        + DeserializeOwned
        + std::fmt::Debug,
{
    let metadata = object.meta();
    let (name, namespace) = (
        metadata.name.clone().unwrap_or_default(),
        metadata.namespace.clone().unwrap_or_default(),
    );
    let api: Api<DynamicObject> =
        Api::namespaced_with(context.client.clone(), &namespace, &ApiResource::erase::<K>(&()));
    let before = match api.get_opt(&name).await {
        Ok(Some(live)) => live.data["status"].clone(),
        Ok(None) => return,
        Err(error) => return tracing::warn!(%error, "failed to read an object that does not fit its type"),
    };
    let conditions: Vec<Condition> = serde_json::from_value(before["conditions"].clone()).unwrap_or_default();
    let ready = Finding::no(error.verdict().reason, error.message());
    let conditions =
        Conditions::new(&conditions, metadata.generation, Timestamp::now()).with_ready(&ready, true);
    let status = json!({"observedGeneration": metadata.generation, "conditions": conditions.finish()});
    if status == before {
        return;
    }
    if let Err(error) = patch::<K>(&context.client, object, &status).await {
        tracing::warn!(%error, "failed to write the status of an object that does not fit its type");
    }
}
