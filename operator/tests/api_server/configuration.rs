//! What pods read when they start is in a ConfigMap that is named by its content: pods of before that start again read what
//! they read before, and it goes when there are none.

use std::net::Ipv4Addr;

use brazier_crds::{FhirService, IotConnector};
use k8s_openapi::api::{apps::v1::Deployment, core::v1::ConfigMap};
use kube::{
    Api,
    api::{Patch, PatchParams},
};
use serde_json::{Value, json};

use crate::{
    cluster::{Cluster, condition},
    iot_connector::Program,
    operator::{self, eventually},
};

/// The ConfigMap whose name begins so among those that the volumes of a Deployment's pods are made of.
pub fn config_map(deployment: &Deployment, prefix: &str) -> String {
    let volumes = deployment
        .spec
        .as_ref()
        .unwrap()
        .template
        .spec
        .as_ref()
        .unwrap()
        .volumes
        .as_ref()
        .unwrap();
    let sources = volumes
        .iter()
        .flat_map(|volume| volume.projected.as_ref().unwrap().sources.as_ref().unwrap());
    let mut names = sources.filter_map(|source| Some(source.config_map.as_ref()?.name.clone()));
    names.find(|name| name.starts_with(prefix)).unwrap()
}

async fn patch<K>(cluster: &Cluster, name: &str, spec: Value)
where
    K: kube::Resource<DynamicType = (), Scope = kube::core::NamespaceResourceScope>
        + Clone
        + std::fmt::Debug
        + serde::de::DeserializeOwned,
{
    let change = Patch::Merge(json!({"spec": spec}));
    cluster
        .api::<K>()
        .patch(name, &PatchParams::default(), &change)
        .await
        .unwrap();
}

async fn gone(cluster: &Cluster, name: &str) {
    let maps: Api<ConfigMap> = cluster.api();
    eventually("a configuration that nobody needs to go", async || {
        match maps.get_opt(name).await {
            Ok(None) => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
    .await;
}

const CONNECTORS: &str = "bedside-connector-";
const SERVERS: &str = "ward-server-";

/// Gives the connector another mapping, and waits until its Deployment asks for pods that read it.
async fn edit_mapping(cluster: &Cluster, template_type: &str, before: &Deployment) -> Deployment {
    let template = json!([{"templateType": template_type}]);
    let mapping = json!({"inline": {"templateType": "CollectionContent", "template": template}});
    patch::<IotConnector>(cluster, "bedside", json!({"deviceMapping": mapping})).await;
    let before = config_map(before, CONNECTORS);
    cluster
        .wait_for("bedside", "another mapping", |one| {
            config_map(one, CONNECTORS) != before
        })
        .await
}

/// Waits for two looks at the connector, one after the other: the later one has begun after this was called.
async fn looked_at(cluster: &Cluster, program: &Program, from: i64) {
    for processed in [from, from + 1] {
        program.says(&json!({"processed": processed}));
        cluster
            .wait_for("bedside", "a look", |one: &IotConnector| {
                one.status
                    .as_ref()
                    .is_some_and(|status| status.processed == Some(processed))
            })
            .await;
    }
}

#[tokio::test]
#[cfg_attr(not(kube_apiserver), ignore = "needs a kube-apiserver: run make test")]
async fn a_connector_of_before_keeps_its_mapping_until_it_is_replaced() {
    let _operator = operator::start().await;
    let cluster = Cluster::new("kept-mapping").await;
    cluster.create::<FhirService>("ward", json!({})).await;
    cluster.connector("bedside").await;
    let address = Ipv4Addr::new(127, 3, 4, 1);
    let program = Program::listen(address).await;
    let good: Deployment = cluster.wait_for("bedside", "the connectors", |_| true).await;
    cluster.replica_set(&good, "bedside-good", 1).await;
    cluster.replicas_come_up("bedside", &[address]).await;
    let maps: Api<ConfigMap> = cluster.api();
    let of_good = config_map(&good, CONNECTORS);
    let first = maps.get(&of_good).await.unwrap();
    assert!(first.data.as_ref().unwrap()["device.json"].contains(r#""templateType":"x""#));

    // A bad edit: the connector that reads it starts beside the other, and does not become ready.
    let bad = edit_mapping(&cluster, "bad", &good).await;
    cluster.replica_set(&bad, "bedside-bad", 1).await;
    cluster.rollout_begins("bedside").await;
    looked_at(&cluster, &program, 10).await;
    let kept = maps.get(&of_good).await.unwrap();
    assert_eq!((kept.data, kept.metadata.uid), (first.data, first.metadata.uid));
    let change = Patch::Merge(json!({"data": {"device.json": "{}"}}));
    let refused = maps
        .patch(&of_good, &PatchParams::default(), &change)
        .await
        .unwrap_err();
    assert!(refused.to_string().contains("immutable"), "{refused}");

    // Another edit: what only the bad one has read goes, though the rollout is not complete.
    let better = edit_mapping(&cluster, "better", &bad).await;
    cluster.replica_set_has("bedside-bad", 0).await;
    cluster.replica_set(&better, "bedside-better", 1).await;
    cluster.rollout_begins("bedside").await;
    gone(&cluster, &config_map(&bad, CONNECTORS)).await;
    looked_at(&cluster, &program, 20).await;
    assert!(maps.get_opt(&of_good).await.unwrap().is_some());

    cluster.replica_set_has("bedside-good", 0).await;
    cluster.replicas_come_up("bedside", &[address]).await;
    gone(&cluster, &of_good).await;
    assert!(
        maps.get_opt(&config_map(&better, CONNECTORS))
            .await
            .unwrap()
            .is_some()
    );
}

/// The servers of before run for as long as a migration fails, which can be days.
#[tokio::test]
#[cfg_attr(not(kube_apiserver), ignore = "needs a kube-apiserver: run make test")]
async fn servers_of_before_keep_their_configuration_while_a_migration_has_failed() {
    let mut operator = operator::start().await;
    let cluster = Cluster::new("kept-configuration").await;
    let address = Ipv4Addr::new(127, 3, 4, 2);
    let _replica = cluster.ward_of_one(address).await;
    let before: Deployment = cluster.api().get("ward").await.unwrap();
    cluster.replica_set(&before, "ward-before", 1).await;
    let maps: Api<ConfigMap> = cluster.api();
    let of_before = config_map(&before, SERVERS);
    let first = maps.get(&of_before).await.unwrap();

    operator.kill();
    operator.set_server_image("brazier-server:2");
    patch::<FhirService>(&cluster, "ward", json!({"updateCreate": false})).await;
    operator.start();
    let failed = cluster.migration_fails("ward").await;
    cluster
        .wait_for("ward", "the failure", |one: &FhirService| {
            let conditions = one.status.as_ref().map(|status| status.conditions.as_slice());
            condition(conditions.unwrap_or_default(), "Ready").1 == "MigrationFailed"
        })
        .await;
    let running: Deployment = cluster.api().get("ward").await.unwrap();
    assert_eq!(config_map(&running, SERVERS), of_before);
    let kept = maps.get(&of_before).await.unwrap();
    assert_eq!((kept.data, kept.metadata.uid), (first.data, first.metadata.uid));

    let jobs: Api<k8s_openapi::api::batch::v1::Job> = cluster.api();
    jobs.delete(&failed, &kube::api::DeleteParams::background())
        .await
        .unwrap();
    cluster.migration_succeeds("ward").await;
    let after: Deployment = cluster
        .wait_for("ward", "the new configuration", |one| {
            config_map(one, SERVERS) != of_before
        })
        .await;
    let second = maps.get(&config_map(&after, SERVERS)).await.unwrap();
    assert!(second.data.unwrap()["server.yaml"].contains("updateCreate: false"));
    cluster.replica_set_has("ward-before", 0).await;
    cluster.replicas_come_up("ward", &[address]).await;
    gone(&cluster, &of_before).await;
}
