//! Types → CustomResourceDefinitions, in the form that the chart ships.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::CustomResourceExt;
use serde_json::{Map, Value};

use crate::{FhirService, IotConnector, RoleAssignment};

/// The three CustomResourceDefinitions, as JSON documents in the order of their names.
///
/// # Errors
/// If a definition cannot be written as JSON, which would be a fault of the types.
pub fn definitions() -> Result<Vec<Value>, serde_json::Error> {
    [FhirService::crd(), IotConnector::crd(), RoleAssignment::crd()]
        .iter()
        .map(definition)
        .collect()
}

fn definition(crd: &CustomResourceDefinition) -> Result<Value, serde_json::Error> {
    let mut document = serde_json::to_value(crd)?;
    simplify(&mut document);
    if let Some(metadata) = document.get_mut("metadata").and_then(Value::as_object_mut) {
        // Uninstalling the chart must not delete every tenant's services.
        metadata.insert(
            "annotations".into(),
            serde_json::json!({"helm.sh/resource-policy": "keep"}),
        );
        metadata.insert(
            "labels".into(),
            serde_json::json!({"app.kubernetes.io/part-of": "brazier"}),
        );
    }
    Ok(document)
}

/// Takes out what only makes noise: empty lists, over which GitOps tools see a difference for ever
/// (<https://github.com/kube-rs/kube/issues/2042>), and `nullable`, which would let an explicit null pass by
/// defaults and rules.
fn simplify(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            if is_schema(fields) {
                fields.remove("nullable");
            }
            for name in [
                "shortNames",
                "categories",
                "additionalPrinterColumns",
                "selectableFields",
            ] {
                if fields
                    .get(name)
                    .and_then(Value::as_array)
                    .is_some_and(Vec::is_empty)
                {
                    fields.remove(name);
                }
            }
            fields.values_mut().for_each(simplify);
        }
        Value::Array(items) => items.iter_mut().for_each(simplify),
        // A bound such as 100.0 is stored as 100, which GitOps tools would see as a difference too.
        Value::Number(number) => {
            if let Some(whole) = number
                .as_f64()
                .filter(|bound| bound.fract() == 0.0 && bound.abs() < 1e15)
            {
                *value = Value::from(whole as i64);
            }
        }
        _ => {}
    }
}

/// A schema says its type; a map of properties does not, even if a property should be called `nullable`.
fn is_schema(fields: &Map<String, Value>) -> bool {
    fields.get("nullable").is_some_and(Value::is_boolean)
}
