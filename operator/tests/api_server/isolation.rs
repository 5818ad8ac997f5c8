//! One bad object never stops the others, and two operators never work at once.

use std::time::Duration;

use brazier_crds::{FhirService, RoleAssignment};
use k8s_openapi::{
    api::{apps::v1::StatefulSet, coordination::v1::Lease},
    apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
};
use kube::{
    Api,
    api::{DynamicObject, Patch, PatchParams, PostParams},
    core::{ApiResource, GroupVersionKind},
};
use serde_json::json;

use crate::{
    cluster::{Cluster, condition},
    control_plane,
    operator::{self, eventually},
};

/// strimzi-kafka-operator 12004, 9247: an object that does not fit its type, as after a downgrade.
#[tokio::test]
#[cfg_attr(not(kube_apiserver), ignore = "needs a kube-apiserver: run make test")]
async fn an_object_that_does_not_fit_its_type_stops_no_other() {
    let operator = operator::start().await;
    let cluster = Cluster::new("unreadable").await;
    let crds: Api<CustomResourceDefinition> = Api::all(cluster.client.clone());
    let name = "roleassignments.brazier.dev";
    let ours = crds.get(name).await.unwrap();
    // A definition of tomorrow, with a role that this operator does not know.
    let mut versions = serde_json::to_value(&ours.spec.versions).unwrap();
    let roles = versions
        .pointer_mut("/0/schema/openAPIV3Schema/properties/spec/properties/role/enum")
        .unwrap();
    roles.as_array_mut().unwrap().push(json!("FhirDataArchivist"));
    let tomorrow = json!({"spec": {"versions": versions}});
    crds.patch(name, &PatchParams::default(), &Patch::Merge(tomorrow))
        .await
        .unwrap();
    let kind = ApiResource::from_gvk(&GroupVersionKind::gvk(
        "brazier.dev",
        "v1alpha1",
        "RoleAssignment",
    ));
    let assignments: Api<DynamicObject> = Api::namespaced_with(cluster.client.clone(), "unreadable", &kind);
    let strange = json!({
        "apiVersion": "brazier.dev/v1alpha1", "kind": "RoleAssignment", "metadata": {"name": "strange"},
        "spec": {
            "scope": {"name": "ward"}, "role": "FhirDataArchivist", "principals": [{"serviceAccount": {"name": "x"}}],
        },
    });
    eventually("the definition of tomorrow", async || {
        assignments
            .create(
                &PostParams::default(),
                &serde_json::from_value(strange.clone()).unwrap(),
            )
            .await
    })
    .await;
    let told: DynamicObject = eventually("a word about it", async || {
        let object = assignments
            .get("strange")
            .await
            .map_err(|error| error.to_string())?;
        if object.data["status"]["conditions"].is_array() {
            Ok(object)
        } else {
            Err("no status".to_string())
        }
    })
    .await;
    let conditions = serde_json::from_value::<Vec<_>>(told.data["status"]["conditions"].clone()).unwrap();
    let (status, reason, message) = condition(&conditions, "Stalled");
    assert_eq!((status.as_str(), reason.as_str()), ("True", "UnreadableSpec"));
    assert!(message.contains("FhirDataArchivist"), "{message}");

    // Others go on, among them the service that the strange one is about.
    cluster.create::<FhirService>("ward", json!({})).await;
    cluster
        .create::<RoleAssignment>(
            "readers",
            json!({"scope": {"name": "ward"}, "role": "FhirDataReader", "principals": [{"serviceAccount": {"name": "x"}}]}),
        )
        .await;
    cluster
        .wait_for("ward-db", "the StatefulSet", |_: &StatefulSet| true)
        .await;
    cluster
        .wait_for("readers", "a status", |one: &RoleAssignment| {
            one.status
                .as_ref()
                .is_some_and(|status| !status.conditions.is_empty())
        })
        .await;

    assignments
        .delete("strange", &kube::api::DeleteParams::default())
        .await
        .unwrap();
    let today = json!({"spec": {"versions": ours.spec.versions}});
    crds.patch(name, &PatchParams::default(), &Patch::Merge(today))
        .await
        .unwrap();
    drop(operator);
}

#[tokio::test]
#[cfg_attr(not(kube_apiserver), ignore = "needs a kube-apiserver: run make test")]
async fn of_two_operators_one_leads_and_the_other_takes_over() {
    let mut operator = operator::start().await;
    operator.kill();
    let cluster = Cluster::new("leader").await;
    let leases: Api<Lease> = Api::namespaced(control_plane::client().await, "brazier-system");
    let holder = async || -> Result<String, String> {
        let lease = leases
            .get("brazier-operator")
            .await
            .map_err(|error| error.to_string())?;
        lease
            .spec
            .unwrap()
            .holder_identity
            .filter(|holder| !holder.is_empty())
            .ok_or_else(|| "nobody".to_string())
    };
    let mut first = operator.spawn("first", &[]);
    eventually("the first to lead", async || match holder().await? {
        holder if holder == "first" => Ok(()),
        other => Err(other),
    })
    .await;
    let mut second = operator.spawn("second", &[]);
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(holder().await.unwrap(), "first");

    // Killed, it gives nothing back: the second waits for the lease's end.
    first.kill().unwrap();
    first.wait().unwrap();
    eventually("the second to lead", async || match holder().await? {
        holder if holder == "second" => Ok(()),
        other => Err(other),
    })
    .await;
    cluster.create::<FhirService>("ward", json!({})).await;
    cluster
        .wait_for("ward-db", "the StatefulSet", |_: &StatefulSet| true)
        .await;

    // Told to stop, it gives the lease back.
    let stopped = std::process::Command::new("kill")
        .args(["-TERM", &second.id().to_string()])
        .status()
        .unwrap();
    assert!(stopped.success());
    assert!(second.wait().unwrap().success());
    assert_eq!(holder().await.unwrap_err(), "nobody");
}
