//! Every sample parses into its type and keeps all that it says.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::path::Path;

use brazier_crds::{FhirService, IotConnector, RoleAssignment};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

fn documents(name: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../e2e/samples")
        .join(name);
    let text = std::fs::read_to_string(path).unwrap();
    serde_yaml_ng::Deserializer::from_str(&text)
        .map(|document| Value::deserialize(document).unwrap())
        .collect()
}

/// Whether `part` is in `whole`; the whole may have defaults besides.
fn contains(whole: &Value, part: &Value) -> bool {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => part
            .iter()
            .all(|(name, field)| whole.get(name).is_some_and(|other| contains(other, field))),
        (Value::Array(whole), Value::Array(part)) => {
            whole.len() == part.len() && whole.iter().zip(part).all(|(whole, part)| contains(whole, part))
        }
        _ => whole == part,
    }
}

fn assert_round_trip<K: DeserializeOwned + Serialize>(document: &Value) {
    let object: K = serde_json::from_value(document.clone()).unwrap();
    let back = serde_json::to_value(object).unwrap();
    assert!(
        contains(&back, document),
        "lost something of {document:#}: {back:#}"
    );
}

#[test]
fn the_clinic_round_trips() {
    documents("clinic.yaml")
        .iter()
        .for_each(assert_round_trip::<FhirService>);
}

#[test]
fn the_role_assignments_round_trip() {
    let assignments = documents("access.yaml");
    assert_eq!(assignments.len(), 4);
    assignments.iter().for_each(assert_round_trip::<RoleAssignment>);
}

#[test]
fn the_connector_round_trips() {
    documents("connector.yaml")
        .iter()
        .for_each(assert_round_trip::<IotConnector>);
}

#[test]
fn a_minimal_service_has_every_default() {
    let service: FhirService = serde_json::from_value(serde_json::json!({
        "apiVersion": "brazier.dev/v1alpha1", "kind": "FhirService", "metadata": {"name": "clinic"}, "spec": {}
    }))
    .unwrap();
    let spec = serde_json::to_value(&service.spec).unwrap();
    assert_eq!(
        spec,
        serde_json::json!({
            "fhirVersion": "R4", "replicas": 2, "updateCreate": true, "suspend": false, "deletionPolicy": "Retain",
            "database": {"bundled": {"instances": 3, "storage": {"size": "10Gi"}}},
            "authentication": {"serviceAccounts": true}
        })
    );
}
