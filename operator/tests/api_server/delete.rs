//! A single deletion: what was looked at goes if it is ours, and nothing that was made or changed since.

use brazier_operator::{
    delete::{self, Error, Mark},
    error::{Category, Failure},
    manifest::Owner,
};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::{
    Api, ResourceExt,
    api::{DeleteParams, Patch, PatchParams, PostParams},
};
use serde_json::{Value, json};

use crate::{cluster::Cluster, operator};

fn owner(cluster: &Cluster) -> Owner {
    Owner {
        kind: "FhirService",
        application: "fhir-service",
        name: "ward".into(),
        namespace: cluster.namespace.clone(),
        uid: "5f0e".into(),
    }
}

async fn create(maps: &Api<ConfigMap>, metadata: Value) -> ConfigMap {
    let map = serde_json::from_value(json!({"metadata": metadata})).unwrap();
    maps.create(&PostParams::default(), &map).await.unwrap()
}

#[tokio::test]
#[cfg_attr(not(kube_apiserver), ignore = "needs a kube-apiserver: run make test")]
async fn an_object_made_anew_since_it_was_looked_at_stays() {
    let _turn = operator::turn().await;
    let cluster = Cluster::new("delete-anew").await;
    let (maps, owner) = (cluster.api::<ConfigMap>(), owner(&cluster));
    // Whoever makes it anew may well copy it with its owner.
    let metadata = json!({"name": "notes", "ownerReferences": [{
        "apiVersion": "brazier.dev/v1alpha1", "kind": "FhirService", "name": "ward", "uid": owner.uid, "controller": true,
    }]});
    let seen = create(&maps, metadata.clone()).await;
    maps.delete("notes", &DeleteParams::default()).await.unwrap();
    let anew = create(&maps, metadata).await;

    let error = delete::seen(&maps, &(), &owner, &Mark::Owned, &seen)
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Changed { .. }), "{error:?}");
    assert_eq!(error.verdict().category, Category::Passing);
    assert_eq!(maps.get("notes").await.unwrap().uid(), anew.uid());

    // Looked at again it is as much ours as the first one was.
    delete::named(&maps, &(), &owner, &Mark::Owned, "notes")
        .await
        .unwrap();
    assert!(maps.get_opt("notes").await.unwrap().is_none());
    delete::seen(&maps, &(), &owner, &Mark::Owned, &anew)
        .await
        .unwrap();
}

#[tokio::test]
#[cfg_attr(not(kube_apiserver), ignore = "needs a kube-apiserver: run make test")]
async fn an_object_that_was_taken_over_since_it_was_looked_at_stays() {
    let _turn = operator::turn().await;
    let cluster = Cluster::new("delete-taken").await;
    let (maps, owner) = (cluster.api::<ConfigMap>(), owner(&cluster));
    let mark = Mark::Labelled(json!({"app.kubernetes.io/managed-by": "brazier"}));
    let labels = |by: &str| json!({"app.kubernetes.io/managed-by": by});
    let seen = create(&maps, json!({"name": "notes", "labels": labels("brazier")})).await;
    let taken = json!({"metadata": {"labels": labels("somebody")}});
    maps.patch("notes", &PatchParams::default(), &Patch::Merge(taken))
        .await
        .unwrap();

    let error = delete::seen(&maps, &(), &owner, &mark, &seen).await.unwrap_err();
    assert!(matches!(error, Error::Changed { .. }), "{error:?}");
    // Looked at again it is theirs, and none of our business.
    delete::named(&maps, &(), &owner, &mark, "notes").await.unwrap();
    assert_eq!(maps.get("notes").await.unwrap().uid(), seen.uid());
}
