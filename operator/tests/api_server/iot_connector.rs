//! An IotConnector from its YAML to Ready, with the program that reports of itself played by the test.

use std::{
    net::Ipv4Addr,
    sync::{Arc, Mutex},
};

use axum::{Router, extract::State, routing::get};
use brazier_crds::{FhirService, IotConnector, RoleAssignment};
use k8s_openapi::api::{apps::v1::Deployment, core::v1::ConfigMap};
use kube::{
    Api,
    api::{Patch, PatchParams, PostParams},
};
use serde_json::{Value, json};

use crate::{
    cluster::{Cluster, condition, connector_spec},
    configuration::config_map,
    operator,
};

fn of(connector: &IotConnector, type_: &str) -> (String, String, String) {
    condition(
        connector
            .status
            .as_ref()
            .map(|status| status.conditions.as_slice())
            .unwrap_or_default(),
        type_,
    )
}

/// What the names of the ConfigMaps begin with that connectors take their mappings from.
const PREFIX: &str = "bedside-connector-";

/// The device mapping that the pods of a Deployment read.
async fn device_mapping(maps: &Api<ConfigMap>, connectors: &Deployment) -> String {
    let map = maps.get(&config_map(connectors, PREFIX)).await.unwrap();
    map.data.unwrap()["device.json"].clone()
}

/// The program's report.
pub struct Program {
    report: Arc<Mutex<Value>>,
}

impl Program {
    /// Answers on port 9090 of `address`; nothing is wrong.
    pub async fn listen(address: Ipv4Addr) -> Self {
        let report = Arc::new(Mutex::new(json!({
            "mappingValid": true, "mappingError": null, "sourceConnected": true, "destinationReady": true,
            "processed": 0, "rejected": 0, "lastMessageTime": null,
        })));
        let answer = async |State(report): State<Arc<Mutex<Value>>>| report.lock().unwrap().to_string();
        let router = Router::new()
            .route("/status", get(answer))
            .with_state(report.clone());
        let listener = tokio::net::TcpListener::bind((address, 9090)).await.unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Program { report }
    }

    /// From now on these members of the report are others.
    pub fn says(&self, changes: &Value) {
        let mut report = self.report.lock().unwrap();
        for (name, value) in changes.as_object().unwrap() {
            report[name] = value.clone();
        }
    }
}

#[tokio::test]
#[cfg_attr(not(kube_apiserver), ignore = "needs a kube-apiserver: run make test")]
async fn a_connector_becomes_ready_and_says_what_it_did() {
    let _operator = operator::start().await;
    let cluster = Cluster::new("connector").await;
    cluster.connector("bedside").await;
    let waiting: IotConnector = cluster
        .wait_for("bedside", "a status", |one: &IotConnector| {
            of(one, "Stalled").0 == "True"
        })
        .await;
    assert_eq!(of(&waiting, "Ready").1, "DestinationNotFound");
    assert_eq!(
        of(&waiting, "Ready").2,
        "FhirService ward does not exist: create it, or correct spec.destinations[].fhirServiceRef.name"
    );

    cluster.create::<FhirService>("ward", json!({})).await;
    let address = Ipv4Addr::new(127, 3, 0, 1);
    let program = Program::listen(address).await;
    program.says(&json!({"processed": 7, "rejected": 1, "lastMessageTime": "2026-01-01T00:00:00.123Z"}));
    cluster
        .wait_for("bedside", "the Deployment", |_: &Deployment| true)
        .await;
    cluster.replicas_come_up("bedside", &[address]).await;
    let connector: IotConnector = cluster
        .wait_for("bedside", "Ready", |one: &IotConnector| {
            of(one, "Ready").0 == "True"
        })
        .await;
    let status = connector.status.unwrap();
    assert_eq!(status.endpoint.as_deref(), Some("https://bedside.connector.svc"));
    assert_eq!((status.processed, status.rejected), (Some(7), Some(1)));
    for type_ in ["MappingValid", "SourceConnected", "DestinationReady"] {
        assert_eq!(condition(&status.conditions, type_).0, "True", "{type_}");
    }
}

#[tokio::test]
#[cfg_attr(not(kube_apiserver), ignore = "needs a kube-apiserver: run make test")]
async fn a_mapping_that_does_not_compile_is_told_with_its_place() {
    let _operator = operator::start().await;
    let cluster = Cluster::new("mapping").await;
    cluster.create::<FhirService>("ward", json!({})).await;
    cluster.connector("bedside").await;
    let address = Ipv4Addr::new(127, 3, 1, 1);
    let program = Program::listen(address).await;
    program.says(&json!({
        "mappingValid": false,
        "mappingError": {"file": "device.json", "template": 2, "field": "typeMatchExpression", "message": "no end"},
    }));
    cluster
        .wait_for("bedside", "the Deployment", |_: &Deployment| true)
        .await;
    cluster.replicas_come_up("bedside", &[address]).await;
    let connector: IotConnector = cluster
        .wait_for("bedside", "MappingInvalid", |one: &IotConnector| {
            of(one, "MappingValid").0 == "False"
        })
        .await;
    assert!(
        of(&connector, "MappingValid")
            .2
            .starts_with("device.json, template 2, typeMatchExpression: no end"),
        "{:?}",
        of(&connector, "MappingValid")
    );
    assert_eq!(of(&connector, "Ready").1, "MappingInvalid");
}

#[tokio::test]
#[cfg_attr(not(kube_apiserver), ignore = "needs a kube-apiserver: run make test")]
async fn a_mapping_in_a_config_map_is_read_from_there() {
    let _operator = operator::start().await;
    let cluster = Cluster::new("mapped").await;
    cluster.create::<FhirService>("ward", json!({})).await;
    let mut spec = connector_spec();
    spec["deviceMapping"] = json!({"configMapKeyRef": {"name": "mappings", "key": "device.json"}});
    cluster.create::<IotConnector>("bedside", spec).await;
    let stalled: IotConnector = cluster
        .wait_for("bedside", "the missing ConfigMap", |one: &IotConnector| {
            of(one, "Stalled").0 == "True"
        })
        .await;
    assert_eq!(of(&stalled, "Stalled").1, "MappingNotFound");
    assert_eq!(
        of(&stalled, "Stalled").2,
        "key device.json of ConfigMap mappings does not exist: create it, or correct spec.deviceMapping.configMapKeyRef"
    );
    let maps: Api<ConfigMap> = cluster.api();
    let map = |text: &str| json!({"metadata": {"name": "mappings"}, "data": {"device.json": text}});
    maps.create(
        &PostParams::default(),
        &serde_json::from_value(map("first")).unwrap(),
    )
    .await
    .unwrap();
    let first: Deployment = cluster.wait_for("bedside", "the connectors", |_| true).await;
    assert_eq!(device_mapping(&maps, &first).await, "first");
    maps.patch("mappings", &PatchParams::default(), &Patch::Merge(map("second")))
        .await
        .unwrap();
    let of_first = config_map(&first, PREFIX);
    let second: Deployment = cluster
        .wait_for("bedside", "the other mapping", |one| {
            config_map(one, PREFIX) != of_first
        })
        .await;
    assert_eq!(device_mapping(&maps, &second).await, "second");
}

#[tokio::test]
#[cfg_attr(not(kube_apiserver), ignore = "needs a kube-apiserver: run make test")]
async fn who_may_send_is_enforced_once_all_connectors_are_replaced() {
    let _operator = operator::start().await;
    let cluster = Cluster::new("senders").await;
    cluster.create::<FhirService>("ward", json!({})).await;
    cluster.connector("bedside").await;
    let address = Ipv4Addr::new(127, 3, 3, 1);
    let _program = Program::listen(address).await;
    cluster
        .wait_for("bedside", "the Deployment", |_: &Deployment| true)
        .await;
    cluster.replicas_come_up("bedside", &[address]).await;
    cluster
        .create::<RoleAssignment>(
            "devices",
            json!({
                "scope": {"kind": "IotConnector", "name": "bedside"}, "custom": {"dataActions": ["create"]},
                "principals": [{"serviceAccount": {"name": "gateway"}}],
            }),
        )
        .await;
    let enforced = |one: &RoleAssignment| {
        condition(
            one.status
                .as_ref()
                .map(|status| status.conditions.as_slice())
                .unwrap_or_default(),
            "Enforced",
        )
    };
    cluster
        .wait_for("devices", "not yet", |one: &RoleAssignment| {
            enforced(one).1 == "WaitingForReplicas"
        })
        .await;
    cluster.replicas_come_up("bedside", &[address]).await;
    cluster
        .wait_for("devices", "Enforced", |one: &RoleAssignment| {
            enforced(one).0 == "True"
        })
        .await;
}
