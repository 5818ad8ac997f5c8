//! What somebody lays out under a name before the operator uses it: nothing is built on it, and nobody gets rights by it.

use std::net::Ipv4Addr;

use brazier_crds::{FhirService, IotConnector};
use k8s_openapi::api::{
    apps::v1::{Deployment, StatefulSet},
    batch::v1::Job,
    core::v1::{ConfigMap, PersistentVolumeClaim, Secret, ServiceAccount},
};
use kube::{
    Api,
    api::{DeleteParams, ListParams, Patch, PatchParams, PostParams},
};
use serde_json::{Value, json};

use crate::{
    cluster::{Cluster, condition},
    operator::{self, eventually},
};

/// Waits until the service is stalled for this reason, and returns what it says.
async fn stalled(cluster: &Cluster, reason: &str) -> String {
    let service: FhirService = cluster
        .wait_for("ward", reason, |one: &FhirService| {
            one.status.as_ref().is_some_and(|status| {
                let (stalled, why, _) = condition(&status.conditions, "Stalled");
                stalled == "True" && why == reason
            })
        })
        .await;
    condition(&service.status.unwrap().conditions, "Stalled").2
}

async fn no_database(cluster: &Cluster) {
    assert!(
        cluster
            .api::<StatefulSet>()
            .get_opt("ward-db")
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
#[cfg_attr(not(kube_apiserver), ignore = "needs a kube-apiserver: run make test")]
async fn a_password_that_somebody_laid_out_is_not_taken_up() {
    let _operator = operator::start().await;
    let cluster = Cluster::new("laid-out").await;
    // All that can be seen of a Secret that we have made can be written by anybody, but for the seal.
    let theirs = |seal: Value| {
        json!({
            "metadata": {
                "name": "ward-db-superuser",
                "labels": {
                    "app.kubernetes.io/name": "fhir-service", "app.kubernetes.io/instance": "ward",
                    "app.kubernetes.io/managed-by": "brazier", "app.kubernetes.io/part-of": "brazier",
                },
                "annotations": seal,
            },
            "type": "kubernetes.io/basic-auth",
            "stringData": {"username": "postgres", "password": "known"},
        })
    };
    let secrets: Api<Secret> = cluster.api();
    let made = serde_json::from_value(theirs(json!({}))).unwrap();
    secrets.create(&PostParams::default(), &made).await.unwrap();
    cluster.create::<FhirService>("ward", json!({})).await;
    assert_eq!(
        stalled(&cluster, "NameTaken").await,
        "Secret ward-db-superuser exists and was not made by Brazier: give this object another name, or delete that Secret"
    );
    no_database(&cluster).await;

    secrets
        .delete("ward-db-superuser", &DeleteParams::default())
        .await
        .unwrap();
    let made = serde_json::from_value(theirs(json!({"brazier.dev/seal": "forged"}))).unwrap();
    secrets.create(&PostParams::default(), &made).await.unwrap();
    stalled(&cluster, "CredentialsLost").await;
    no_database(&cluster).await;

    // Without it, all goes its way.
    secrets
        .delete("ward-db-superuser", &DeleteParams::default())
        .await
        .unwrap();
    cluster
        .wait_for("ward-db", "the database", |_: &StatefulSet| true)
        .await;
    let ours = secrets.get("ward-db-superuser").await.unwrap();
    assert_ne!(ours.data.unwrap()["password"].0, b"known");
}

#[tokio::test]
#[cfg_attr(not(kube_apiserver), ignore = "needs a kube-apiserver: run make test")]
async fn a_volume_that_somebody_laid_out_is_not_built_upon() {
    let _operator = operator::start().await;
    let cluster = Cluster::new("laid-out-volume").await;
    let claim = json!({
        "metadata": {"name": "data-ward-db-1"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    });
    let claims: Api<PersistentVolumeClaim> = cluster.api();
    claims
        .create(&PostParams::default(), &serde_json::from_value(claim).unwrap())
        .await
        .unwrap();
    cluster.create::<FhirService>("ward", json!({})).await;
    let message = stalled(&cluster, "CredentialsLost").await;
    assert!(
        message.starts_with("PersistentVolumeClaim data-ward-db-1 is there from before"),
        "{message}"
    );
    no_database(&cluster).await;
    let secrets = cluster
        .api::<Secret>()
        .list(&ListParams::default())
        .await
        .unwrap();
    assert!(
        secrets
            .items
            .iter()
            .all(|secret| secret.type_.as_deref() != Some("kubernetes.io/basic-auth"))
    );
}

#[tokio::test]
#[cfg_attr(not(kube_apiserver), ignore = "needs a kube-apiserver: run make test")]
async fn a_migration_that_somebody_laid_out_as_done_is_not_believed() {
    let _operator = operator::start().await;
    let (honest, cluster) = (
        Cluster::new("job-honest").await,
        Cluster::new("job-laid-out").await,
    );
    honest.create::<FhirService>("ward", json!({})).await;
    honest.database_comes_up("ward").await;
    let name = honest.migration_succeeds("ward").await;
    let job = json!({
        "metadata": {"name": name},
        "spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "x", "image": "x"}]}}},
    });
    cluster
        .api::<Job>()
        .create(&PostParams::default(), &serde_json::from_value(job).unwrap())
        .await
        .unwrap();
    cluster.create::<FhirService>("ward", json!({})).await;
    cluster.database_comes_up("ward").await;
    let message = stalled(&cluster, "NameTaken").await;
    assert!(message.starts_with(&format!("Job {name} exists")), "{message}");
    assert!(
        cluster
            .api::<Deployment>()
            .get_opt("ward")
            .await
            .unwrap()
            .is_none()
    );
}

/// An IotConnector signs in as the ServiceAccount of its name: one that it did not make may be anybody's.
#[tokio::test]
#[cfg_attr(not(kube_apiserver), ignore = "needs a kube-apiserver: run make test")]
async fn an_account_that_is_not_the_connectors_gets_no_rights() {
    let _operator = operator::start().await;
    let cluster = Cluster::new("lent-account").await;
    let replica = cluster.ward_of_one(Ipv4Addr::new(127, 6, 0, 1)).await;
    for name in ["default", "bedside"] {
        cluster.connector(name).await;
    }
    cluster
        .wait_for("default", "NameTaken", |one: &IotConnector| {
            one.status
                .as_ref()
                .is_some_and(|status| condition(&status.conditions, "Stalled").1 == "NameTaken")
        })
        .await;
    eventually(
        "the rights of the connector with an account of its own",
        async || {
            let names = replica.assignments();
            if names == ["iotconnector/bedside"] {
                Ok(())
            } else {
                Err(format!("{names:?}"))
            }
        },
    )
    .await;
    let map: ConfigMap = cluster.api().get("ward-access").await.unwrap();
    assert!(!map.data.unwrap()["policy.json"].contains(r#""name":"default""#));
    for policy in replica.policies() {
        assert!(!policy.to_string().contains("iotconnector/default"), "{policy}");
    }

    // An account that is taken away from its connector loses the rights with it.
    let accounts: Api<ServiceAccount> = cluster.api();
    let account = accounts.get("default").await.unwrap();
    assert!(
        account.metadata.owner_references.is_none(),
        "it was never taken over"
    );
}

#[tokio::test]
#[cfg_attr(not(kube_apiserver), ignore = "needs a kube-apiserver: run make test")]
async fn a_password_that_was_changed_or_is_gone_is_told() {
    let _operator = operator::start().await;
    let cluster = Cluster::new("password-lost").await;
    cluster.create::<FhirService>("ward", json!({})).await;
    cluster.database_comes_up("ward").await;
    let secrets: Api<Secret> = cluster.api();
    let before = secrets.get("ward-db-owner").await.unwrap();
    let other = json!({"stringData": {"password": "another"}});
    secrets
        .patch("ward-db-owner", &PatchParams::default(), &Patch::Merge(other))
        .await
        .unwrap();
    // Pods read it when they start, and then it is told.
    let address = Ipv4Addr::new(127, 9, 9, 9);
    cluster.pod_is("ward-db-1", "False", address).await;
    let message = stalled(&cluster, "CredentialsLost").await;
    assert_eq!(
        message,
        "Secret ward-db-owner does not hold what Brazier put into it: restore the values that the database uses"
    );
    // Restored, it is good again.
    let restored = json!({"data": before.data});
    secrets
        .patch("ward-db-owner", &PatchParams::default(), &Patch::Merge(restored))
        .await
        .unwrap();
    cluster
        .wait_for("ward", "no trouble", |one: &FhirService| {
            one.status
                .as_ref()
                .is_some_and(|status| condition(&status.conditions, "Stalled").0 == "False")
        })
        .await;
}
