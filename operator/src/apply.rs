//! Desired → applied: the one place where objects are written, by server-side apply, and only when they are not
//! as wanted already. What belongs to somebody else is never taken over.

use brazier_crds::condition::reason;
use futures::{StreamExt, TryStreamExt};
use kube::{
    Api, Client,
    api::{DynamicObject, Patch, PatchParams},
    core::gvk::ParseGroupVersionError,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::{
    compare,
    error::{Category, Failure, Verdict},
    labels::MANAGER,
    manifest::{DesiredObject, Owner},
    request::{self, RequestError},
};

/// Why an object is not as it is wanted.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A request failed.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// An object of the name belongs to somebody else.
    #[error("{kind} {name} exists and {whose}: give this object another name, or delete that {kind}")]
    NameTaken {
        /// Kind of the object that exists.
        kind: String,
        /// Name of the object that exists.
        name: String,
        /// To whom it belongs.
        whose: String,
    },
    /// An object of the name is still going away.
    #[error("{what} of the same name is still being deleted")]
    StillThere {
        /// Kind and name.
        what: String,
    },
    /// The object in the cluster is not what its kind says.
    #[error("{what} cannot be read: {source}")]
    Unreadable {
        /// Kind and name.
        what: String,
        /// What does not fit.
        source: serde_json::Error,
    },
    /// The object that was built is of no kind.
    #[error("{what} was built wrongly: {source}")]
    Malformed {
        /// Kind and name.
        what: String,
        /// What does not fit.
        source: ParseGroupVersionError,
    },
}

impl Failure for Error {
    fn verdict(&self) -> Verdict {
        match self {
            Error::Request(error) => error.verdict(),
            Error::NameTaken { .. } => Verdict::new(Category::Invalid, reason::NAME_TAKEN),
            Error::StillThere { .. } => Verdict::new(Category::Passing, reason::IN_PROGRESS),
            Error::Unreadable { .. } => Verdict::new(Category::Unreadable, reason::UNREADABLE_OBJECT),
            Error::Malformed { .. } => Verdict::new(Category::Internal, reason::OPERATOR_FAULT),
        }
    }

    fn message(&self) -> String {
        match self {
            Error::Request(error) => error.message(),
            _ => self.to_string(),
        }
    }
}

/// Writes `desired` if it is not so already, and returns it as it is in the cluster.
///
/// # Errors
/// If the name is taken, if what had it is still going away, or if a request fails.
pub async fn apply(client: &Client, owner: &Owner, desired: &DesiredObject) -> Result<Value, Error> {
    let what = format!("{} {}", desired.kind(), desired.name());
    let resource = desired.resource().map_err(|source| Error::Malformed {
        what: what.clone(),
        source,
    })?;
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), &owner.namespace, &resource);
    let live = api
        .get_opt(desired.name())
        .await
        .map_err(request::read(&what))?
        .map(|object| to_value(&what, &object))
        .transpose()?;
    if let Some(live) = live {
        may_write(owner, desired.kind(), desired.name(), &live["metadata"])?;
        if compare::covers(&live, desired.manifest()) {
            return Ok(live);
        }
    }
    tracing::info!(namespace = owner.namespace, object = what, "applying");
    let parameters = PatchParams::apply(MANAGER).force().validation_strict();
    let applied = api
        .patch(desired.name(), &parameters, &Patch::Apply(desired.manifest()))
        .await
        .map_err(request::write(&what))?;
    to_value(&what, &applied)
}

/// The same, as what it is.
///
/// # Errors
/// As with `apply`, or if what is in the cluster cannot be read as a `K`.
pub async fn apply_as<K: DeserializeOwned>(
    client: &Client,
    owner: &Owner,
    desired: &DesiredObject,
) -> Result<K, Error> {
    let applied = apply(client, owner, desired).await?;
    serde_json::from_value(applied).map_err(|source| Error::Unreadable {
        what: format!("{} {}", desired.kind(), desired.name()),
        source,
    })
}

/// Applies objects that do not depend on each other, in order, and returns them in the same order.
///
/// # Errors
/// At the first that cannot be applied.
pub async fn apply_all(
    client: &Client,
    owner: &Owner,
    desired: &[DesiredObject],
) -> Result<Vec<Value>, Error> {
    let writes: Vec<_> = desired
        .iter()
        .map(|object| apply(client, owner, object))
        .collect();
    futures::stream::iter(writes).buffered(8).try_collect().await
}

fn to_value(what: &str, object: &DynamicObject) -> Result<Value, Error> {
    serde_json::to_value(object).map_err(|source| Error::Unreadable {
        what: what.to_string(),
        source,
    })
}

/// Refuses to touch what somebody else made, and waits for what is on its way out.
///
/// # Errors
/// Says to whom it belongs, or that it is still there.
pub(crate) fn may_write(owner: &Owner, kind: &str, name: &str, metadata: &Value) -> Result<(), Error> {
    let references = metadata["ownerReferences"].as_array();
    let controller = references
        .into_iter()
        .flatten()
        .find(|one| one["controller"] == json!(true));
    let taken = |whose: String| Error::NameTaken {
        kind: kind.to_string(),
        name: name.to_string(),
        whose,
    };
    let still_there = || Error::StillThere {
        what: format!("{kind} {name}"),
    };
    match controller {
        Some(controller) if controller["uid"] == json!(owner.uid) => {}
        // A service deleted and made again at once: the old one's objects go first.
        Some(controller)
            if controller["kind"] == json!(owner.kind) && controller["name"] == json!(owner.name) =>
        {
            return Err(still_there());
        }
        Some(controller) => {
            let (kind, name) = (controller["kind"].as_str(), controller["name"].as_str());
            return Err(taken(format!(
                "belongs to {} {}",
                kind.unwrap_or_default(),
                name.unwrap_or_default()
            )));
        }
        None if metadata["labels"]["app.kubernetes.io/managed-by"] != json!(MANAGER) => {
            return Err(taken("was not made by Brazier".to_string()));
        }
        None => {}
    }
    if metadata["deletionTimestamp"].is_string() {
        Err(still_there())
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn may_write_to(owners: Value, labels: Value) -> Result<(), Error> {
        let owner = Owner {
            kind: "FhirService",
            application: "fhir-service",
            name: "ward".into(),
            namespace: "team-b".into(),
            uid: "1".into(),
        };
        let metadata = json!({"name": "ward", "ownerReferences": owners, "labels": labels});
        may_write(&owner, "Service", "ward", &metadata)
    }

    #[test]
    fn an_object_of_another_owner_is_not_taken_over() {
        let other = json!([{"kind": "IotConnector", "name": "vitals", "uid": "9", "controller": true}]);
        let error = may_write_to(other, json!({})).unwrap_err();
        assert_eq!(
            error.to_string(),
            "Service ward exists and belongs to IotConnector vitals: give this object another name, or delete that \
             Service"
        );
    }

    #[test]
    fn an_object_that_somebody_made_by_hand_is_not_taken_over() {
        let error = may_write_to(json!([]), json!({"app": "x"})).unwrap_err();
        assert!(matches!(error, Error::NameTaken { .. }), "{error}");
    }

    #[test]
    fn an_object_of_the_owner_deleted_before_is_waited_for() {
        let before = json!([{"kind": "FhirService", "name": "ward", "uid": "0", "controller": true}]);
        let error = may_write_to(before, json!({})).unwrap_err();
        assert!(matches!(error, Error::StillThere { .. }), "{error}");
    }

    #[test]
    fn an_object_that_was_retained_is_taken_up_again() {
        may_write_to(json!([]), json!({"app.kubernetes.io/managed-by": "brazier"})).unwrap();
    }
}
