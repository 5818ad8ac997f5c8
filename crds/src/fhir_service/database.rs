//! Where a FhirService keeps its data: the PostgreSQL that Brazier runs beside it.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use kube::KubeSchema;
use schemars::{Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::parameter;
use crate::resources::{Resources, quantity};

/// The database of a FhirService.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("has(self.bundled)", "say which database: write bundled: {} for a PostgreSQL that Brazier runs"))]
pub struct Database {
    /// A PostgreSQL that Brazier runs, with automatic failover.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bundled: Option<BundledDatabase>,
}

impl Default for Database {
    fn default() -> Self {
        Database {
            bundled: Some(BundledDatabase::default()),
        }
    }
}

/// PostgreSQL run by Patroni.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct BundledDatabase {
    /// Members: 3 survive the loss of any one without losing an acknowledged write, 1 is for trying out.
    #[serde(default = "default_instances")]
    #[x_kube(
        validation = ("self == 1 || self == 3", "instances must be 1 or 3: write 3 to survive the loss of a node, 1 for trying out"),
        validation = ("self >= oldSelf", "instances can grow from 1 to 3 but not shrink: create another FhirService and move the data")
    )]
    pub instances: i32,
    /// The volume of each member.
    #[serde(default)]
    pub storage: DatabaseStorage,
    /// Processor and memory of each member. Without requests Brazier asks for 100m and 256Mi; without a limit a member
    /// may use 1Gi of memory.
    #[serde(default, skip_serializing_if = "Resources::is_empty")]
    pub resources: Resources,
    /// PostgreSQL settings, as text: `work_mem: 16MB`. PostgreSQL checks them before they are applied; those that take
    /// effect only at a start restart one member after the other. docs/kind/parameters.md lists those that may be set.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "parameters")]
    pub parameters: BTreeMap<String, String>,
}

impl Default for BundledDatabase {
    fn default() -> Self {
        BundledDatabase {
            instances: default_instances(),
            storage: DatabaseStorage::default(),
            resources: Resources::default(),
            parameters: BTreeMap::new(),
        }
    }
}

/// The volume on which a member of the database keeps its data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("(has(self.storageClassName) == has(oldSelf.storageClassName)) && (!has(self.storageClassName) || self.storageClassName == oldSelf.storageClassName)", "storageClassName cannot be changed: create another FhirService and move the data"))]
pub struct DatabaseStorage {
    /// How large it is, for example 10Gi.
    #[serde(default = "default_size")]
    #[schemars(schema_with = "size")]
    pub size: Quantity,
    /// Which StorageClass makes it. Without it the cluster's default class does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    pub storage_class_name: Option<String>,
}

impl Default for DatabaseStorage {
    fn default() -> Self {
        DatabaseStorage {
            size: default_size(),
            storage_class_name: None,
        }
    }
}

fn default_instances() -> i32 {
    3
}

fn default_size() -> Quantity {
    Quantity("10Gi".to_string())
}

/// Schema of `parameters`.
fn parameters(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "maxProperties": 50,
        "additionalProperties": {"type": "string", "maxLength": 1024},
        "x-kubernetes-validations": parameter::rules()
    })
}

/// Schema of `size`: a quantity of at least 64Mi that cannot shrink.
fn size(generator: &mut SchemaGenerator) -> Schema {
    let mut schema = quantity(generator);
    if let Some(rules) = schema
        .get_mut("x-kubernetes-validations")
        .and_then(|rules| rules.as_array_mut())
    {
        rules.push(serde_json::json!({
            "rule": "type(self) == int ? self >= 67108864 : (!isQuantity(self) || !quantity(self).isLessThan(quantity('64Mi')))",
            "message": "too small for PostgreSQL: write a size of at least 64Mi, for example 10Gi"
        }));
        rules.push(serde_json::json!({
            "rule": "string(self) == string(oldSelf)",
            "message": "size cannot be changed: create another FhirService and move the data"
        }));
    }
    schema
}
