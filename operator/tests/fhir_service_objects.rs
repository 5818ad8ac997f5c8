//! YAML in, all desired objects out. The snapshots are the contract with tenants and, for the two configuration
//! files, with the server: its own tests read them.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use brazier_crds::{FhirService, IotConnector, RoleAssignment};
use brazier_operator::{
    access::{self, policy},
    cluster_keys::KeySet,
    fhir_service::{
        build::{self, DesiredObjects},
        database::{
            Workload,
            bundled::{build::Members, settings::Settings},
        },
        dereference::Dereferenced,
        validate::{ValidatedFhirService, validate},
    },
    image::Images,
    manifest::DesiredObject,
    rollout::Foundation,
    surroundings::Surroundings,
};
use jiff::Timestamp;
use serde::Deserialize;
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

/// A service whose names differ from every word of the product, so that swapped names are seen.
fn service(spec: &str) -> FhirService {
    let spec: Value = serde_yaml_ng::from_str(spec).unwrap();
    serde_json::from_value(json!({
        "apiVersion": "brazier.dev/v1alpha1",
        "kind": "FhirService",
        "metadata": {"name": "ward", "namespace": "hospital", "uid": "c2f1", "generation": 3},
        "spec": spec,
    }))
    .unwrap()
}

fn validated(spec: &str, found: &Dereferenced) -> ValidatedFhirService {
    let policy = policy::compile(&found.assignments, &found.connectors, Timestamp::UNIX_EPOCH);
    validate(&service(spec), found, policy, surroundings()).unwrap()
}

/// Of a service whose settings were applied before.
fn in_force(spec: &str) -> Dereferenced {
    let bundled = service(spec).spec.database.bundled.unwrap();
    let mut found = Dereferenced::default();
    found.database.bundled.in_force = Some(Settings::of(&bundled));
    found
}

fn objects(spec: &str, found: &Dereferenced) -> DesiredObjects {
    build::build(&validated(spec, found)).unwrap()
}

fn members(objects: &DesiredObjects) -> &Members {
    let Workload::Bundled(members) = &objects.database;
    members
}

/// The snapshots have the foundation in this order, whatever the order in which parts of it are put together.
const FOUNDATION: [(&str, &str); 18] = [
    ("ServiceAccount", "ward"),
    ("ServiceAccount", "ward-db"),
    ("Role", "ward-db"),
    ("ConfigMap", "ward-connection"),
    ("Role", "ward-connection"),
    ("ConfigMap", "ward-server-"),
    ("ConfigMap", "ward-migrate"),
    ("ConfigMap", "ward-db-patroni"),
    ("Service", "ward"),
    ("Service", "ward-db"),
    ("Service", "ward-db-primary"),
    ("Service", "ward-db-replicas"),
    ("NetworkPolicy", "ward"),
    ("NetworkPolicy", "ward-db"),
    ("RoleBinding", "ward-db"),
    ("RoleBinding", "ward-connection"),
    ("PodDisruptionBudget", "ward"),
    ("PodDisruptionBudget", "ward-db"),
];

fn all(objects: &DesiredObjects) -> Vec<&Value> {
    let Foundation {
        objects: foundation,
        bindings,
        ..
    } = &objects.foundation;
    let mut foundation: Vec<&DesiredObject> = foundation.iter().chain(bindings).collect();
    foundation.sort_by_key(|object| {
        let place = FOUNDATION
            .iter()
            .position(|(kind, name)| *kind == object.kind() && is_called(object.name(), name));
        place.unwrap_or(FOUNDATION.len())
    });
    let rest = [&objects.migration, &objects.server];
    foundation
        .into_iter()
        .chain(&members(objects).stateful_set)
        .chain(rest)
        .map(DesiredObject::manifest)
        .collect()
}

/// Whether an object is called `name`, or begins so if that ends in a hyphen.
fn is_called(found: &str, name: &str) -> bool {
    found == name || (name.ends_with('-') && found.starts_with(name))
}

fn find<'a>(objects: &'a DesiredObjects, kind: &str, name: &str) -> &'a Value {
    let mut found = all(objects)
        .into_iter()
        .filter(|one| one["kind"] == kind && is_called(one["metadata"]["name"].as_str().unwrap(), name));
    found.next().unwrap()
}

fn assignments() -> Vec<RoleAssignment> {
    let text = include_str!("fixtures/assignments.yaml");
    serde_yaml_ng::Deserializer::from_str(text)
        .map(|document| serde_json::from_value(Value::deserialize(document).unwrap()).unwrap())
        .collect()
}

fn connectors() -> Vec<IotConnector> {
    vec![
        serde_json::from_value(json!({
            "apiVersion": "brazier.dev/v1alpha1",
            "kind": "IotConnector",
            "metadata": {"name": "bedside", "namespace": "hospital"},
            "spec": {
                "source": {"http": {}},
                "deviceMapping": {"configMapKeyRef": {"name": "mappings", "key": "device.json"}},
                "fhirMapping": {"configMapKeyRef": {"name": "mappings", "key": "fhir.json"}},
                "destinations": [{"name": "main", "fhirServiceRef": {"name": "ward"}}],
            },
        }))
        .unwrap(),
    ]
}

#[test]
fn a_service_with_nothing_but_a_name() {
    let objects = objects("{}", &Dereferenced::default());
    insta::assert_yaml_snapshot!("default", all(&objects));
    insta::assert_yaml_snapshot!(
        "default_dynamic_configuration",
        members(&objects).shared_configuration
    );
    let unwanted: Vec<String> = objects
        .foundation
        .unwanted
        .iter()
        .map(|(resource, name)| format!("{} {name}", resource.kind))
        .collect();
    assert_eq!(unwanted, ["RoleBinding ward-connection"], "nobody has access yet");
}

const EVERYTHING: &str = "
replicas: 20
resources: {requests: {cpu: 2}, limits: {memory: 1Gi}}
database:
  bundled:
    instances: 3
    storage: {size: 100Gi, storageClassName: fast}
    resources: {requests: {cpu: 4, memory: 8Gi}}
    parameters: {shared_buffers: 2GB, work_mem: 16MB}
authentication:
  serviceAccounts: true
  issuers:
  - issuer: https://login.example/realm
    audiences: [fhir]
    jwksUri: https://login.example/realm/keys
    caBundleRef: {name: login-ca, key: bundle.pem}
  - issuer: https://other.example
    audiences: [a, b]
    jwksUri: https://other.example/keys
updateCreate: false
";

#[test]
fn a_service_with_every_field() {
    let found = Dereferenced {
        assignments: assignments(),
        connectors: connectors(),
        ..in_force(EVERYTHING)
    };
    insta::assert_yaml_snapshot!("everything", all(&objects(EVERYTHING, &found)));
}

/// The two files that the server's own tests read.
#[test]
fn the_configuration_files_of_the_server() {
    let objects = objects(EVERYTHING, &Dereferenced::default());
    let server = &find(&objects, "ConfigMap", "ward-server-")["data"]["server.yaml"];
    insta::assert_snapshot!("server.yaml", server.as_str().unwrap());
    let migrate = &find(&objects, "ConfigMap", "ward-migrate")["data"]["migrate.yaml"];
    insta::assert_snapshot!("migrate.yaml", migrate.as_str().unwrap());
}

/// Servers of before start again with what they started with: another configuration is another ConfigMap. What has to reach
/// them as well, or ends by itself, is changed as it is.
#[test]
fn another_configuration_has_another_name_and_policy_and_certificates_keep_theirs() {
    let sources = |spec: &str, found: &Dereferenced| -> Vec<String> {
        let objects = objects(spec, found);
        let pod = &find(&objects, "Deployment", "ward")["spec"]["template"]["spec"];
        let sources = pod["volumes"][0]["projected"]["sources"].as_array().unwrap();
        let names = sources.iter().map(|one| &one["configMap"]["name"]);
        let secrets = sources.iter().map(|one| &one["secret"]["name"]);
        let names = names.chain(secrets).filter_map(Value::as_str);
        names.map(String::from).collect()
    };
    let before = sources("{}", &Dereferenced::default());
    let found = Dereferenced {
        assignments: assignments(),
        ..Dereferenced::default()
    };
    assert_eq!(before, sources("{resources: {requests: {cpu: 2}}}", &found));
    let other = sources("{updateCreate: false}", &found);
    assert_ne!(before[0], other[0]);
    let kept = ["ward-connection", "ward-access", "ward-db-runtime", "ward-tls"];
    assert_eq!(before[1..], kept);
    assert_eq!(other[1..], kept);
}

#[test]
fn the_policy_of_all_kinds_of_assignments() {
    let found = Dereferenced {
        assignments: assignments(),
        connectors: connectors(),
        ..in_force(EVERYTHING)
    };
    let validated = validated("{}", &found);
    let keys = validated.cluster_keys.as_ref();
    insta::assert_yaml_snapshot!("policy", validated.policy);
    let map = access::config_map(&validated.owner, "ward-access", &validated.policy, keys);
    let data = &map.manifest()["data"];
    let read: Value = serde_json::from_str(data["policy.json"].as_str().unwrap()).unwrap();
    assert_eq!(read, json!(validated.policy));
    assert_eq!(data["jwks.json"], r#"{"keys":[]}"#);
}

#[test]
fn the_policy_does_not_depend_on_the_order_of_assignments() {
    let one = Dereferenced {
        assignments: assignments(),
        ..Dereferenced::default()
    };
    let mut other = one.clone();
    other.assignments.reverse();
    assert_eq!(validated("{}", &one).policy, validated("{}", &other).policy);
}

#[test]
fn a_suspended_service_runs_nothing() {
    let objects = objects("{suspend: true}", &Dereferenced::default());
    assert_eq!(find(&objects, "Deployment", "ward")["spec"]["replicas"], 0);
    assert_eq!(find(&objects, "StatefulSet", "ward-db")["spec"]["replicas"], 0);
    assert!(
        all(&objects)
            .iter()
            .all(|one| one["kind"] != "PodDisruptionBudget")
    );
}

#[test]
fn one_member_waits_for_nobody() {
    let objects = objects("{database: {bundled: {instances: 1}}}", &Dereferenced::default());
    assert_eq!(members(&objects).shared_configuration["synchronous_mode"], false);
    assert_eq!(find(&objects, "StatefulSet", "ward-db")["spec"]["replicas"], 1);
}

/// cloudnative-pg 5950, 7516: what changes about the servers, or a setting that takes effect at once, must not
/// restart a database.
#[test]
fn only_what_concerns_the_database_restarts_it() {
    let template = |spec: &str, server_image: &str| {
        let mut surroundings = surroundings();
        surroundings.images.server = server_image.into();
        let policy = policy::compile(&[], &[], Timestamp::UNIX_EPOCH);
        let validated = validate(&service(spec), &in_force(spec), policy, surroundings).unwrap();
        find(&build::build(&validated).unwrap(), "StatefulSet", "ward-db")["spec"]["template"].clone()
    };
    let before = template("{}", "registry.example/server:7");
    assert_eq!(
        before,
        template("{replicas: 5, updateCreate: false}", "registry.example/server:8")
    );
    let at_once = "{database: {bundled: {parameters: {work_mem: 16MB}}}}";
    assert_eq!(before, template(at_once, "registry.example/server:7"));
    let at_start = "{database: {bundled: {parameters: {shared_buffers: 1GB}}}}";
    assert_ne!(before, template(at_start, "registry.example/server:7"));
}

/// What can never be changed in a StatefulSet: a release that builds another one could not apply it.
#[test]
fn the_unchangeable_part_of_the_database_is_as_ever() {
    let objects = objects("{}", &Dereferenced::default());
    let spec = &find(&objects, "StatefulSet", "ward-db")["spec"];
    let labels = json!({
        "app.kubernetes.io/name": "fhir-service",
        "app.kubernetes.io/instance": "ward",
        "app.kubernetes.io/component": "database",
    });
    assert_eq!(spec["selector"]["matchLabels"], labels);
    assert_eq!(
        (&spec["serviceName"], &spec["podManagementPolicy"]),
        (&json!("ward-db"), &json!("Parallel"))
    );
    assert_eq!(
        spec["volumeClaimTemplates"],
        json!([{
            "metadata": {"name": "data", "labels": labels},
            "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "10Gi"}}},
        }])
    );
}

#[test]
fn a_certificate_bundle_that_does_not_exist_is_named() {
    let missing = service(EVERYTHING).spec.authentication.issuers[0]
        .ca_bundle_ref
        .clone()
        .unwrap();
    let found = Dereferenced {
        missing_bundles: vec![missing],
        ..in_force(EVERYTHING)
    };
    let policy = policy::compile(&[], &[], Timestamp::UNIX_EPOCH);
    let error = validate(&service(EVERYTHING), &found, policy, surroundings()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "key bundle.pem of ConfigMap login-ca does not exist: create it, or correct \
         spec.authentication.issuers[].caBundleRef"
    );
}

#[test]
fn building_twice_gives_the_same() {
    let found = Dereferenced {
        assignments: assignments(),
        connectors: connectors(),
        ..in_force(EVERYTHING)
    };
    assert_eq!(objects(EVERYTHING, &found), objects(EVERYTHING, &found));
}

/// Every pod fits the strictest Pod Security Standard
/// (<https://kubernetes.io/docs/concepts/security/pod-security-standards/>, restricted).
#[test]
fn every_pod_is_restricted() {
    let objects = objects(EVERYTHING, &in_force(EVERYTHING));
    let asked = self::objects(EVERYTHING, &Dereferenced::default());
    let members = members(&objects).clone();
    let check = self::members(&asked).check.clone();
    for object in members
        .stateful_set
        .iter()
        .chain(&check)
        .chain([&objects.migration, &objects.server])
    {
        let pod = &object.manifest()["spec"]["template"]["spec"];
        assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
        assert_eq!(pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault");
        for container in pod["containers"].as_array().unwrap() {
            assert_eq!(container["securityContext"]["allowPrivilegeEscalation"], false);
            assert_eq!(container["securityContext"]["readOnlyRootFilesystem"], true);
            assert_eq!(
                container["securityContext"]["capabilities"]["drop"],
                json!(["ALL"])
            );
        }
    }
    for object in [&objects.migration, &objects.server] {
        assert_eq!(
            object.manifest()["spec"]["template"]["spec"]["automountServiceAccountToken"],
            false
        );
    }
}
