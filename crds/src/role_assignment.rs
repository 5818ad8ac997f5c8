//! RoleAssignment: who may do what with the data of one FhirService or IotConnector.

#![allow(
    clippy::duplicated_attributes,
    reason = "several printer columns have the same type"
)]

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use kube::{CustomResource, KubeSchema};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::role::{DataAction, DataActionPattern, Role};

/// Gives principals a role on a FhirService or IotConnector. Without any, nobody may do anything.
#[derive(CustomResource, Clone, Debug, PartialEq, Serialize, Deserialize, KubeSchema)]
#[kube(
    group = "brazier.dev",
    version = "v1alpha1",
    kind = "RoleAssignment",
    plural = "roleassignments",
    shortname = "ra",
    category = "brazier",
    namespaced,
    status = "RoleAssignmentStatus",
    derive = "PartialEq",
    doc = "RoleAssignment gives principals a role on a FhirService or IotConnector.",
    printcolumn(name = "Scope", type_ = "string", json_path = ".spec.scope.name"),
    printcolumn(name = "Role", type_ = "string", json_path = ".spec.role"),
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = ".status.conditions[?(@.type=='Ready')].status"
    ),
    printcolumn(
        name = "Reason",
        type_ = "string",
        json_path = ".status.conditions[?(@.type=='Ready')].reason"
    ),
    printcolumn(name = "Enforced By", type_ = "string", json_path = ".status.enforcedBy"),
    printcolumn(name = "Expires", type_ = "string", json_path = ".spec.expires", priority = 1),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = ("has(self.role) != has(self.custom)", "write either role, for example FhirDataReader, or custom with dataActions"),
    validation = ("self.scope.kind != 'IotConnector' || self.principals.all(principal, has(principal.serviceAccount))", "an IotConnector takes messages from service accounts only: write serviceAccount: {name, namespace} for each principal"),
    validation = ("self.scope.kind != 'IotConnector' || !has(self.role) || self.role in ['FhirDataWriter', 'FhirDataContributor']", "sending device messages needs the dataAction create: write role: FhirDataWriter, or custom: {dataActions: [create]}"),
    validation = ("self.scope.kind != 'IotConnector' || !has(self.custom) || (self.custom.dataActions.exists(action, action in ['create', '*']) && !(has(self.custom.notDataActions) && 'create' in self.custom.notDataActions))", "sending device messages needs the dataAction create: write custom: {dataActions: [create]}"),
    validation = ("!has(self.custom) || !has(self.custom.notDataActions) || (!('*' in self.custom.notDataActions) && (('*' in self.custom.dataActions) || self.custom.dataActions.exists(action, !(action in self.custom.notDataActions))))", "notDataActions takes away everything that dataActions allows: leave out of it what is to be allowed"),
    validation = ("self.scope.kind != 'IotConnector' || !has(self.condition)", "condition has no effect on an IotConnector: leave it out"),
    validation = ("self.scope == oldSelf.scope && self.principals == oldSelf.principals && has(self.role) == has(oldSelf.role) && (!has(self.role) || self.role == oldSelf.role) && has(self.custom) == has(oldSelf.custom) && (!has(self.custom) || self.custom == oldSelf.custom) && has(self.condition) == has(oldSelf.condition) && (!has(self.condition) || self.condition == oldSelf.condition)", "only description and expires of a RoleAssignment can be changed: delete it and create another")
)]
pub struct RoleAssignmentSpec {
    /// Why this assignment exists, for the people who read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub description: Option<String>,
    /// What the role is given on.
    pub scope: Scope,
    /// A role that comes with Brazier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// A role of your own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom: Option<CustomRole>,
    /// Who gets the role.
    #[schemars(length(min = 1, max = 100))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    pub principals: Vec<Principal>,
    /// Limits the role to some of the data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<AccessCondition>,
    /// When the assignment ends by itself, for example 2027-01-01T00:00:00Z.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Time>,
}

/// A FhirService or IotConnector of the same namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Scope {
    /// Kind of the object that the role is given on.
    #[serde(default)]
    pub kind: ScopeKind,
    /// Name of that object, which is in the namespace of the RoleAssignment.
    #[schemars(length(min = 1, max = 40))]
    pub name: String,
}

/// What a role can be given on.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub enum ScopeKind {
    /// The data of a FhirService.
    #[default]
    FhirService,
    /// Sending device messages to an IotConnector.
    IotConnector,
}

/// A role of the user's own making.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct CustomRole {
    /// What is allowed. `*` is everything but `smart`.
    #[schemars(schema_with = "some_data_actions")]
    pub data_actions: Vec<DataActionPattern>,
    /// What is taken away from `dataActions`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "data_actions")]
    pub not_data_actions: Vec<DataActionPattern>,
}

/// Somebody who may be given a role: exactly one of the fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("[has(self.serviceAccount), has(self.user), has(self.group), has(self.client)].filter(present, present).size() == 1", "a principal is exactly one of serviceAccount, user, group, client: write one list entry for each"))]
pub struct Principal {
    /// A service account of this cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_account: Option<ServiceAccountPrincipal>,
    /// A person, as the issuer names them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<NamedPrincipal>,
    /// A group, as the issuer names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<NamedPrincipal>,
    /// A program, as the issuer names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<ClientPrincipal>,
}

/// A service account of this cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServiceAccountPrincipal {
    /// Name of the ServiceAccount, unique in its namespace.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
    /// Its namespace; without it, the RoleAssignment's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63))]
    pub namespace: Option<String>,
}

/// A user or group of an issuer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NamedPrincipal {
    /// The issuer, as `spec.authentication.issuers` of the FhirService names it.
    #[schemars(length(min = 1, max = 512))]
    pub issuer: String,
    /// The name that the issuer's tokens carry.
    #[schemars(length(min = 1, max = 512))]
    pub name: String,
}

/// A client (program) of an issuer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClientPrincipal {
    /// The issuer, as `spec.authentication.issuers` of the FhirService names it.
    #[schemars(length(min = 1, max = 512))]
    pub issuer: String,
    /// The client id that the issuer's tokens carry.
    #[schemars(length(min = 1, max = 512))]
    pub id: String,
    /// Whether the role also covers what the client does on behalf of its users; without it, only what it does for itself.
    #[serde(default)]
    pub include_users: bool,
}

/// Limits of a role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccessCondition {
    /// Only resources of these types.
    #[schemars(schema_with = "resource_types")]
    pub resource_types: Vec<String>,
}

/// Observed state, as last seen by the operator.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct RoleAssignmentStatus {
    /// Ready, Enforced, Reconciling, Stalled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".into()]))]
    pub conditions: Vec<Condition>,
    /// The `metadata.generation` that this status is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// How many of the ready replicas have answered that they enforce it: `2/2`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enforced_by: Option<String>,
}

/// The resource types of FHIR R4, from the file that is made out of the standard's own definitions.
fn resource_types(_: &mut SchemaGenerator) -> Schema {
    let names: Vec<&str> = include_str!("../../server/definitions/resource-types.txt")
        .lines()
        .collect();
    json_schema!({
        "type": "array",
        "minItems": 1,
        "maxItems": names.len(),
        "x-kubernetes-list-type": "set",
        "items": {"type": "string", "enum": names}
    })
}

fn data_actions(_: &mut SchemaGenerator) -> Schema {
    let names: Vec<serde_json::Value> = DataAction::ALL
        .iter()
        .map(|action| serde_json::json!(action))
        .chain(["*".into()])
        .collect();
    json_schema!({
        "type": "array",
        "maxItems": names.len(),
        "x-kubernetes-list-type": "set",
        "items": {"type": "string", "enum": names}
    })
}

fn some_data_actions(generator: &mut SchemaGenerator) -> Schema {
    let mut schema = data_actions(generator);
    schema.insert("minItems".to_string(), 1.into());
    schema
}
