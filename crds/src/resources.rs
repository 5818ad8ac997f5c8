//! Amounts: processor and memory of a container, size of a volume. They are Kubernetes quantities, and
//! the API server checks them when they are written rather than when a pod is made.

use std::collections::BTreeMap;

use k8s_openapi::{api::core::v1::ResourceRequirements, apimachinery::pkg::api::resource::Quantity};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// What a container asks for and what it may use at most.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Resources {
    /// What the node keeps free for the container: `cpu`, `memory`, `ephemeral-storage`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "amounts")]
    pub requests: BTreeMap<String, Quantity>,
    /// What the container may use at most: `cpu`, `memory`, `ephemeral-storage`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "amounts")]
    pub limits: BTreeMap<String, Quantity>,
}

impl Resources {
    /// True when nothing is asked for.
    pub fn is_empty(&self) -> bool {
        self.requests.is_empty() && self.limits.is_empty()
    }

    /// The same in the words of a container, with `requests` from `defaults` where the user wrote none.
    pub fn or_requests(&self, defaults: &[(&str, &str)]) -> ResourceRequirements {
        let mut requests = self.requests.clone();
        for (name, amount) in defaults {
            // A limit without a request means a request of the same amount to Kubernetes: leave that to it.
            if !self.limits.contains_key(*name) {
                requests
                    .entry((*name).to_string())
                    .or_insert_with(|| Quantity((*amount).to_string()));
            }
        }
        ResourceRequirements {
            requests: Some(requests).filter(|amounts| !amounts.is_empty()),
            limits: Some(self.limits.clone()).filter(|amounts| !amounts.is_empty()),
            ..ResourceRequirements::default()
        }
    }
}

/// Schema of a map from `cpu`, `memory`, `ephemeral-storage` to a quantity.
fn amounts(generator: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "maxProperties": 3,
        "additionalProperties": quantity(generator),
        "x-kubernetes-validations": [{
            "rule": "self.all(name, name in ['cpu', 'memory', 'ephemeral-storage'])",
            "message": "only cpu, memory and ephemeral-storage can be asked for"
        }]
    })
}

/// Schema of one quantity, as an integer or as text.
pub(crate) fn quantity(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "x-kubernetes-int-or-string": true,
        "maxLength": 32,
        "x-kubernetes-validations": [{
            "rule": "type(self) == int ? self >= 0 : (isQuantity(self) && !quantity(self).isLessThan(quantity('0')))",
            "message": "not an amount: write a Kubernetes quantity such as 500m, 2, 512Mi or 10Gi"
        }]
    })
}
