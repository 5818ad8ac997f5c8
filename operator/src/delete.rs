//! The one place where objects are deleted. Only the object that was looked at goes, never another that was made under
//! its name since; and only if it is ours.

use std::fmt::Debug;

use brazier_crds::condition::reason;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::{
    Api, Resource, ResourceExt,
    api::{DeleteParams, Preconditions, PropagationPolicy},
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{
    error::{Category, Failure, Verdict},
    manifest::Owner,
    request::{self, RequestError},
};

/// By what an object is known to be ours.
#[derive(Clone, Debug, PartialEq)]
pub enum Mark {
    /// The custom resource is among its owners.
    Owned,
    /// It carries these labels, an object, and nobody else controls it: what stays when its owner goes has no other sign.
    Labelled(Value),
}

/// Why an object is still there.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A request failed.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// Between the look and the deletion it was changed, or deleted and made anew.
    #[error("{what} is not as it was when it was looked at: it is looked at again")]
    Changed {
        /// Kind and name.
        what: String,
        /// What the API server said.
        source: kube::Error,
    },
}

impl Failure for Error {
    fn verdict(&self) -> Verdict {
        match self {
            Error::Request(error) => error.verdict(),
            Error::Changed { .. } => Verdict::new(Category::Passing, reason::IN_PROGRESS),
        }
    }

    fn message(&self) -> String {
        match self {
            Error::Request(error) => error.message(),
            Error::Changed { .. } => self.to_string(),
        }
    }
}

/// Looks for the object `name` and deletes it if it is ours.
///
/// # Errors
/// As with `seen`.
pub async fn named<K>(
    api: &Api<K>,
    kind: &K::DynamicType,
    owner: &Owner,
    mark: &Mark,
    name: &str,
) -> Result<(), Error>
where
    K: Resource + Clone + DeserializeOwned + Debug,
{
    let what = format!("{} {name}", K::kind(kind));
    match api.get_opt(name).await.map_err(request::read(what))? {
        Some(live) => seen(api, kind, owner, mark, &live).await,
        None => Ok(()),
    }
}

/// Deletes `live` as it was seen, if it is ours. One that is gone, or on its way out, is left at that.
///
/// # Errors
/// If it has changed since, or is another one by now, or if the request fails.
pub async fn seen<K>(
    api: &Api<K>,
    kind: &K::DynamicType,
    owner: &Owner,
    mark: &Mark,
    live: &K,
) -> Result<(), Error>
where
    K: Resource + Clone + DeserializeOwned + Debug,
{
    let metadata = live.meta();
    if metadata.deletion_timestamp.is_some() || !is_ours(metadata, owner, mark) {
        return Ok(());
    }
    let name = live.name_any();
    let what = format!("{} {name}", K::kind(kind));
    tracing::info!(namespace = owner.namespace, object = what, "deleting");
    let parameters = DeleteParams {
        propagation_policy: Some(PropagationPolicy::Background),
        preconditions: Some(preconditions(metadata, mark)),
        ..DeleteParams::default()
    };
    match api.delete(&name, &parameters).await {
        Ok(_) => Ok(()),
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
        Err(source @ kube::Error::Api(_)) if is_conflict(&source) => Err(Error::Changed { what, source }),
        Err(source) => Err(request::delete(what)(source).into()),
    }
}

fn is_conflict(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.code == 409)
}

/// An owner never changes while the object is the same; labels may, and the object with them be somebody else's.
fn preconditions(metadata: &ObjectMeta, mark: &Mark) -> Preconditions {
    Preconditions {
        uid: metadata.uid.clone(),
        resource_version: match mark {
            Mark::Owned => None,
            Mark::Labelled(_) => metadata.resource_version.clone(),
        },
    }
}

fn is_ours(metadata: &ObjectMeta, owner: &Owner, mark: &Mark) -> bool {
    match mark {
        Mark::Owned => is_owned(metadata, owner),
        Mark::Labelled(labels) => {
            let mut owners = metadata.owner_references.iter().flatten();
            if owners.any(|one| one.controller == Some(true) && one.uid != owner.uid) {
                return false;
            }
            let found = metadata.labels.clone().unwrap_or_default();
            let mut wanted = labels.as_object().into_iter().flatten().peekable();
            wanted.peek().is_some()
                && wanted.all(|(label, value)| found.get(label).map(String::as_str) == value.as_str())
        }
    }
}

/// Whether the custom resource is among the owners of an object.
pub fn is_owned(metadata: &ObjectMeta, owner: &Owner) -> bool {
    is_owned_by(metadata, Some(&owner.uid))
}

/// The same, of a custom resource of which no more than its uid is known.
pub fn is_owned_by(metadata: &ObjectMeta, uid: Option<&str>) -> bool {
    let mut owners = metadata.owner_references.iter().flatten();
    uid.is_some_and(|uid| owners.any(|one| one.uid == uid))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

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

    fn metadata(value: Value) -> ObjectMeta {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn what_has_another_owner_is_not_ours() {
        let reference = |uid: &str| json!({"ownerReferences": [{"apiVersion": "v1", "kind": "FhirService", "name": "ward", "uid": uid}]});
        assert!(is_ours(&metadata(reference("1")), &owner(), &Mark::Owned));
        assert!(!is_ours(&metadata(reference("0")), &owner(), &Mark::Owned));
        assert!(!is_ours(&metadata(json!({})), &owner(), &Mark::Owned));
    }

    #[test]
    fn every_label_has_to_be_there() {
        let mark = Mark::Labelled(json!({"a": "1", "b": "2"}));
        let with = |labels: Value| is_ours(&metadata(json!({"labels": labels})), &owner(), &mark);
        assert!(with(json!({"a": "1", "b": "2", "c": "3"})));
        assert!(!with(json!({"a": "1"})));
        assert!(!with(json!({"a": "1", "b": "3"})));
    }

    #[test]
    fn what_somebody_else_controls_is_not_ours_whatever_its_labels() {
        let mark = Mark::Labelled(json!({"a": "1"}));
        let theirs = json!({
            "labels": {"a": "1"},
            "ownerReferences": [{"apiVersion": "v1", "kind": "X", "name": "x", "uid": "9", "controller": true}],
        });
        assert!(!is_ours(&metadata(theirs), &owner(), &mark));
    }

    #[test]
    fn a_mark_of_no_labels_marks_nothing() {
        let labels = metadata(json!({"labels": {"a": "1"}}));
        assert!(!is_ours(&labels, &owner(), &Mark::Labelled(json!({}))));
    }
}
