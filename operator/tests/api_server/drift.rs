//! Whatever somebody else does to an object of ours is put right: every field that the operator writes is changed, taken
//! away and added to, and so is what decides beside those. docs/operator.md lists what others may write.

use std::io::Write as _;
use std::{
    collections::VecDeque,
    net::Ipv4Addr,
    time::{Duration, Instant},
};

use brazier_crds::FhirService;
use k8s_openapi::api::core::v1::Secret;
use kube::{
    Api,
    api::{DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams},
    core::{ApiResource, GroupVersionKind},
};
use serde_json::{Value, json};

use crate::{
    cluster::{Cluster, condition},
    meddling::{Edit, additions, container_additions, decides, edits},
    operator::{self, eventually},
};

/// Kinds that are mended by being written. Jobs end by themselves, and Secrets are looked at by name.
const KINDS: [(&str, &str, &str); 9] = [
    ("", "v1", "ConfigMap"),
    ("", "v1", "Service"),
    ("", "v1", "ServiceAccount"),
    ("apps", "v1", "Deployment"),
    ("apps", "v1", "StatefulSet"),
    ("networking.k8s.io", "v1", "NetworkPolicy"),
    ("policy", "v1", "PodDisruptionBudget"),
    ("rbac.authorization.k8s.io", "v1", "Role"),
    ("rbac.authorization.k8s.io", "v1", "RoleBinding"),
];

/// An object of ours, what it was like, and what is still to be done to it.
struct Victim {
    api: Api<DynamicObject>,
    title: String,
    name: String,
    before: Value,
    edits: VecDeque<Edit>,
}

impl Victim {
    async fn decides(&self) -> Result<Value, String> {
        let live = self
            .api
            .get(&self.name)
            .await
            .map_err(|error| error.to_string())?;
        Ok(decides(&serde_json::to_value(live).unwrap(), &self.before))
    }

    /// Does what is next and changes something; `None` when nothing is left.
    async fn meddle(&mut self, counts: &mut Counts) -> Option<String> {
        while let Some(edit) = self.edits.pop_front() {
            let parameters = PatchParams {
                field_manager: Some("somebody".to_string()),
                ..PatchParams::default()
            };
            let answer = if edit.patch.is_array() {
                let patch = Patch::Json::<()>(serde_json::from_value(edit.patch).unwrap());
                self.api.patch(&self.name, &parameters, &patch).await
            } else {
                self.api
                    .patch(&self.name, &parameters, &Patch::Merge(edit.patch))
                    .await
            };
            match answer {
                Err(_) => counts.refused += 1,
                Ok(changed)
                    if decides(&serde_json::to_value(&changed).unwrap(), &self.before) == self.before =>
                {
                    counts.without_effect += 1;
                }
                Ok(_) => {
                    counts.effective += 1;
                    return Some(edit.what);
                }
            }
        }
        None
    }
}

#[derive(Debug, Default)]
struct Counts {
    effective: u32,
    refused: u32,
    without_effect: u32,
    slowest: Duration,
}

async fn victims(cluster: &Cluster) -> Vec<Victim> {
    let mut victims = Vec::new();
    for (group, version, kind) in KINDS {
        let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, kind));
        let api: Api<DynamicObject> =
            Api::namespaced_with(cluster.client.clone(), &cluster.namespace, &resource);
        let ours = ListParams::default().labels("app.kubernetes.io/managed-by=brazier");
        for object in api.list(&ours).await.unwrap() {
            let name = object.metadata.name.clone().unwrap();
            let live = serde_json::to_value(&object).unwrap();
            let entries = live["metadata"]["managedFields"].as_array().unwrap();
            let written = entries
                .iter()
                .find(|entry| entry["manager"] == "brazier" && entry["operation"] == "Apply");
            let mut all = Vec::new();
            let fields = &written.unwrap()["fieldsV1"];
            for (key, below) in fields.as_object().unwrap() {
                let field = key.strip_prefix("f:").unwrap();
                if field == "metadata" {
                    for part in ["labels", "ownerReferences"] {
                        edits(
                            &below[format!("f:{part}")],
                            &live["metadata"][part],
                            &format!("/metadata/{part}"),
                            &mut all,
                        );
                    }
                    // Both at once: nothing but the API server's book says whose it is.
                    let patch = json!({"metadata": {"labels": null, "ownerReferences": null}});
                    all.push(Edit {
                        what: "labels and owners removed".to_string(),
                        patch,
                    });
                } else {
                    edits(below, &live[field], &format!("/{field}"), &mut all);
                }
            }
            for (of, patch) in additions() {
                if of == kind {
                    all.push(Edit {
                        what: patch.to_string(),
                        patch,
                    });
                }
            }
            if ["Deployment", "StatefulSet"].contains(&kind) {
                all.extend(container_additions().into_iter().map(|patch| Edit {
                    what: patch.to_string(),
                    patch,
                }));
            }
            victims.push(Victim {
                api: api.clone(),
                title: format!("{kind} {name}"),
                name,
                before: decides(&live, &live),
                edits: all.into(),
            });
        }
    }
    victims
}

#[tokio::test]
#[cfg_attr(not(kube_apiserver), ignore = "needs a kube-apiserver: run make test")]
async fn every_field_that_is_changed_removed_or_added_is_put_right() {
    let _operator = operator::start().await;
    let cluster = Cluster::new("meddling").await;
    cluster.create::<FhirService>("ward", json!({})).await;
    cluster.connector("bedside").await;
    let addresses = [Ipv4Addr::new(127, 5, 0, 1), Ipv4Addr::new(127, 5, 0, 2)];
    let _replicas = cluster.service_comes_up("ward", &addresses).await;
    cluster
        .wait_for("ward", "Ready", |one: &FhirService| {
            one.status
                .as_ref()
                .is_some_and(|status| condition(&status.conditions, "Ready").0 == "True")
        })
        .await;
    cluster
        .wait_for(
            "bedside",
            "the connector",
            |_: &k8s_openapi::api::apps::v1::Deployment| true,
        )
        .await;

    let mut victims = victims(&cluster).await;
    assert!(victims.len() >= 20, "{} objects", victims.len());
    let mut counts = Counts::default();
    loop {
        let start = Instant::now();
        let mut meddled = Vec::new();
        for victim in &mut victims {
            if let Some(what) = victim.meddle(&mut counts).await {
                meddled.push((victim.title.clone(), what));
            }
        }
        if meddled.is_empty() {
            break;
        }
        eventually(
            &format!("all of this to be put right: {meddled:#?}"),
            async || {
                for victim in &victims {
                    let now = victim.decides().await?;
                    if now != victim.before {
                        return Err(format!("{}: {now} instead of {}", victim.title, victim.before));
                    }
                }
                Ok(())
            },
        )
        .await;
        counts.slowest = counts.slowest.max(start.elapsed());
    }
    let told = format!("measured: {counts:?} over {} objects\n", victims.len());
    std::io::stderr().write_all(told.as_bytes()).unwrap();
    assert!(counts.effective > 300, "{counts:?}");
}

#[tokio::test]
#[cfg_attr(not(kube_apiserver), ignore = "needs a kube-apiserver: run make test")]
async fn certificates_that_are_deleted_or_changed_are_made_again_whatever_else_is_refused() {
    let _operator = operator::start().await;
    let cluster = Cluster::new("certificate-drift").await;
    cluster.create::<FhirService>("ward", json!({})).await;
    let secrets: Api<Secret> = cluster.api();
    let first: Secret = cluster.wait_for("ward-db-tls", "the certificate", |_| true).await;
    // Something that is somebody else's keeps the service from being whole.
    let roles: Api<k8s_openapi::api::rbac::v1::Role> = cluster.api();
    cluster
        .wait_for("ward-db", "the role", |_: &k8s_openapi::api::rbac::v1::Role| true)
        .await;
    roles.delete("ward-db", &DeleteParams::default()).await.unwrap();
    let theirs = json!({"metadata": {"name": "ward-db"}, "rules": []});
    eventually("a role of somebody else", async || {
        roles.delete("ward-db", &DeleteParams::default()).await.ok();
        roles
            .create(
                &PostParams::default(),
                &serde_json::from_value(theirs.clone()).unwrap(),
            )
            .await
    })
    .await;
    cluster
        .wait_for("ward", "NameTaken", |one: &FhirService| {
            one.status
                .as_ref()
                .is_some_and(|status| condition(&status.conditions, "Stalled").1 == "NameTaken")
        })
        .await;

    for name in ["ward-db-tls", "ward-tls"] {
        secrets.delete(name, &DeleteParams::default()).await.unwrap();
        cluster
            .wait_for(name, "the certificate again", |one: &Secret| one.data.is_some())
            .await;
    }
    let broken = json!({"data": {"tls.crt": "bm8="}});
    secrets
        .patch("ward-db-tls", &PatchParams::default(), &Patch::Merge(broken))
        .await
        .unwrap();
    let again: Secret = cluster
        .wait_for("ward-db-tls", "a good certificate", |one: &Secret| {
            one.data.as_ref().unwrap()["tls.crt"].0.starts_with(b"-----BEGIN")
        })
        .await;
    assert_ne!(first.data, again.data);
}

/// A refused object must not stop the others from being mended.
#[tokio::test]
#[cfg_attr(not(kube_apiserver), ignore = "needs a kube-apiserver: run make test")]
async fn what_is_refused_keeps_nothing_else_from_being_put_right() {
    use k8s_openapi::api::{apps::v1::Deployment, core::v1::Service};
    let _operator = operator::start().await;
    let cluster = Cluster::new("refused").await;
    let _replica = cluster.ward_of_one(Ipv4Addr::new(127, 5, 1, 1)).await;
    cluster
        .wait_for("ward", "the servers", |_: &Deployment| true)
        .await;
    // A quota of no Services: the one that is deleted cannot be made again.
    let quotas: Api<k8s_openapi::api::core::v1::ResourceQuota> = cluster.api();
    let quota = json!({"metadata": {"name": "none"}, "spec": {"hard": {"services": "0"}}});
    quotas
        .create(&PostParams::default(), &serde_json::from_value(quota).unwrap())
        .await
        .unwrap();
    let hard = json!({"status": {"hard": {"services": "0"}, "used": {"services": "4"}}});
    quotas
        .patch_status("none", &PatchParams::default(), &Patch::Merge(hard))
        .await
        .unwrap();
    cluster
        .api::<Service>()
        .delete("ward-db-replicas", &DeleteParams::default())
        .await
        .unwrap();
    cluster
        .wait_for("ward", "the refusal", |one: &FhirService| {
            one.status
                .as_ref()
                .is_some_and(|status| condition(&status.conditions, "Stalled").1 == "RequestRefused")
        })
        .await;

    let paused = json!({"spec": {"paused": true}});
    cluster
        .api::<Deployment>()
        .patch("ward", &PatchParams::default(), &Patch::Merge(paused))
        .await
        .unwrap();
    cluster
        .wait_for("ward", "servers that are not paused", |one: &Deployment| {
            one.spec.as_ref().unwrap().paused != Some(true)
        })
        .await;
}
