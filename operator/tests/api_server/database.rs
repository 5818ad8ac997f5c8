//! What of a bundled database is not an object that the operator makes alone: Patroni keeps a part of it.

use std::net::Ipv4Addr;

use brazier_crds::FhirService;
use k8s_openapi::api::{
    apps::v1::StatefulSet,
    batch::v1::Job,
    core::v1::{ConfigMap, Pod},
};
use kube::{
    Api, ResourceExt,
    api::{ListParams, Patch, PatchParams, PostParams},
};
use serde_json::json;

use crate::{
    cluster::{Cluster, condition},
    operator::{self, eventually},
};

/// What PostgreSQL says of settings with which it needs little memory.
const FITS: &str = "shared_memory_size=153\nwork_mem=16384\nhash_mem_multiplier=2\nmaintenance_work_mem=65536\n\
                    autovacuum_work_mem=-1\ntemp_buffers=1024\nmax_wal_size=1024\n";

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
    postgresql_says(&cluster, 0, FITS).await;
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

/// The Job controller and the kubelet: PostgreSQL was asked about settings, and said this.
async fn postgresql_says(cluster: &Cluster, code: i32, words: &str) -> String {
    let jobs: Api<Job> = cluster.api();
    let name = eventually("a Job that asks", async || {
        let found = jobs
            .list(&ListParams::default())
            .await
            .map_err(|error| error.to_string())?;
        let asks = found.items.into_iter().find(|job| {
            job.name_any().starts_with("ward-db-check-")
                && job
                    .status
                    .as_ref()
                    .is_none_or(|status| status.conditions.is_none())
        });
        asks.map(|job| job.name_any())
            .ok_or_else(|| "nobody asks".to_string())
    })
    .await;
    let job = jobs.get(&name).await.unwrap();
    let mut labels = job.spec.unwrap().template.metadata.unwrap().labels.unwrap();
    labels.insert("batch.kubernetes.io/job-name".to_string(), name.clone());
    let pods: Api<Pod> = cluster.api();
    let pod = json!({
        "metadata": {"name": name, "labels": labels},
        "spec": {"containers": [{"name": "check", "image": "none"}], "automountServiceAccountToken": false},
    });
    pods.create(&PostParams::default(), &serde_json::from_value(pod).unwrap())
        .await
        .unwrap();
    let status = json!({"status": {"phase": "Succeeded", "containerStatuses": [{
        "name": "check", "image": "none", "imageID": "none", "ready": false, "restartCount": 0,
        "state": {"terminated": {"exitCode": code, "message": words}},
    }]}});
    pods.patch_status(&name, &PatchParams::default(), &Patch::Merge(status))
        .await
        .unwrap();
    let now = "2026-01-01T00:00:00Z";
    let condition = |type_: &str| json!({"type": type_, "status": "True", "lastTransitionTime": now});
    let status = match code {
        0 => json!({
            "startTime": now, "completionTime": now, "succeeded": 1,
            "conditions": [condition("SuccessCriteriaMet"), condition("Complete")],
        }),
        _ => {
            json!({"startTime": now, "failed": 1, "conditions": [condition("FailureTarget"), condition("Failed")]})
        }
    };
    jobs.patch_status(
        &name,
        &PatchParams::default(),
        &Patch::Merge(json!({"status": status})),
    )
    .await
    .unwrap();
    name
}

fn ready(service: &FhirService) -> (String, String, String) {
    let status = service.status.as_ref();
    condition(
        status
            .map(|status| status.conditions.as_slice())
            .unwrap_or_default(),
        "Ready",
    )
}

fn shared_buffers(set: &StatefulSet) -> bool {
    set.annotations()["brazier.dev/settings"].contains("shared_buffers")
}

#[tokio::test]
#[cfg_attr(not(kube_apiserver), ignore = "needs a kube-apiserver: run make test")]
async fn settings_are_applied_once_postgresql_takes_them_and_those_of_before_stay_until_then() {
    let _operator = operator::start().await;
    let cluster = Cluster::new("settings").await;
    let bundled = |parameters: serde_json::Value| json!({"database": {"bundled": {"instances": 1, "parameters": parameters}}});
    cluster
        .create::<FhirService>("ward", bundled(json!({"work_mem": "99999GB"})))
        .await;
    let words = "LOG:  104856551424 kB is outside the valid range for parameter \"work_mem\"\n";
    postgresql_says(&cluster, 64, words).await;
    let service: FhirService = cluster
        .wait_for("ward", "the refusal", |one: &FhirService| {
            ready(one).1 == "ParametersRefused"
        })
        .await;
    assert_eq!(
        ready(&service).2,
        "spec.database.bundled.parameters are refused: PostgreSQL does not take them: 104856551424 kB is outside the valid \
         range for parameter \"work_mem\"; the database starts once they are corrected"
    );
    assert_eq!(
        condition(&service.status.unwrap().conditions, "Stalled").0,
        "True"
    );
    let sets: Api<StatefulSet> = cluster.api();
    assert!(
        sets.get_opt("ward-db").await.unwrap().is_none(),
        "a database with settings that it cannot start with"
    );

    let services: Api<FhirService> = cluster.api();
    let change = |parameters: serde_json::Value| {
        Patch::Merge(json!({"spec": {"database": {"bundled": {"parameters": parameters}}}}))
    };
    let parameters = PatchParams::default();
    services
        .patch("ward", &parameters, &change(json!({"work_mem": "16MB"})))
        .await
        .unwrap();
    postgresql_says(&cluster, 0, FITS).await;
    let before: StatefulSet = cluster.wait_for("ward-db", "the database", |_| true).await;
    let _replicas = cluster
        .service_comes_up(
            "ward",
            &[Ipv4Addr::new(127, 7, 0, 1), Ipv4Addr::new(127, 7, 0, 2)],
        )
        .await;
    cluster
        .wait_for("ward", "Ready", |one: &FhirService| ready(one).0 == "True")
        .await;

    services
        .patch("ward", &parameters, &change(json!({"shared_buffers": "1TB"})))
        .await
        .unwrap();
    cluster
        .wait_for("ward", "the question", |one: &FhirService| {
            ready(one).2.starts_with("PostgreSQL is asked about")
        })
        .await;
    postgresql_says(&cluster, 0, &FITS.replace("size=153", "size=1048700")).await;
    let service: FhirService = cluster
        .wait_for("ward", "the refusal", |one: &FhirService| {
            ready(one).1 == "ParametersRefused"
        })
        .await;
    let message = ready(&service).2;
    assert!(message.ends_with("those of before stay in force"), "{message}");
    let conditions = service.status.unwrap().conditions;
    assert_eq!(
        condition(&conditions, "DatabaseReady").0,
        "True",
        "it serves all the same"
    );
    let set = sets.get("ward-db").await.unwrap();
    assert!(!shared_buffers(&set));
    assert_eq!(set.metadata.generation, before.metadata.generation);

    services
        .patch("ward", &parameters, &change(json!({"shared_buffers": "256MB"})))
        .await
        .unwrap();
    postgresql_says(&cluster, 0, FITS).await;
    cluster.wait_for("ward-db", "the settings", shared_buffers).await;
}

/// For a second or two after a switch the pod that led still carries the label of the primary.
#[tokio::test]
#[cfg_attr(not(kube_apiserver), ignore = "needs a kube-apiserver: run make test")]
async fn a_primary_that_has_lost_the_lead_is_not_called_ready() {
    let _operator = operator::start().await;
    let cluster = Cluster::new("switch").await;
    cluster.create::<FhirService>("ward", json!({})).await;
    let leads = async |name: &str| {
        let map = json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {
                "name": "ward-db-leader",
                "labels": crate::cluster::patroni_labels("ward"),
                "annotations": {"leader": name, "transitions": "1"},
            },
        });
        cluster
            .api::<ConfigMap>()
            .patch(
                "ward-db-leader",
                &PatchParams::apply("patroni").force(),
                &Patch::Apply(&map),
            )
            .await
            .unwrap();
    };
    let _replicas = cluster
        .service_comes_up(
            "ward",
            &[Ipv4Addr::new(127, 7, 1, 1), Ipv4Addr::new(127, 7, 1, 2)],
        )
        .await;
    leads("ward-db-0").await;
    cluster
        .wait_for("ward", "Ready", |one: &FhirService| ready(one).0 == "True")
        .await;
    // Nothing but the lock has changed.
    leads("ward-db-1").await;
    let service: FhirService = cluster
        .wait_for("ward", "the switch", |one: &FhirService| {
            ready(one).1 == "WaitingForPrimary"
        })
        .await;
    assert_eq!(service.status.unwrap().database.unwrap().primary, None);
    leads("ward-db-0").await;
    cluster
        .wait_for("ward", "Ready again", |one: &FhirService| ready(one).0 == "True")
        .await;
}
