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

    /// The same in the words of a container, with `requests` from `defaults` where the user wrote none, and with
    /// `memory_limit` where the user wrote no limit: a container that may take all of its node's memory takes its
    /// neighbours down with it. Who asks for more memory than that has asked for the limit, too.
    pub fn or_defaults(&self, defaults: &[(&str, &str)], memory_limit: &str) -> ResourceRequirements {
        let mut requests = self.requests.clone();
        let mut limits = self.limits.clone();
        limits
            .entry("memory".to_string())
            .or_insert_with(|| self.memory_limit(memory_limit));
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
            limits: Some(limits).filter(|amounts| !amounts.is_empty()),
            ..ResourceRequirements::default()
        }
    }

    /// How much memory a container may use: what the user wrote, or `default`, or what was asked for if that is more.
    pub fn memory_limit(&self, default: &str) -> Quantity {
        let default = Quantity(default.to_string());
        let asked = self.limits.get("memory").or_else(|| {
            let requested = self.requests.get("memory")?;
            (bytes(requested)? > bytes(&default)?).then_some(requested)
        });
        asked.cloned().unwrap_or(default)
    }
}

/// An amount of memory in bytes, rounded down; `None` for what is no amount or too large to be counted.
pub fn bytes(quantity: &Quantity) -> Option<u64> {
    let text = quantity.0.as_str();
    let digits_end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, suffix) = text.split_at(digits_end);
    let (numerator, denominator): (u128, u128) = match suffix {
        "m" => (1, 1000),
        "" => (1, 1),
        "k" => (1000, 1),
        "M" => (1_000_000, 1),
        "G" => (1_000_000_000, 1),
        "T" => (1_000_000_000_000, 1),
        "Ki" => (1 << 10, 1),
        "Mi" => (1 << 20, 1),
        "Gi" => (1 << 30, 1),
        "Ti" => (1 << 40, 1),
        _ => return None,
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let scale = 10_u128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let digits: u128 = format!("{whole}{fraction}").parse().ok()?;
    u64::try_from(digits.checked_mul(numerator)? / denominator / scale).ok()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn resources(requests: Option<&str>, limits: Option<&str>) -> Resources {
        let memory = |amount: Option<&str>| {
            amount
                .map(|amount| ("memory".to_string(), Quantity(amount.to_string())))
                .into_iter()
                .collect()
        };
        Resources {
            requests: memory(requests),
            limits: memory(limits),
        }
    }

    #[test]
    fn memory_is_limited_whatever_the_user_wrote() {
        let limit = |requests, limits| resources(requests, limits).memory_limit("1Gi").0;
        assert_eq!(limit(None, None), "1Gi");
        assert_eq!(limit(Some("256Mi"), None), "1Gi");
        assert_eq!(limit(Some("8Gi"), None), "8Gi");
        assert_eq!(limit(Some("256Mi"), Some("300Mi")), "300Mi");
    }

    #[test]
    fn a_limit_of_the_user_is_the_request_too() {
        let container =
            resources(None, Some("2Gi")).or_defaults(&[("cpu", "100m"), ("memory", "64Mi")], "1Gi");
        let requests = container.requests.unwrap_or_default();
        assert_eq!(requests.keys().collect::<Vec<_>>(), ["cpu"]);
        let container = resources(None, None).or_defaults(&[("memory", "64Mi")], "1Gi");
        assert_eq!(container.requests.unwrap_or_default()["memory"].0, "64Mi");
        assert_eq!(container.limits.unwrap_or_default()["memory"].0, "1Gi");
    }

    #[test]
    fn amounts_of_memory_are_counted_in_bytes() {
        let count = |text: &str| bytes(&Quantity(text.to_string()));
        assert_eq!(count("1Ki"), Some(1024));
        assert_eq!(count("1.5G"), Some(1_500_000_000));
        assert_eq!(count("1000m"), Some(1));
        assert_eq!(count("many"), None);
    }
}
