//! What the chart gives to tenants, whom it lets in, and what it asks before it goes.

use std::{
    path::Path,
    process::{Command, Output},
};

use brazier_crds::FhirService;
use k8s_openapi::api::{
    authorization::v1::SubjectAccessReview,
    rbac::v1::{ClusterRole, RoleBinding},
};
use kube::{Api, api::PostParams};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{cluster::Cluster, control_plane, operator};

/// The documents of the chart with these values.
pub fn rendered(values: &[&str]) -> Vec<Value> {
    let programs = std::env::var("BRAZIER_CLUSTER_BIN").unwrap();
    let helm = Path::new(&programs).with_file_name("helm");
    let chart = Path::new(env!("CARGO_MANIFEST_DIR")).join("../charts/brazier");
    let mut command = Command::new(helm);
    command
        .arg("template")
        .arg("brazier")
        .arg(chart)
        .args(["--namespace", "brazier-system"]);
    for value in values {
        command.args(["--set-json", value]);
    }
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    serde_yaml_ng::Deserializer::from_str(&text)
        .map(|document| Value::deserialize(document).unwrap())
        .filter(|document| !document.is_null())
        .collect()
}

fn find<'a>(documents: &'a [Value], kind: &str, name: &str) -> &'a Value {
    let mut found = documents
        .iter()
        .filter(|one| one["kind"] == kind && one["metadata"]["name"] == name);
    found.next().unwrap()
}

/// Which of the roles that a user has in a namespace lets them do this.
async fn may(cluster: &Cluster, user: &str, verb: &str, resource: &str) -> bool {
    let review = json!({"metadata": {}, "spec": {"user": user, "resourceAttributes": {
        "namespace": cluster.namespace, "verb": verb, "group": "brazier.dev", "resource": resource,
    }}});
    let reviews: Api<SubjectAccessReview> = Api::all(cluster.client.clone());
    let answer = reviews
        .create(&PostParams::default(), &serde_json::from_value(review).unwrap())
        .await
        .unwrap();
    answer.status.unwrap().allowed
}

/// Access to patients' data is handed out by whoever administers the namespace, as RoleBindings are.
#[tokio::test]
#[cfg_attr(not(kube_apiserver), ignore = "needs a kube-apiserver: run make test")]
async fn who_may_edit_a_namespace_hands_out_no_access_to_data() {
    let _turn = operator::turn().await;
    let cluster = Cluster::new("tenant-roles").await;
    let documents = rendered(&[]);
    let roles: Api<ClusterRole> = Api::all(cluster.client.clone());
    let bindings: Api<RoleBinding> = cluster.api();
    // Which of Kubernetes' own roles each is added to, as the controller that is not there would do it.
    for own in ["admin", "edit", "view"] {
        let label = format!("rbac.authorization.k8s.io/aggregate-to-{own}");
        let rules: Vec<Value> = documents
            .iter()
            .filter(|one| one["kind"] == "ClusterRole" && one["metadata"]["labels"][&label] == "true")
            .flat_map(|one| one["rules"].as_array().unwrap().clone())
            .collect();
        let name = format!("test-{own}");
        let role = json!({"metadata": {"name": name}, "rules": rules});
        roles
            .create(&PostParams::default(), &serde_json::from_value(role).unwrap())
            .await
            .unwrap();
        let binding = json!({
            "metadata": {"name": name},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": own}],
        });
        bindings
            .create(&PostParams::default(), &serde_json::from_value(binding).unwrap())
            .await
            .unwrap();
    }
    for verb in ["create", "update", "patch", "delete", "deletecollection"] {
        for kind in ["fhirservices", "iotconnectors"] {
            assert!(may(&cluster, "admin", verb, kind).await, "admin {verb} {kind}");
            assert!(may(&cluster, "edit", verb, kind).await, "edit {verb} {kind}");
            assert!(!may(&cluster, "view", verb, kind).await, "view {verb} {kind}");
        }
        assert!(
            may(&cluster, "admin", verb, "roleassignments").await,
            "admin {verb}"
        );
        assert!(
            !may(&cluster, "edit", verb, "roleassignments").await,
            "edit {verb}"
        );
        assert!(
            !may(&cluster, "view", verb, "roleassignments").await,
            "view {verb}"
        );
    }
    for user in ["admin", "edit", "view"] {
        assert!(
            may(&cluster, user, "list", "roleassignments").await,
            "{user} sees them"
        );
    }
}

#[test]
#[cfg_attr(not(kube_apiserver), ignore = "needs a kube-apiserver: run make test")]
fn metrics_of_the_operator_are_for_whom_the_chart_names() {
    let nobody = rendered(&[]);
    assert_eq!(
        find(&nobody, "NetworkPolicy", "brazier-operator")["spec"]["ingress"],
        json!([])
    );
    let peers =
        json!([{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}]);
    let named = rendered(&[&format!("networkPolicy.metricsFrom={peers}")]);
    assert_eq!(
        find(&named, "NetworkPolicy", "brazier-operator")["spec"]["ingress"],
        json!([{"ports": [{"port": 9090, "protocol": "TCP"}], "from": peers}])
    );
    // The operator hands it on to servers and connectors.
    let container =
        &find(&named, "Deployment", "brazier-operator")["spec"]["template"]["spec"]["containers"][0];
    let mut variables = container["env"].as_array().unwrap().iter();
    let handed_on = variables
        .find(|one| one["name"] == "BRAZIER_METRICS_FROM")
        .unwrap();
    let handed_on: Value = serde_json::from_str(handed_on["value"].as_str().unwrap()).unwrap();
    assert_eq!(handed_on, peers);
}

fn left() -> Output {
    Command::new(env!("CARGO_BIN_EXE_brazier-operator"))
        .arg("left")
        .env("KUBECONFIG", control_plane::kubeconfig())
        .output()
        .unwrap()
}

#[tokio::test]
#[cfg_attr(not(kube_apiserver), ignore = "needs a kube-apiserver: run make test")]
async fn uninstalling_asks_first_what_would_be_left() {
    let documents = rendered(&[]);
    let job = find(&documents, "Job", "brazier-operator-uninstall-check");
    assert_eq!(job["metadata"]["annotations"]["helm.sh/hook"], "pre-delete");
    assert_eq!(
        job["spec"]["template"]["spec"]["containers"][0]["args"],
        json!(["left"])
    );
    let without = rendered(&["uninstall.check=false"]);
    assert!(without.iter().all(|one| one["kind"] != "Job"));

    let _turn = operator::turn().await;
    let cluster = Cluster::new("left-behind").await;
    cluster.create::<FhirService>("ward", json!({})).await;
    let output = left();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("FhirService left-behind/ward"), "{said}");
}
