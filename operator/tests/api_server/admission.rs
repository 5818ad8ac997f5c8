//! Every documented mistake is refused with its sentence, and defaults are what they are said to be.

use brazier_operator::compare::covers;
use kube::{
    Api, Client,
    api::{DynamicObject, Patch, PatchParams, PostParams},
    core::{ApiResource, GroupVersionKind},
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{control_plane, operator};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    title: String,
    kind: String,
    name: Option<String>,
    before: Option<Value>,
    spec: Option<Value>,
    refused: Option<String>,
    stored: Option<Value>,
}

#[tokio::test]
#[cfg_attr(not(kube_apiserver), ignore = "needs a kube-apiserver: run make test")]
async fn manifests_are_refused_or_stored_as_documented() {
    let _turn = operator::turn().await;
    let client = control_plane::client().await;
    control_plane::namespace(&client, "admission").await;
    let cases: Vec<Case> = serde_yaml_ng::from_str(include_str!("../fixtures/admission.yaml")).unwrap();
    let mut wrong = Vec::new();
    for (index, case) in cases.iter().enumerate() {
        let answer = store(&client, case, &format!("case-{index}")).await;
        match (&case.refused, &case.stored, answer) {
            (Some(sentence), None, Err(said)) if said.contains(sentence.as_str()) => {}
            (None, Some(wanted), Ok(stored)) if covers(&stored["spec"], wanted) => {}
            (_, _, answer) => wrong.push(format!("{}: {answer:#?}", case.title)),
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {} cases:\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n")
    );
}

/// Creates or updates as `kubectl apply` does, without keeping anything: all but the `before` is a dry run.
async fn store(client: &Client, case: &Case, name: &str) -> Result<Value, String> {
    let kind = ApiResource::from_gvk(&GroupVersionKind::gvk("brazier.dev", "v1alpha1", &case.kind));
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), "admission", &kind);
    let name = case.name.as_deref().unwrap_or(name);
    let object = |spec: &Option<Value>| {
        let mut object = json!({
            "apiVersion": "brazier.dev/v1alpha1",
            "kind": case.kind,
            "metadata": {"name": name},
        });
        if let Some(spec) = spec {
            object["spec"] = spec.clone();
        }
        object
    };
    if case.before.is_some() {
        let before: DynamicObject = serde_json::from_value(object(&case.before)).unwrap();
        api.create(&PostParams::default(), &before).await.unwrap();
        let parameters = PatchParams::default().dry_run().validation_strict();
        let answer = api
            .patch(name, &parameters, &Patch::Merge(object(&case.spec)))
            .await;
        return answer
            .map(|stored| serde_json::to_value(stored).unwrap())
            .map_err(|error| error.to_string());
    }
    let path = format!("/apis/brazier.dev/v1alpha1/namespaces/admission/{}", kind.plural);
    let request = http::Request::post(format!("{path}?dryRun=All&fieldValidation=Strict"))
        .header("content-type", "application/json")
        .body(serde_json::to_vec(&object(&case.spec)).unwrap())
        .unwrap();
    client
        .request::<Value>(request)
        .await
        .map_err(|error| error.to_string())
}

#[tokio::test]
#[cfg_attr(not(kube_apiserver), ignore = "needs a kube-apiserver: run make test")]
async fn both_workloads_can_be_scaled() {
    let _turn = operator::turn().await;
    let client = control_plane::client().await;
    control_plane::namespace(&client, "scaling").await;
    let services: Api<brazier_crds::FhirService> = Api::namespaced(client, "scaling");
    let service = serde_json::from_value(json!({
        "apiVersion": "brazier.dev/v1alpha1", "kind": "FhirService", "metadata": {"name": "ward"}, "spec": {}
    }))
    .unwrap();
    services.create(&PostParams::default(), &service).await.unwrap();
    let scale = json!({"spec": {"replicas": 5}});
    services
        .patch_scale("ward", &PatchParams::default(), &Patch::Merge(&scale))
        .await
        .unwrap();
    assert_eq!(services.get("ward").await.unwrap().spec.replicas, 5);
}
