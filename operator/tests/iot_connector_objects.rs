//! YAML in, all desired objects out. The configuration file in the snapshots is the contract with the connector,
//! whose own tests read it.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use brazier_crds::{IotConnector, RoleAssignment};
use brazier_operator::{
    cluster_keys::KeySet,
    image::Images,
    iot_connector::{
        build::{self, DesiredObjects},
        dereference::Dereferenced,
        validate::validate,
    },
    manifest::DesiredObject,
    surroundings::Surroundings,
};
use jiff::Timestamp;
use serde_json::{Value, json};

fn surroundings() -> Surroundings {
    Surroundings {
        images: Images {
            server: "registry.example/server:7".into(),
            connector: "registry.example/connector:7".into(),
            database: "registry.example/database:17".into(),
            pull_policy: "IfNotPresent",
        },
        authority_bundle: "-----BEGIN CERTIFICATE-----\n".into(),
        operator_namespace: "brazier-system".into(),
        metrics_from: Vec::new(),
        cluster_keys: KeySet {
            issuer: "https://kubernetes.default.svc".into(),
            jwks: r#"{"keys":[]}"#.into(),
        },
        now: Timestamp::UNIX_EPOCH,
    }
}

fn connector(changes: &Value) -> IotConnector {
    let mut spec = json!({
        "source": {"http": {}},
        "deviceMapping": {"inline": {"templateType": "CollectionContent", "template": [{"templateType": "x"}]}},
        "fhirMapping": {"inline": {"templateType": "CollectionFhir", "template": [{"templateType": "y"}]}},
        "destinations": [
            {"name": "main", "fhirServiceRef": {"name": "ward"}, "identityResolution": "Lookup"},
            {"name": "copy", "fhirServiceRef": {"name": "archive"}},
        ],
    });
    for (name, value) in changes.as_object().unwrap() {
        spec[name] = value.clone();
    }
    serde_json::from_value(json!({
        "apiVersion": "brazier.dev/v1alpha1",
        "kind": "IotConnector",
        "metadata": {"name": "bedside", "namespace": "hospital", "uid": "77aa", "generation": 2},
        "spec": spec,
    }))
    .unwrap()
}

fn sender() -> RoleAssignment {
    serde_json::from_value(json!({
        "apiVersion": "brazier.dev/v1alpha1",
        "kind": "RoleAssignment",
        "metadata": {"name": "devices", "namespace": "hospital"},
        "spec": {
            "scope": {"kind": "IotConnector", "name": "bedside"},
            "custom": {"dataActions": ["create"]},
            "principals": [{"serviceAccount": {"name": "gateway"}}],
        },
    }))
    .unwrap()
}

fn objects(changes: &Value, found: &Dereferenced) -> DesiredObjects {
    build::build(&validate(&connector(changes), found, surroundings()).unwrap()).unwrap()
}

fn all(objects: &DesiredObjects) -> Vec<&Value> {
    let foundation = &objects.foundation;
    foundation
        .objects
        .iter()
        .chain(&foundation.bindings)
        .chain([&objects.deployment])
        .map(DesiredObject::manifest)
        .collect()
}

#[test]
fn a_connector_with_a_sender() {
    let found = Dereferenced {
        assignments: vec![sender()],
        ..Dereferenced::default()
    };
    insta::assert_yaml_snapshot!("connector", all(&objects(&json!({}), &found)));
}

/// The file that the connector's own tests read.
#[test]
fn the_configuration_file_of_the_connector() {
    let objects = objects(&json!({"compatibility": "IomtFhir"}), &Dereferenced::default());
    let mut maps = all(&objects)
        .into_iter()
        .filter(|one| one["data"]["connector.yaml"].is_string());
    insta::assert_snapshot!(
        "connector.yaml",
        maps.next().unwrap()["data"]["connector.yaml"].as_str().unwrap()
    );
}

/// A connector of before starts again with the mapping of before.
#[test]
fn another_mapping_is_another_config_map_and_the_policy_is_not() {
    let name = |changes: &Value, found: &Dereferenced| {
        let objects = objects(changes, found);
        let maps: Vec<&Value> = all(&objects)
            .into_iter()
            .filter(|one| one["immutable"] == true)
            .collect();
        assert_eq!(maps.len(), 1);
        let name = maps[0]["metadata"]["name"].as_str().unwrap().to_string();
        let template = objects.deployment.manifest()["spec"]["template"].to_string();
        assert!(template.contains(&format!("\"{name}\"")), "{template}");
        assert!(name.starts_with("bedside-connector-"), "{name}");
        name
    };
    let nobody = Dereferenced::default();
    let somebody = Dereferenced {
        assignments: vec![sender()],
        ..Dereferenced::default()
    };
    let before = name(&json!({}), &nobody);
    assert_eq!(before, name(&json!({"replicas": 3}), &somebody));
    let inline =
        |type_: &str| json!({"inline": {"templateType": type_, "template": [{"templateType": "z"}]}});
    let others = [
        json!({"deviceMapping": inline("CollectionContent")}),
        json!({"fhirMapping": inline("CollectionFhir")}),
        json!({"compatibility": "IomtFhir"}),
    ];
    for other in others {
        assert_ne!(before, name(&other, &nobody), "{other}");
    }
}

#[test]
fn another_mapping_or_another_policy_replaces_the_connectors() {
    let template = |changes: &Value, found: &Dereferenced| {
        objects(changes, found).deployment.manifest()["spec"]["template"].clone()
    };
    let nobody = Dereferenced::default();
    let before = template(&json!({}), &nobody);
    assert_eq!(before, template(&json!({"replicas": 3}), &nobody));
    let mapping =
        json!({"inline": {"templateType": "CollectionContent", "template": [{"templateType": "z"}]}});
    assert_ne!(before, template(&json!({"deviceMapping": mapping}), &nobody));
    let somebody = Dereferenced {
        assignments: vec![sender()],
        ..Dereferenced::default()
    };
    assert_ne!(before, template(&json!({}), &somebody));
}

#[test]
fn a_destination_that_does_not_exist_is_named() {
    let found = Dereferenced {
        missing_destinations: vec!["ward".into()],
        ..Dereferenced::default()
    };
    let error = validate(&connector(&json!({})), &found, surroundings()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "FhirService ward does not exist: create it, or correct spec.destinations[].fhirServiceRef.name"
    );
}
