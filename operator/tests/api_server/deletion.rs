//! What stays and what goes when a FhirService is deleted, and that nothing of others is ever touched.

use std::collections::BTreeMap;

use brazier_crds::FhirService;
use k8s_openapi::{
    ByteString,
    api::{
        apps::v1::StatefulSet,
        core::v1::{ConfigMap, PersistentVolumeClaim, Secret, Service},
    },
};
use kube::{
    Api,
    api::{DeleteParams, ListParams, PostParams},
};
use serde_json::json;

use crate::{
    cluster::{Cluster, condition},
    operator::{self, eventually},
};

/// The StatefulSet controller and Patroni: volumes and state are there.
async fn make_data(cluster: &Cluster) {
    cluster.database_comes_up("ward").await;
    let set: StatefulSet = cluster.api().get("ward-db").await.unwrap();
    let claim = set.spec.unwrap().volume_claim_templates.unwrap().remove(0);
    for ordinal in 0..3 {
        let mut claim = claim.clone();
        claim.metadata.name = Some(format!("data-ward-db-{ordinal}"));
        cluster
            .api::<PersistentVolumeClaim>()
            .create(&PostParams::default(), &claim)
            .await
            .unwrap();
    }
    for part in ["config", "leader"] {
        let labels = crate::cluster::patroni_labels("ward");
        let map = json!({"metadata": {"name": format!("ward-db-{part}"), "labels": labels}});
        let map = serde_json::from_value(map).unwrap();
        cluster
            .api::<ConfigMap>()
            .create(&PostParams::default(), &map)
            .await
            .unwrap();
    }
}

async fn passwords(cluster: &Cluster) -> BTreeMap<String, BTreeMap<String, ByteString>> {
    let secrets = cluster
        .api::<Secret>()
        .list(&ListParams::default())
        .await
        .unwrap();
    secrets
        .items
        .into_iter()
        .filter(|secret| secret.type_.as_deref() == Some("kubernetes.io/basic-auth"))
        .map(|secret| (secret.metadata.name.unwrap(), secret.data.unwrap()))
        .collect()
}

/// The object is gone; the garbage collector, which is not there, is played by deleting what it owns.
async fn gone(cluster: &Cluster) {
    let services: Api<FhirService> = cluster.api();
    eventually("the FhirService to go", async || {
        match services.get_opt("ward").await {
            Ok(None) => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
    .await;
}

/// cloudnative-pg 8442, CrunchyData/postgres-operator 3387: deleting the resource deletes the volumes.
#[tokio::test]
#[cfg_attr(not(kube_apiserver), ignore = "needs a kube-apiserver: run make test")]
async fn a_deleted_service_leaves_its_data_and_has_it_again_when_made_again() {
    let _operator = operator::start().await;
    let cluster = Cluster::new("retain").await;
    cluster.create::<FhirService>("ward", json!({})).await;
    cluster
        .wait_for("ward-db", "the StatefulSet", |_: &StatefulSet| true)
        .await;
    make_data(&cluster).await;
    let before = passwords(&cluster).await;
    assert_eq!(before.len(), 6);
    cluster
        .api::<FhirService>()
        .delete("ward", &DeleteParams::default())
        .await
        .unwrap();
    gone(&cluster).await;
    let claims: Api<PersistentVolumeClaim> = cluster.api();
    assert_eq!(claims.list(&ListParams::default()).await.unwrap().items.len(), 3);
    assert_eq!(passwords(&cluster).await, before);

    // Made again at once: what belongs to the one before is waited for, not fought over.
    cluster.create::<FhirService>("ward", json!({})).await;
    let service: FhirService = cluster
        .wait_for("ward", "a status", |one: &FhirService| {
            condition(
                one.status
                    .as_ref()
                    .map(|status| status.conditions.as_slice())
                    .unwrap_or_default(),
                "Ready",
            )
            .0 == "False"
        })
        .await;
    assert_eq!(
        condition(&service.status.unwrap().conditions, "Stalled").0,
        "False"
    );
    collect_garbage(&cluster).await;
    let uid = cluster
        .api::<FhirService>()
        .get("ward")
        .await
        .unwrap()
        .metadata
        .uid
        .unwrap();
    cluster
        .wait_for("ward-db", "a StatefulSet of its own", |set: &StatefulSet| {
            set.metadata.owner_references.as_ref().unwrap()[0].uid == uid
        })
        .await;
    assert_eq!(
        passwords(&cluster).await,
        before,
        "the volumes know these passwords"
    );
}

#[tokio::test]
#[cfg_attr(not(kube_apiserver), ignore = "needs a kube-apiserver: run make test")]
async fn with_deletion_policy_delete_nothing_remains() {
    let _operator = operator::start().await;
    let cluster = Cluster::new("delete").await;
    cluster
        .create::<FhirService>("ward", json!({"deletionPolicy": "Delete"}))
        .await;
    cluster
        .wait_for("ward-db", "the StatefulSet", |_: &StatefulSet| true)
        .await;
    make_data(&cluster).await;
    // A name that Patroni would use, taken by somebody whom we know nothing of.
    let theirs = serde_json::from_value(json!({"metadata": {"name": "ward-db-failover"}})).unwrap();
    let maps: Api<ConfigMap> = cluster.api();
    maps.create(&PostParams::default(), &theirs).await.unwrap();
    cluster
        .api::<FhirService>()
        .delete("ward", &DeleteParams::default())
        .await
        .unwrap();
    // The database runs until its StatefulSet is gone and its pods have ended; its volumes are not touched before.
    eventually("the StatefulSet to go", async || {
        match cluster.api::<StatefulSet>().get_opt("ward-db").await {
            Ok(None) => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
    .await;
    let claims: Api<PersistentVolumeClaim> = cluster.api();
    assert_eq!(claims.list(&ListParams::default()).await.unwrap().items.len(), 3);
    assert!(
        cluster
            .api::<FhirService>()
            .get_opt("ward")
            .await
            .unwrap()
            .is_some()
    );
    cluster.pods_end("ward-db").await;
    gone(&cluster).await;
    collect_garbage(&cluster).await;
    // A claim in use would keep Kubernetes' own finalizer until its pod has ended; there is nobody to take it off here.
    let left = claims.list(&ListParams::default()).await.unwrap().items;
    assert!(
        left.iter()
            .all(|claim| claim.metadata.deletion_timestamp.is_some()),
        "{left:?}"
    );
    assert!(passwords(&cluster).await.is_empty());
    let ours = ListParams::default().labels("app.kubernetes.io/managed-by=brazier");
    assert!(
        cluster
            .api::<ConfigMap>()
            .list(&ours)
            .await
            .unwrap()
            .items
            .is_empty()
    );
    for part in ["config", "leader", "sync"] {
        let map = cluster
            .api::<ConfigMap>()
            .get_opt(&format!("ward-db-{part}"))
            .await
            .unwrap();
        assert!(map.is_none(), "ward-db-{part} is left");
    }
    assert!(maps.get_opt("ward-db-failover").await.unwrap().is_some());
}

#[tokio::test]
#[cfg_attr(not(kube_apiserver), ignore = "needs a kube-apiserver: run make test")]
async fn what_somebody_else_made_is_never_taken_over() {
    let _operator = operator::start().await;
    let cluster = Cluster::new("taken").await;
    let theirs = json!({"metadata": {"name": "ward"}, "spec": {"ports": [{"port": 80}]}});
    let services: Api<Service> = cluster.api();
    let theirs = services
        .create(&PostParams::default(), &serde_json::from_value(theirs).unwrap())
        .await
        .unwrap();
    cluster.create::<FhirService>("ward", json!({})).await;
    let service: FhirService = cluster
        .wait_for("ward", "NameTaken", |one: &FhirService| {
            condition(
                one.status
                    .as_ref()
                    .map(|status| status.conditions.as_slice())
                    .unwrap_or_default(),
                "Stalled",
            )
            .1 == "NameTaken"
        })
        .await;
    assert_eq!(
        condition(&service.status.unwrap().conditions, "Ready").2,
        "Service ward exists and was not made by Brazier: give this object another name, or delete that Service"
    );
    let now = services.get("ward").await.unwrap();
    assert_eq!(now.metadata.resource_version, theirs.metadata.resource_version);
}

/// The garbage collector: what belongs to an owner that is gone goes too.
pub async fn collect_garbage(cluster: &Cluster) {
    use k8s_openapi::api::{
        apps::v1::Deployment,
        batch::v1::Job,
        core::v1::ServiceAccount,
        networking::v1::NetworkPolicy,
        policy::v1::PodDisruptionBudget,
        rbac::v1::{Role, RoleBinding},
    };
    cluster.pods_end("ward").await;
    let uid = cluster
        .api::<FhirService>()
        .get_opt("ward")
        .await
        .unwrap()
        .and_then(|one| one.metadata.uid);
    collect::<StatefulSet>(cluster, uid.as_deref()).await;
    collect::<Deployment>(cluster, uid.as_deref()).await;
    collect::<Job>(cluster, uid.as_deref()).await;
    collect::<Service>(cluster, uid.as_deref()).await;
    collect::<ServiceAccount>(cluster, uid.as_deref()).await;
    collect::<ConfigMap>(cluster, uid.as_deref()).await;
    collect::<Secret>(cluster, uid.as_deref()).await;
    collect::<NetworkPolicy>(cluster, uid.as_deref()).await;
    collect::<PodDisruptionBudget>(cluster, uid.as_deref()).await;
    collect::<Role>(cluster, uid.as_deref()).await;
    collect::<RoleBinding>(cluster, uid.as_deref()).await;
}

async fn collect<K>(cluster: &Cluster, owner: Option<&str>)
where
    K: kube::Resource<DynamicType = (), Scope = kube::core::NamespaceResourceScope>
        + Clone
        + std::fmt::Debug
        + serde::de::DeserializeOwned,
{
    let api: Api<K> = cluster.api();
    for object in api.list(&ListParams::default()).await.unwrap() {
        let owners = object.meta().owner_references.clone().unwrap_or_default();
        if owners
            .iter()
            .any(|one| one.kind == "FhirService" && Some(one.uid.as_str()) != owner)
        {
            let name = object.meta().name.clone().unwrap();
            api.delete(&name, &DeleteParams::background()).await.unwrap();
        }
    }
}
