//! The chart's CustomResourceDefinitions are those of the types, small enough for every tool, and without
//! the noise that GitOps tools trip over.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::path::Path;

use serde_json::Value;

fn shipped(plural: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../charts/brazier/templates/crds")
        .join(format!("{plural}.yaml"));
    serde_yaml_ng::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn plural(definition: &Value) -> &str {
    definition["spec"]["names"]["plural"].as_str().unwrap()
}

#[test]
fn the_chart_ships_what_the_types_say() {
    for definition in brazier_crds::definitions().unwrap() {
        assert!(
            shipped(plural(&definition)) == definition,
            "{} is stale: run `cargo run -p brazier-crds --bin print_crds -- charts/brazier/templates/crds`",
            plural(&definition)
        );
    }
}

/// `kubectl apply` and Argo CD keep the whole object in an annotation of at most 262,144 bytes
/// (cloudnative-pg/charts 325, CrunchyData/postgres-operator 3938).
#[test]
fn every_definition_is_under_200_kilobytes() {
    for definition in brazier_crds::definitions().unwrap() {
        let size = serde_json::to_vec(&definition).unwrap().len();
        assert!(size < 200_000, "{} has {size} bytes", plural(&definition));
    }
}

/// Helm deletes what a chart no longer has; tenants' services must not go with it.
#[test]
fn uninstalling_keeps_the_definitions() {
    for definition in brazier_crds::definitions().unwrap() {
        assert_eq!(
            definition["metadata"]["annotations"]["helm.sh/resource-policy"],
            "keep"
        );
    }
}

/// kube-rs/kube 2042: Argo CD sees a difference for ever.
#[test]
fn no_definition_has_empty_lists_or_fractions() {
    fn check(path: &str, value: &Value) {
        match value {
            Value::Array(items) => {
                assert!(!items.is_empty(), "{path} is empty");
                items
                    .iter()
                    .enumerate()
                    .for_each(|(index, item)| check(&format!("{path}[{index}]"), item));
            }
            Value::Object(fields) => fields
                .iter()
                .for_each(|(name, field)| check(&format!("{path}.{name}"), field)),
            Value::Number(number) => assert!(!number.is_f64(), "{path} is {number}"),
            _ => {}
        }
    }
    for definition in brazier_crds::definitions().unwrap() {
        check(plural(&definition), &definition);
    }
}

#[test]
fn every_field_says_what_it_is_for() {
    fn check(path: &str, schema: &Value) {
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            let path = format!("{path}.{name}");
            assert!(
                field["description"].as_str().is_some_and(|text| !text.is_empty()),
                "{path} has no description"
            );
            check(&path, field);
            check(&path, &field["items"]);
        }
    }
    for definition in brazier_crds::definitions().unwrap() {
        let schema = &definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
        check(plural(&definition), &schema["properties"]["spec"]);
        check(plural(&definition), &schema["properties"]["status"]);
    }
}
