//! Desired → applied: the one place where objects are written, by server-side apply, and only when they are not
//! as wanted already. What belongs to somebody else is never taken over.

use futures::{StreamExt, TryStreamExt};
use kube::{
    Api, Client,
    api::{DeleteParams, DynamicObject, Patch, PatchParams, PropagationPolicy},
    core::ApiResource,
};
use serde_json::{Value, json};

use crate::{
    compare,
    error::Error,
    labels::MANAGER,
    manifest::{DesiredObject, Owner},
};

/// Writes `desired` if it is not so already, and returns it as it is in the cluster.
///
/// # Errors
/// If the name is taken, if what had it is still going away, or if a request fails.
pub async fn apply(client: &Client, owner: &Owner, desired: &DesiredObject) -> Result<Value, Error> {
    let what = format!("{} {}", desired.kind(), desired.name());
    let resource = desired.resource().map_err(|error| Error::Unreadable {
        what: what.clone(),
        message: error.to_string(),
    })?;
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), &owner.namespace, &resource);
    let live = api
        .get_opt(desired.name())
        .await
        .map_err(|source| Error::Read {
            what: what.clone(),
            source,
        })?
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
        .map_err(|source| Error::Write {
            what: what.clone(),
            source,
        })?;
    to_value(&what, &applied)
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

/// Deletes an object of this owner if there is one. Objects of others are left alone.
///
/// # Errors
/// If a request fails.
pub async fn delete(client: &Client, owner: &Owner, resource: &ApiResource, name: &str) -> Result<(), Error> {
    let what = format!("{} {name}", resource.kind);
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), &owner.namespace, resource);
    let live = api.get_opt(name).await.map_err(|source| Error::Read {
        what: what.clone(),
        source,
    })?;
    let Some(live) = live.filter(|live| {
        live.metadata.deletion_timestamp.is_none()
            && live
                .metadata
                .owner_references
                .iter()
                .flatten()
                .any(|reference| reference.uid == owner.uid)
    }) else {
        return Ok(());
    };
    tracing::info!(namespace = owner.namespace, object = what, "deleting");
    let parameters = DeleteParams {
        propagation_policy: Some(PropagationPolicy::Background),
        preconditions: Some(kube::api::Preconditions {
            uid: live.metadata.uid,
            resource_version: None,
        }),
        ..DeleteParams::default()
    };
    match api.delete(name, &parameters).await {
        Ok(_) => Ok(()),
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
        Err(source) => Err(Error::Delete { what, source }),
    }
}

fn to_value(what: &str, object: &DynamicObject) -> Result<Value, Error> {
    serde_json::to_value(object).map_err(|error| Error::Unreadable {
        what: what.to_string(),
        message: error.to_string(),
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
