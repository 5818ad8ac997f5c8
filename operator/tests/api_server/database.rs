//! What of a bundled database is not an object that the operator makes alone: Patroni keeps a part of it.

use brazier_crds::FhirService;
use k8s_openapi::api::{apps::v1::StatefulSet, core::v1::ConfigMap};
use kube::{
    Api, ResourceExt,
    api::{Patch, PatchParams, PostParams},
};
use serde_json::json;

use crate::{cluster::Cluster, operator};

#[tokio::test]
#[cfg_attr(not(kube_apiserver), ignore = "needs a kube-apiserver: run make test")]
async fn patronis_shared_configuration_follows_the_spec() {
    let _operator = operator::start().await;
    let cluster = Cluster::new("dynamic").await;
    cluster
        .create::<FhirService>("ward", json!({"database": {"bundled": {"instances": 1}}}))
        .await;
    cluster
        .wait_for("ward-db", "the StatefulSet", |_: &StatefulSet| true)
        .await;
    // Patroni makes this ConfigMap itself when the cluster is made.
    let map =
        json!({"metadata": {"name": "ward-db-config", "annotations": {"config": "{}", "initialize": "7"}}});
    let maps: Api<ConfigMap> = cluster.api();
    maps.create(&PostParams::default(), &serde_json::from_value(map).unwrap())
        .await
        .unwrap();
    let change =
        json!({"spec": {"database": {"bundled": {"instances": 3, "parameters": {"work_mem": "32MB"}}}}});
    cluster
        .api::<FhirService>()
        .patch("ward", &PatchParams::default(), &Patch::Merge(change))
        .await
        .unwrap();
    let map: ConfigMap = cluster
        .wait_for("ward-db-config", "the parameter", |map: &ConfigMap| {
            map.annotations()["config"].contains("32MB")
        })
        .await;
    let config: serde_json::Value = serde_json::from_str(&map.annotations()["config"]).unwrap();
    assert_eq!(config["synchronous_mode"], "quorum");
    assert_eq!(config["failsafe_mode"], true);
    assert_eq!(
        map.annotations()["initialize"],
        "7",
        "what Patroni wrote is left alone"
    );
}
