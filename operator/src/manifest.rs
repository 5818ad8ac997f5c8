//! Desired objects: what the build stage makes and the apply stage writes.

use brazier_crds::condition::reason;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::core::{ApiResource, GroupVersionKind, gvk::ParseGroupVersionError};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::{
    error::{Category, Failure, Verdict},
    labels,
};

/// Annotation with a hash of what was asked for, so that a field that is no longer asked for is noticed too.
pub const DESIRED: &str = "brazier.dev/desired";

/// The custom resource that an object is made for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Kind of the custom resource, for example FhirService.
    pub kind: &'static str,
    /// `app.kubernetes.io/name` of what is made for it.
    pub application: &'static str,
    /// Name of the custom resource, from which the names of its objects are made.
    pub name: String,
    /// Namespace of the custom resource and of what is made for it.
    pub namespace: String,
    /// `metadata.uid` of the custom resource, by which owner references know it.
    pub uid: String,
}

/// An object of ours has no namespace or uid, which the API server never sends.
#[derive(Debug, thiserror::Error)]
#[error("{kind} {name} cannot be read: it has no {what}")]
pub struct IncompleteMetadata {
    /// Kind of the object that cannot be read.
    pub kind: &'static str,
    /// Name of the object that cannot be read.
    pub name: String,
    /// What it does not have.
    pub what: &'static str,
}

impl Failure for IncompleteMetadata {
    fn verdict(&self) -> Verdict {
        Verdict::new(Category::Unreadable, reason::UNREADABLE_OBJECT)
    }
}

impl Owner {
    /// The custom resource with `metadata` as an owner.
    ///
    /// # Errors
    /// If it has no namespace or uid.
    pub fn of(
        kind: &'static str,
        application: &'static str,
        metadata: &ObjectMeta,
    ) -> Result<Self, IncompleteMetadata> {
        let name = metadata.name.clone().unwrap_or_default();
        let missing = |what| IncompleteMetadata {
            kind,
            name: name.clone(),
            what,
        };
        Ok(Owner {
            kind,
            application,
            namespace: metadata.namespace.clone().ok_or_else(|| missing("namespace"))?,
            uid: metadata.uid.clone().ok_or_else(|| missing("uid"))?,
            name,
        })
    }

    /// Metadata of an object that goes when the owner goes.
    pub fn metadata(&self, name: &str) -> Map<String, Value> {
        let mut metadata = self.retained_metadata(name);
        metadata.insert(
            "ownerReferences".into(),
            json!([{
                "apiVersion": "brazier.dev/v1alpha1",
                "kind": self.kind,
                "name": self.name,
                "uid": self.uid,
                "controller": true,
                "blockOwnerDeletion": true,
            }]),
        );
        metadata
    }

    /// Metadata of an object that stays when the owner goes.
    pub fn retained_metadata(&self, name: &str) -> Map<String, Value> {
        let mut metadata = Map::new();
        metadata.insert("name".into(), json!(name));
        metadata.insert("namespace".into(), json!(self.namespace));
        metadata.insert(
            "labels".into(),
            Value::Object(labels::application(&self.name, self.application)),
        );
        metadata
    }
}

/// An object as it is wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct DesiredObject {
    manifest: Value,
}

impl DesiredObject {
    /// An object of `api_version` and `kind`, with `body` beside its metadata.
    pub fn new(api_version: &str, kind: &str, metadata: Map<String, Value>, body: Value) -> Self {
        let mut manifest = json!({"apiVersion": api_version, "kind": kind, "metadata": metadata});
        if let (Some(manifest), Value::Object(body)) = (manifest.as_object_mut(), body) {
            manifest.extend(body);
        }
        let hash = hash(&manifest);
        manifest["metadata"]["annotations"][DESIRED] = json!(hash);
        DesiredObject { manifest }
    }

    /// The whole object.
    pub fn manifest(&self) -> &Value {
        &self.manifest
    }

    /// Kind of the object, for example Deployment.
    pub fn kind(&self) -> &str {
        self.manifest["kind"].as_str().unwrap_or_default()
    }

    /// Name of the object, its `metadata.name`.
    pub fn name(&self) -> &str {
        self.manifest["metadata"]["name"].as_str().unwrap_or_default()
    }

    /// Hash of all that is asked for.
    pub fn hash(&self) -> &str {
        self.manifest["metadata"]["annotations"][DESIRED]
            .as_str()
            .unwrap_or_default()
    }

    /// How the API calls its kind.
    ///
    /// # Errors
    /// If `apiVersion` is not one, which would be a fault of the build stage.
    pub fn resource(&self) -> Result<ApiResource, ParseGroupVersionError> {
        let version: kube::core::GroupVersion =
            self.manifest["apiVersion"].as_str().unwrap_or_default().parse()?;
        Ok(ApiResource::from_gvk(&GroupVersionKind::gvk(
            &version.group,
            &version.version,
            self.kind(),
        )))
    }
}

/// Sixteen hexadecimal digits that stand for a document. Maps are sorted by key, so order does not matter.
pub fn hash(document: &Value) -> String {
    short_hash(document.to_string().as_bytes())
}

/// Sixteen hexadecimal digits that stand for some bytes.
pub fn short_hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
