//! IotConnector: takes device messages, turns them into Observations and writes them to a FhirService.

#![allow(
    clippy::duplicated_attributes,
    reason = "several printer columns have the same type"
)]

pub mod destination;
pub mod mapping;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use destination::{Destination, IdentityResolution};
pub use mapping::{DeviceMapping, FhirMapping};

use crate::resources::Resources;

/// A connector: where device messages come from, how they are read, where the Observations go.
#[derive(CustomResource, Clone, Debug, PartialEq, Serialize, Deserialize, KubeSchema)]
#[kube(
    group = "brazier.dev",
    version = "v1alpha1",
    kind = "IotConnector",
    plural = "iotconnectors",
    shortname = "iot",
    category = "brazier",
    namespaced,
    status = "IotConnectorStatus",
    derive = "PartialEq",
    doc = "IotConnector turns device messages into Observations of a FhirService.",
    scale(
        spec_replicas_path = ".spec.replicas",
        status_replicas_path = ".status.replicas",
        label_selector_path = ".status.selector"
    ),
    printcolumn(name = "Ready", type_ = "string", json_path = ".status.conditions[?(@.type=='Ready')].status"),
    printcolumn(name = "Reason", type_ = "string", json_path = ".status.conditions[?(@.type=='Ready')].reason"),
    printcolumn(name = "Endpoint", type_ = "string", json_path = ".status.endpoint"),
    printcolumn(name = "Replicas", type_ = "integer", json_path = ".status.replicas"),
    printcolumn(name = "Processed", type_ = "integer", json_path = ".status.processed"),
    printcolumn(name = "Rejected", type_ = "integer", json_path = ".status.rejected"),
    printcolumn(name = "Last Message", type_ = "date", json_path = ".status.lastMessageTime", priority = 1),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    validation = ("self.metadata.name.size() <= 40 && self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')", "metadata.name names Services too: write at most 40 characters, a letter first, then letters, digits and hyphens")
)]
#[serde(rename_all = "camelCase")]
pub struct IotConnectorSpec {
    /// How many connectors take messages.
    #[serde(default = "default_replicas")]
    #[schemars(range(min = 0, max = 100))]
    pub replicas: i32,
    /// Processor and memory of each connector. Without requests Brazier asks for 50m and 32Mi; without a limit a connector
    /// may use 512Mi of memory.
    #[serde(default, skip_serializing_if = "Resources::is_empty")]
    pub resources: Resources,
    /// Where device messages come from.
    pub source: Source,
    /// How a device message is read.
    pub device_mapping: DeviceMapping,
    /// How measurements become Observations.
    pub fhir_mapping: FhirMapping,
    /// Where the Observations go: each gets all of them.
    #[schemars(length(min = 1, max = 8))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub destinations: Vec<Destination>,
    /// How strictly mappings are read.
    #[serde(default)]
    pub compatibility: Compatibility,
}

/// Where device messages come from: exactly one of the fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("has(self.http)", "say where device messages come from: write http: {}"))]
pub struct Source {
    /// Devices or gateways send messages by HTTP; a message is acknowledged when its Observations are stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http: Option<HttpSource>,
}

/// Messages by HTTP. Who may send is said by RoleAssignments on the IotConnector.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HttpSource {}

/// How mappings are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Compatibility {
    /// What the mapping language does not define is an error.
    #[default]
    Strict,
    /// As microsoft/iomt-fhir reads them, with its leniency.
    IomtFhir,
}

/// Observed state, as last seen by the operator.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct IotConnectorStatus {
    /// Ready, Reconciling, Stalled, MappingValid, SourceConnected, DestinationReady.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".into()]))]
    pub conditions: Vec<Condition>,
    /// The `metadata.generation` that this status is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// How many connectors there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replicas: Option<i32>,
    /// Label selector of the connectors' pods, for the scale subresource.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selector: Option<String>,
    /// Where devices send to, inside the cluster, and the audience that their tokens must be made for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// Messages acknowledged since the connectors started. Their content is stored, or was refused with reasons.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processed: Option<i64>,
    /// Parts of messages that were not stored, since the connectors started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejected: Option<i64>,
    /// When the last message came in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_message_time: Option<Time>,
}

fn default_replicas() -> i32 {
    1
}
