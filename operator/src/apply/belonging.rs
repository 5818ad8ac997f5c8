//! To whom an object belongs that is there under a name of ours. Pure.

use serde_json::{Value, json};

use super::Error;
use crate::{labels::MANAGER, manifest::Owner};

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
            if is_named_alike(controller, owner) && has_written_owner(metadata, &controller["uid"]) =>
        {
            return Err(still_there());
        }
        // An owner that we have not written is none: somebody has changed ours.
        Some(controller) if is_named_alike(controller, owner) => {}
        Some(controller) => {
            let (kind, name) = (controller["kind"].as_str(), controller["name"].as_str());
            return Err(taken(format!(
                "belongs to {} {}",
                kind.unwrap_or_default(),
                name.unwrap_or_default()
            )));
        }
        None if !carries_our_mark(metadata) => {
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

/// Whether an owner reference has the kind and the name of `owner`.
fn is_named_alike(reference: &Value, owner: &Owner) -> bool {
    reference["kind"] == json!(owner.kind) && reference["name"] == json!(owner.name)
}

/// Whether the owner of this uid is one that we have put there.
fn has_written_owner(metadata: &Value, uid: &Value) -> bool {
    let key = format!("k:{}", json!({"uid": uid}));
    let mut entries = metadata["managedFields"].as_array().into_iter().flatten();
    entries.any(|entry| {
        entry["manager"] == MANAGER && !entry["fieldsV1"]["f:metadata"]["f:ownerReferences"][&key].is_null()
    })
}

/// Somebody may have taken away label or owner, but not that we have written it: whatever it holds is written over.
fn carries_our_mark(metadata: &Value) -> bool {
    let mut entries = metadata["managedFields"].as_array().into_iter().flatten();
    metadata["labels"]["app.kubernetes.io/managed-by"] == json!(MANAGER)
        || entries.any(|entry| entry["manager"] == MANAGER && entry["operation"] == "Apply")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner() -> Owner {
        Owner {
            kind: "FhirService",
            application: "fhir-service",
            name: "ward".into(),
            namespace: "team-b".into(),
            uid: "1".into(),
        }
    }

    fn may_write_to(owners: Value, labels: Value) -> Result<(), Error> {
        let metadata = json!({"name": "ward", "ownerReferences": owners, "labels": labels});
        may_write(&owner(), "Service", "ward", &metadata)
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

    /// One that was deleted before has written its uid itself; any other has been put there by somebody.
    #[test]
    fn an_object_of_the_owner_deleted_before_is_waited_for() {
        let before = json!([{"kind": "FhirService", "name": "ward", "uid": "0", "controller": true}]);
        let fields = json!({"f:metadata": {"f:ownerReferences": {"k:{\"uid\":\"0\"}": {}}}});
        let written = json!({
            "ownerReferences": before,
            "managedFields": [{"manager": MANAGER, "operation": "Apply", "fieldsV1": fields}],
        });
        let error = may_write(&owner(), "Service", "ward", &written).unwrap_err();
        assert!(matches!(error, Error::StillThere { .. }), "{error}");
        may_write_to(before, json!({})).unwrap();
    }

    #[test]
    fn an_object_that_was_retained_is_taken_up_again() {
        may_write_to(json!([]), json!({"app.kubernetes.io/managed-by": "brazier"})).unwrap();
    }
}
