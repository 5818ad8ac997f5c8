//! RoleAssignments: from YAML to enforcement by every ready replica, and away again.

use std::io::Write as _;
use std::{
    net::Ipv4Addr,
    time::{Duration, Instant},
};

use brazier_crds::{FhirService, RoleAssignment};
use k8s_openapi::api::{core::v1::ConfigMap, rbac::v1::RoleBinding};
use kube::{
    Api,
    api::{DeleteParams, Patch, PatchParams},
};
use serde_json::json;

use crate::{
    cluster::{Cluster, condition},
    operator::{self, eventually},
};

fn enforced(assignment: &RoleAssignment) -> (String, String, String) {
    let status = assignment.status.as_ref();
    condition(
        status
            .map(|status| status.conditions.as_slice())
            .unwrap_or_default(),
        "Enforced",
    )
}

fn reader() -> serde_json::Value {
    json!({"scope": {"name": "ward"}, "role": "FhirDataReader", "principals": [{"serviceAccount": {"name": "desk"}}]})
}

#[tokio::test]
#[cfg_attr(not(kube_apiserver), ignore = "needs a kube-apiserver: run make test")]
async fn an_assignment_is_enforced_by_all_ready_replicas_and_taken_away_again() {
    let _operator = operator::start().await;
    let cluster = Cluster::new("enforce").await;
    cluster.create::<RoleAssignment>("readers", reader()).await;
    let early: RoleAssignment = cluster
        .wait_for("readers", "a status", |one: &RoleAssignment| {
            enforced(one).1 == "ScopeNotFound"
        })
        .await;
    assert!(
        enforced(&early)
            .2
            .ends_with("create it, or delete this RoleAssignment and create one with the right spec.scope")
    );

    cluster.create::<FhirService>("ward", json!({})).await;
    let addresses = [Ipv4Addr::new(127, 2, 0, 1), Ipv4Addr::new(127, 2, 0, 2)];
    let replicas = cluster.service_comes_up("ward", &addresses).await;
    let assignment: RoleAssignment = cluster
        .wait_for("readers", "Enforced", |one: &RoleAssignment| {
            enforced(one).0 == "True"
        })
        .await;
    assert_eq!(assignment.status.unwrap().enforced_by.as_deref(), Some("2/2"));
    for replica in &replicas {
        assert_eq!(replica.assignments(), ["readers"]);
        assert_eq!(
            replica.policies().last().unwrap()["assignments"][0],
            json!({
                "name": "readers",
                "principals": [{"kind": "serviceAccount", "namespace": "enforce", "name": "desk"}],
                "dataActions": ["read", "search", "history"],
            })
        );
    }
    // The principal may read the service and how to reach it.
    let binding: RoleBinding = cluster.api().get("ward-connection").await.unwrap();
    assert_eq!(binding.subjects.unwrap()[0].name, "desk");

    let start = Instant::now();
    cluster
        .api::<RoleAssignment>()
        .delete("readers", &DeleteParams::default())
        .await
        .unwrap();
    eventually("nobody may do anything", async || {
        let left: Vec<_> = replicas
            .iter()
            .flat_map(crate::replica::Replica::assignments)
            .collect();
        if left.is_empty() {
            Ok(())
        } else {
            Err(format!("{left:?}"))
        }
    })
    .await;
    let told = format!(
        "measured: the assignment was gone from every replica after {:?}\n",
        start.elapsed()
    );
    std::io::stderr().write_all(told.as_bytes()).unwrap();
    let map: ConfigMap = cluster.api().get("ward-access").await.unwrap();
    assert!(map.data.unwrap()["policy.json"].contains(r#""assignments":[]"#));
    let bindings: Api<RoleBinding> = cluster.api();
    eventually("no binding", async || {
        match bindings.get_opt("ward-connection").await {
            Ok(None) => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
    .await;
}

#[tokio::test]
#[cfg_attr(not(kube_apiserver), ignore = "needs a kube-apiserver: run make test")]
async fn a_replica_that_does_not_answer_keeps_it_from_being_enforced() {
    let _operator = operator::start().await;
    let cluster = Cluster::new("silent").await;
    cluster.create::<FhirService>("ward", json!({})).await;
    let (one, two) = (Ipv4Addr::new(127, 2, 1, 1), Ipv4Addr::new(127, 2, 1, 2));
    cluster.database_comes_up("ward").await;
    cluster.migration_succeeds("ward").await;
    let _first = crate::replica::Replica::listen(&cluster, "ward", one).await;
    cluster.replicas_come_up("ward", &[one, two]).await;
    cluster.create::<RoleAssignment>("readers", reader()).await;
    let assignment: RoleAssignment = cluster
        .wait_for("readers", "half of it", |one: &RoleAssignment| {
            one.status
                .as_ref()
                .is_some_and(|status| status.enforced_by.as_deref() == Some("1/2"))
        })
        .await;
    let (status, reason, message) = enforced(&assignment);
    assert_eq!(
        (status.as_str(), reason.as_str()),
        ("False", "WaitingForReplicas")
    );
    assert!(message.contains("pod ward-1: it did not answer"), "{message}");

    let _second = crate::replica::Replica::listen(&cluster, "ward", two).await;
    cluster
        .wait_for("readers", "all of it", |one: &RoleAssignment| {
            enforced(one).0 == "True"
        })
        .await;
}

#[tokio::test]
#[cfg_attr(not(kube_apiserver), ignore = "needs a kube-apiserver: run make test")]
async fn an_assignment_ends_by_itself() {
    let _operator = operator::start().await;
    let cluster = Cluster::new("expires").await;
    let replica = cluster.ward_of_one(Ipv4Addr::new(127, 2, 2, 1)).await;
    cluster.create::<RoleAssignment>("readers", reader()).await;
    cluster
        .wait_for("readers", "Enforced", |one: &RoleAssignment| {
            enforced(one).0 == "True"
        })
        .await;
    let expires = (jiff::Timestamp::now() + Duration::from_secs(3)).to_string();
    cluster
        .api::<RoleAssignment>()
        .patch(
            "readers",
            &PatchParams::default(),
            &Patch::Merge(json!({"spec": {"expires": expires}})),
        )
        .await
        .unwrap();
    cluster
        .wait_for("readers", "Expired", |one: &RoleAssignment| {
            enforced(one).1 == "Expired"
        })
        .await;
    eventually("an empty policy", async || {
        if replica.assignments().is_empty() {
            Ok(())
        } else {
            Err(format!("{:?}", replica.assignments()))
        }
    })
    .await;
}

#[tokio::test]
#[cfg_attr(not(kube_apiserver), ignore = "needs a kube-apiserver: run make test")]
async fn a_connector_has_access_to_its_destination_by_itself() {
    let _operator = operator::start().await;
    let cluster = Cluster::new("implicit").await;
    let replica = cluster.ward_of_one(Ipv4Addr::new(127, 2, 3, 1)).await;
    cluster.connector("bedside").await;
    eventually("the connector's own assignment", async || {
        let names = replica.assignments();
        if names == ["iotconnector/bedside"] {
            Ok(())
        } else {
            Err(format!("{names:?}"))
        }
    })
    .await;
}

/// An operator that runs for longer than its own certificate lives: an assignment that is taken away has to be gone.
#[tokio::test]
#[cfg_attr(not(kube_apiserver), ignore = "needs a kube-apiserver: run make test")]
async fn policies_are_pushed_when_the_operators_first_certificate_has_ended() {
    const LIFE: u64 = 6;
    let mut operator = operator::start().await;
    operator.restart_with(&["--own-certificate-seconds", &LIFE.to_string()]);
    let cluster = Cluster::new("own-certificate").await;
    let replica = cluster.ward_of_one(Ipv4Addr::new(127, 2, 4, 1)).await;
    cluster.create::<RoleAssignment>("readers", reader()).await;
    cluster
        .wait_for("readers", "Enforced", |one: &RoleAssignment| {
            enforced(one).0 == "True"
        })
        .await;
    // Longer than the certificate lives with which that was pushed.
    tokio::time::sleep(Duration::from_secs(LIFE + 2)).await;
    cluster
        .api::<RoleAssignment>()
        .delete("readers", &DeleteParams::default())
        .await
        .unwrap();
    eventually("an empty policy", async || {
        let left = replica.assignments();
        if left.is_empty() {
            Ok(())
        } else {
            Err(format!("{left:?}"))
        }
    })
    .await;
}

#[tokio::test]
#[cfg_attr(not(kube_apiserver), ignore = "needs a kube-apiserver: run make test")]
async fn a_server_that_does_not_take_the_policy_is_told_in_the_service_too() {
    let _operator = operator::start().await;
    let cluster = Cluster::new("push-failed").await;
    let replica = cluster.ward_of_one(Ipv4Addr::new(127, 2, 5, 1)).await;
    let access = |service: &FhirService| {
        let status = service.status.as_ref();
        condition(
            status
                .map(|status| status.conditions.as_slice())
                .unwrap_or_default(),
            "AccessEnforced",
        )
    };
    cluster
        .wait_for("ward", "AccessEnforced", |one: &FhirService| {
            access(one).0 == "True"
        })
        .await;
    drop(replica);
    cluster.create::<RoleAssignment>("readers", reader()).await;
    let service: FhirService = cluster
        .wait_for("ward", "the failure", |one: &FhirService| {
            access(one).0 == "False"
        })
        .await;
    let (_, reason, message) = access(&service);
    assert_eq!(reason, "PushFailed");
    assert!(
        message
            .starts_with("0 of 1 servers enforce the newest RoleAssignments: pod ward-0: it did not answer"),
        "{message}"
    );
}

/// In force and yet good for nothing: no token of that issuer is ever accepted.
#[tokio::test]
#[cfg_attr(not(kube_apiserver), ignore = "needs a kube-apiserver: run make test")]
async fn an_assignment_to_somebody_who_cannot_sign_in_is_not_ready() {
    let _operator = operator::start().await;
    let cluster = Cluster::new("untrusted").await;
    let _replica = cluster.ward_of_one(Ipv4Addr::new(127, 2, 6, 1)).await;
    let spec = json!({
        "scope": {"name": "ward"}, "role": "FhirDataReader",
        "principals": [{"user": {"issuer": "https://login.example", "name": "anna"}}],
    });
    cluster.create::<RoleAssignment>("anna", spec).await;
    let assignment: RoleAssignment = cluster
        .wait_for("anna", "a word about it", |one: &RoleAssignment| {
            enforced(one).1 == "IssuerNotTrusted"
        })
        .await;
    assert!(
        enforced(&assignment)
            .2
            .starts_with("FhirService ward accepts no tokens of https://login.example"),
        "{}",
        enforced(&assignment).2
    );
    let trust = json!({"spec": {"authentication": {"issuers": [{"issuer": "https://login.example", "audiences": ["fhir"]}]}}});
    cluster
        .api::<FhirService>()
        .patch("ward", &PatchParams::default(), &Patch::Merge(trust))
        .await
        .unwrap();
    cluster
        .wait_for("anna", "Enforced", |one: &RoleAssignment| {
            enforced(one).0 == "True"
        })
        .await;
}
