//! FhirService: one FHIR server with a database of its own, asked for by one object.

#![allow(
    clippy::duplicated_attributes,
    reason = "several printer columns have the same type"
)]

pub mod authentication;
pub mod database;
pub mod parameter;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use authentication::{Authentication, Issuer};
pub use database::{BundledDatabase, Database, DatabaseStorage};

use crate::resources::Resources;

/// A FHIR service: the server, its replicated PostgreSQL database, its certificates and its access policy.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[kube(
    group = "brazier.dev",
    version = "v1alpha1",
    kind = "FhirService",
    plural = "fhirservices",
    shortname = "fhir",
    category = "brazier",
    namespaced,
    status = "FhirServiceStatus",
    derive = "PartialEq",
    doc = "FhirService asks for a FHIR server with a replicated PostgreSQL database of its own.",
    scale(
        spec_replicas_path = ".spec.replicas",
        status_replicas_path = ".status.replicas",
        label_selector_path = ".status.selector"
    ),
    printcolumn(name = "Ready", type_ = "string", json_path = ".status.conditions[?(@.type=='Ready')].status"),
    printcolumn(name = "Reason", type_ = "string", json_path = ".status.conditions[?(@.type=='Ready')].reason"),
    printcolumn(name = "URL", type_ = "string", json_path = ".status.url"),
    printcolumn(name = "Replicas", type_ = "integer", json_path = ".status.replicas"),
    printcolumn(name = "Database", type_ = "string", json_path = ".status.database.members"),
    printcolumn(name = "Primary", type_ = "string", json_path = ".status.database.primary", priority = 1),
    printcolumn(name = "Storage", type_ = "string", json_path = ".status.database.storage"),
    printcolumn(name = "Version", type_ = "string", json_path = ".status.version", priority = 1),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    validation = ("self.metadata.name.size() <= 40 && self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')", "metadata.name names Services too: write at most 40 characters, a letter first, then letters, digits and hyphens")
)]
#[serde(rename_all = "camelCase")]
pub struct FhirServiceSpec {
    /// The FHIR version that is served. It cannot be changed.
    #[serde(default)]
    #[x_kube(validation = ("self == oldSelf", "fhirVersion cannot be changed: create another FhirService and move the data"))]
    pub fhir_version: FhirVersion,
    /// How many servers answer. Any of them answers any request.
    #[serde(default = "default_replicas")]
    #[schemars(range(max = 100))]
    #[x_kube(validation = ("self >= 1", "replicas must be at least 1: write suspend: true to stop the servers and keep the data"))]
    pub replicas: i32,
    /// Processor and memory of each server. Without requests Brazier asks for 100m and 64Mi; without a limit a server may
    /// use 1Gi of memory. It needs 256Mi, and shares out among its requests what it may use.
    #[serde(default, skip_serializing_if = "Resources::is_empty")]
    #[x_kube(validation = ("!has(self.limits) || !('memory' in self.limits) || (type(self.limits['memory']) == int ? self.limits['memory'] >= 268435456 : (!isQuantity(self.limits['memory']) || !quantity(self.limits['memory']).isLessThan(quantity('256Mi'))))", "too little for a server: write a memory limit of at least 256Mi, for example 1Gi"))]
    pub resources: Resources,
    /// Where the data is kept.
    #[serde(default)]
    pub database: Database,
    /// Whose tokens are accepted. RoleAssignments say what their principals may do.
    #[serde(default)]
    pub authentication: Authentication,
    /// Whether an update with an id that does not exist creates the resource
    /// (<https://hl7.org/fhir/R4/http.html#upsert>).
    #[serde(default = "yes")]
    pub update_create: bool,
    /// Stops servers and database and keeps the data, until it is set back to false.
    #[serde(default)]
    pub suspend: bool,
    /// What becomes of volumes and database passwords when the FhirService is deleted.
    #[serde(default)]
    pub deletion_policy: DeletionPolicy,
}

/// A version of the FHIR standard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum FhirVersion {
    /// 4.0.1
    #[default]
    R4,
}

/// What becomes of the data of a deleted FhirService.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum DeletionPolicy {
    /// Volumes and database passwords stay; a FhirService made again under the same name has its data back.
    #[default]
    Retain,
    /// Everything goes, the data too.
    Delete,
}

/// Observed state, as last seen by the operator.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct FhirServiceStatus {
    /// Ready, Reconciling, Stalled, DatabaseReady, ServerReady, Degraded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".into()]))]
    pub conditions: Vec<Condition>,
    /// The `metadata.generation` that this status is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Base URL inside the cluster, and the audience that tokens must be made for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Image of the servers that run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// How many servers there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replicas: Option<i32>,
    /// Label selector of the servers' pods, for the scale subresource.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selector: Option<String>,
    /// The database, as far as it runs inside the cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<DatabaseStatus>,
}

/// What is known of the database.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DatabaseStatus {
    /// How many members were asked for.
    pub instances: i32,
    /// How many members are ready.
    pub ready: i32,
    /// Both, for reading: `3/3`.
    pub members: String,
    /// Name of the pod that is the primary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub primary: Option<String>,
    /// Size of each member's volume, as it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage: Option<String>,
}

fn default_replicas() -> i32 {
    2
}

fn yes() -> bool {
    true
}
