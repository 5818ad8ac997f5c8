//! A FhirService from its YAML to Ready, and through what happens to it later.

use std::net::Ipv4Addr;

use brazier_crds::FhirService;
use k8s_openapi::api::{
    apps::v1::{Deployment, StatefulSet},
    core::v1::{Pod, Secret, Service},
    policy::v1::PodDisruptionBudget,
};
use kube::{
    Api,
    api::{DeleteParams, Patch, PatchParams},
};
use serde_json::json;

use crate::{
    cluster::{Cluster, condition},
    operator::{self, eventually},
};

const ONE: Ipv4Addr = Ipv4Addr::new(127, 1, 0, 1);
const TWO: Ipv4Addr = Ipv4Addr::new(127, 1, 0, 2);

fn ready(service: &FhirService) -> (String, String, String) {
    condition(
        service
            .status
            .as_ref()
            .map(|status| status.conditions.as_slice())
            .unwrap_or_default(),
        "Ready",
    )
}

#[tokio::test]
#[cfg_attr(not(kube_apiserver), ignore = "needs a kube-apiserver: run make test")]
async fn a_service_becomes_ready_step_by_step() {
    let _operator = operator::start().await;
    let cluster = Cluster::new("steps").await;
    cluster.create::<FhirService>("ward", json!({})).await;

    // Nothing runs yet, and it says so (zalando/postgres-operator 1698, 2864).
    let service: FhirService = cluster
        .wait_for("ward", "a status", |service: &FhirService| {
            !ready(service).0.is_empty()
        })
        .await;
    assert_eq!(ready(&service).1, "WaitingForPrimary");
    assert_eq!(
        service.status.as_ref().unwrap().observed_generation,
        service.metadata.generation
    );
    let deployments: Api<Deployment> = cluster.api();
    assert!(
        deployments.get_opt("ward").await.unwrap().is_none(),
        "servers before there is a database"
    );

    cluster.database_comes_up("ward").await;
    cluster
        .wait_for("ward", "the migration", |service: &FhirService| {
            ready(service).1 == "Migrating"
        })
        .await;
    assert!(
        deployments.get_opt("ward").await.unwrap().is_none(),
        "servers before the schema is there"
    );

    cluster.migration_succeeds("ward").await;
    let _replicas = [
        crate::replica::Replica::listen(&cluster, "ward", ONE).await,
        crate::replica::Replica::listen(&cluster, "ward", TWO).await,
    ];
    // All run, but one replica may not take over from the primary yet.
    cluster.quorum("ward-db", 2).await;
    cluster.replicas_come_up("ward", &[ONE, TWO]).await;
    let waiting = "only 1 of 2 database replicas can take over from the primary so far";
    cluster
        .wait_for("ward", "the wait for a quorum", |service: &FhirService| {
            ready(service).2 == waiting
        })
        .await;
    cluster.quorum("ward-db", 3).await;
    let service: FhirService = cluster
        .wait_for("ward", "Ready", |service: &FhirService| {
            ready(service).0 == "True"
        })
        .await;
    let status = service.status.unwrap();
    assert_eq!(status.url.as_deref(), Some("https://ward.steps.svc"));
    assert_eq!(
        (status.replicas, status.version.as_deref()),
        (Some(2), Some("brazier-server:1"))
    );
    let database = status.database.unwrap();
    assert_eq!(
        (database.members.as_str(), database.primary.as_deref()),
        ("3/3", Some("ward-db-0"))
    );
    for type_ in ["Reconciling", "Stalled", "Degraded"] {
        assert_eq!(condition(&status.conditions, type_).0, "False", "{type_}");
    }
    for one in &status.conditions {
        assert_eq!(
            one.observed_generation, service.metadata.generation,
            "{}",
            one.type_
        );
    }
}

#[tokio::test]
#[cfg_attr(not(kube_apiserver), ignore = "needs a kube-apiserver: run make test")]
async fn a_lost_pod_is_told_while_the_service_still_serves() {
    let _operator = operator::start().await;
    let cluster = Cluster::new("lost").await;
    cluster.create::<FhirService>("ward", json!({})).await;
    let addresses = [Ipv4Addr::new(127, 1, 1, 1), Ipv4Addr::new(127, 1, 1, 2)];
    let _replicas = cluster.service_comes_up("ward", &addresses).await;
    cluster
        .wait_for("ward", "Ready", |service: &FhirService| {
            ready(service).0 == "True"
        })
        .await;

    cluster
        .pod_is("ward-db-2", "False", Ipv4Addr::new(127, 9, 9, 9))
        .await;
    let service: FhirService = cluster
        .wait_for("ward", "not Ready", |service: &FhirService| {
            ready(service).0 == "False"
        })
        .await;
    assert_eq!(ready(&service).2, "2 of 3 database members are ready");
    let conditions = service.status.unwrap().conditions;
    assert_eq!(condition(&conditions, "Degraded").0, "True");
    assert_eq!(condition(&conditions, "DatabaseReady").0, "True");

    cluster
        .pod_is("ward-db-0", "False", Ipv4Addr::new(127, 9, 9, 9))
        .await;
    cluster
        .wait_for("ward", "no database", |service: &FhirService| {
            ready(service).1 == "WaitingForPrimary"
        })
        .await;
}

#[tokio::test]
#[cfg_attr(not(kube_apiserver), ignore = "needs a kube-apiserver: run make test")]
async fn a_pod_that_cannot_start_is_named() {
    let _operator = operator::start().await;
    let cluster = Cluster::new("pull").await;
    cluster.create::<FhirService>("ward", json!({})).await;
    let set: StatefulSet = cluster.wait_for("ward-db", "the StatefulSet", |_| true).await;
    let labels = json!(set.spec.clone().unwrap().template.metadata.unwrap().labels);
    cluster
        .pod_runs("ward-db-0", labels, &set, Ipv4Addr::new(127, 9, 9, 9))
        .await;
    let status = json!({"status": {
        "conditions": [{"type": "Ready", "status": "False"}],
        "containerStatuses": [{
            "name": "one", "image": "none", "imageID": "", "ready": false, "restartCount": 0,
            "state": {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}},
        }],
    }});
    cluster
        .api::<Pod>()
        .patch_status("ward-db-0", &PatchParams::default(), &Patch::Merge(status))
        .await
        .unwrap();
    let service: FhirService = cluster
        .wait_for("ward", "the problem", |service: &FhirService| {
            ready(service).1 == "PodCannotStart"
        })
        .await;
    assert_eq!(
        ready(&service).2,
        "pod ward-db-0 does not start: ImagePullBackOff: no such image"
    );
}

#[tokio::test]
#[cfg_attr(not(kube_apiserver), ignore = "needs a kube-apiserver: run make test")]
async fn servers_of_a_new_image_wait_for_their_migration() {
    let mut operator = operator::start().await;
    let cluster = Cluster::new("upgrade").await;
    let _replica = cluster.ward_of_one(Ipv4Addr::new(127, 1, 2, 1)).await;
    cluster
        .wait_for("ward", "Ready", |service: &FhirService| {
            ready(service).0 == "True"
        })
        .await;
    let before: StatefulSet = cluster.api().get("ward-db").await.unwrap();

    operator.set_server_image("brazier-server:2");
    operator.restart();
    cluster
        .wait_for("ward", "the migration", |service: &FhirService| {
            ready(service).1 == "Migrating"
        })
        .await;
    let image = |deployment: &Deployment| {
        deployment
            .spec
            .as_ref()
            .unwrap()
            .template
            .spec
            .as_ref()
            .unwrap()
            .containers[0]
            .image
            .clone()
            .unwrap()
    };
    assert_eq!(
        image(&cluster.api().get("ward").await.unwrap()),
        "brazier-server:1"
    );

    let failed = cluster.migration_fails("ward").await;
    let service: FhirService = cluster
        .wait_for("ward", "the failure", |service: &FhirService| {
            ready(service).1 == "MigrationFailed"
        })
        .await;
    assert!(
        ready(&service).2.contains(&format!("kubectl logs job/{failed}")),
        "{}",
        ready(&service).2
    );
    assert_eq!(
        condition(&service.status.unwrap().conditions, "Stalled").0,
        "True"
    );
    assert_eq!(
        image(&cluster.api().get("ward").await.unwrap()),
        "brazier-server:1"
    );

    // As the message says: delete the Job, and it is run again.
    let jobs: Api<k8s_openapi::api::batch::v1::Job> = cluster.api();
    jobs.delete(&failed, &DeleteParams::background()).await.unwrap();
    cluster.migration_succeeds("ward").await;
    cluster
        .wait_for("ward", "the new image", |one: &Deployment| {
            image(one) == "brazier-server:2"
        })
        .await;
    // An upgrade of the servers leaves the database alone (cloudnative-pg 5950, 7516).
    let after: StatefulSet = cluster.api().get("ward-db").await.unwrap();
    assert_eq!(before.metadata.generation, after.metadata.generation);
}

#[tokio::test]
#[cfg_attr(not(kube_apiserver), ignore = "needs a kube-apiserver: run make test")]
async fn what_somebody_changes_or_deletes_is_put_back() {
    let _operator = operator::start().await;
    let cluster = Cluster::new("drift").await;
    cluster.create::<FhirService>("ward", json!({})).await;
    let address = [Ipv4Addr::new(127, 1, 3, 1), Ipv4Addr::new(127, 1, 3, 2)];
    let _replicas = cluster.service_comes_up("ward", &address).await;

    cluster
        .api::<Service>()
        .delete("ward-db-primary", &DeleteParams::default())
        .await
        .unwrap();
    cluster
        .wait_for("ward-db-primary", "the Service again", |_: &Service| true)
        .await;

    let scale = json!({"spec": {"replicas": 7}});
    cluster
        .api::<Deployment>()
        .patch("ward", &PatchParams::default(), &Patch::Merge(scale))
        .await
        .unwrap();
    cluster
        .wait_for("ward", "two replicas again", |one: &Deployment| {
            one.spec.as_ref().unwrap().replicas == Some(2)
        })
        .await;
}

#[tokio::test]
#[cfg_attr(not(kube_apiserver), ignore = "needs a kube-apiserver: run make test")]
async fn suspending_stops_everything_and_keeps_the_data() {
    let _operator = operator::start().await;
    let cluster = Cluster::new("suspend").await;
    cluster.create::<FhirService>("ward", json!({})).await;
    let addresses = [Ipv4Addr::new(127, 1, 4, 1), Ipv4Addr::new(127, 1, 4, 2)];
    let _replicas = cluster.service_comes_up("ward", &addresses).await;
    let services: Api<FhirService> = cluster.api();
    let suspend = |suspend: bool| json!({"spec": {"suspend": suspend}});
    services
        .patch("ward", &PatchParams::default(), &Patch::Merge(suspend(true)))
        .await
        .unwrap();
    let stopped = |replicas: Option<i32>| replicas == Some(0);
    cluster
        .wait_for("ward", "no servers", |one: &Deployment| {
            stopped(one.spec.as_ref().unwrap().replicas)
        })
        .await;
    cluster
        .wait_for("ward-db", "no database", |one: &StatefulSet| {
            stopped(one.spec.as_ref().unwrap().replicas)
        })
        .await;
    cluster.pods_end("ward").await;
    let service: FhirService = cluster
        .wait_for("ward", "Suspended", |service: &FhirService| {
            ready(service).1 == "Suspended"
        })
        .await;
    assert_eq!(ready(&service).0, "False");
    let budgets: Api<PodDisruptionBudget> = cluster.api();
    eventually("no budgets", async || match budgets.get_opt("ward").await {
        Ok(None) => Ok(()),
        other => Err(format!("{other:?}")),
    })
    .await;

    services
        .patch("ward", &PatchParams::default(), &Patch::Merge(suspend(false)))
        .await
        .unwrap();
    cluster
        .wait_for("ward-db", "the database", |one: &StatefulSet| {
            one.spec.as_ref().unwrap().replicas == Some(3)
        })
        .await;
    cluster.database_comes_up("ward").await;
    cluster.replicas_come_up("ward", &addresses).await;
    cluster
        .wait_for("ward", "Ready", |service: &FhirService| {
            ready(service).0 == "True"
        })
        .await;
}

#[tokio::test]
#[cfg_attr(not(kube_apiserver), ignore = "needs a kube-apiserver: run make test")]
async fn a_certificate_of_other_names_is_made_anew() {
    let operator = operator::start().await;
    let cluster = Cluster::new("certificates").await;
    cluster.create::<FhirService>("ward", json!({})).await;
    let certificate = |secret: &Secret| secret.data.as_ref().unwrap()["tls.crt"].0.clone();
    let first: Secret = cluster.wait_for("ward-tls", "the certificate", |_| true).await;
    let broken = json!({"data": {"tls.crt": "bm8="}});
    cluster
        .api::<Secret>()
        .patch("ward-tls", &PatchParams::default(), &Patch::Merge(broken))
        .await
        .unwrap();
    // Secrets are not watched; the next reconcile finds it.
    let touch = json!({"spec": {"replicas": 1}});
    cluster
        .api::<FhirService>()
        .patch("ward", &PatchParams::default(), &Patch::Merge(touch))
        .await
        .unwrap();
    let mended: Secret = cluster
        .wait_for("ward-tls", "another", |one: &Secret| {
            certificate(one).starts_with(b"-----BEGIN")
        })
        .await;
    assert_ne!(certificate(&first), certificate(&mended));
    drop(operator);
}
