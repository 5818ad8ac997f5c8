//! Whatever happens to the operator, everything comes to the same end; and once there, nothing is written.

use std::{collections::BTreeMap, net::Ipv4Addr, time::Duration};

use brazier_crds::{FhirService, RoleAssignment};
use kube::{
    Api, Client,
    api::{DynamicObject, ListParams, Patch, PatchParams},
    core::{ApiResource, GroupVersionKind},
};
use serde_json::json;

use crate::{
    cluster::{Cluster, condition},
    operator::{self, eventually},
};

/// Every kind that the operator writes.
const KINDS: [(&str, &str, &str); 15] = [
    ("", "v1", "ConfigMap"),
    ("", "v1", "Secret"),
    ("", "v1", "Service"),
    ("", "v1", "ServiceAccount"),
    ("apps", "v1", "Deployment"),
    ("apps", "v1", "StatefulSet"),
    ("batch", "v1", "Job"),
    ("networking.k8s.io", "v1", "NetworkPolicy"),
    ("policy", "v1", "PodDisruptionBudget"),
    ("rbac.authorization.k8s.io", "v1", "Role"),
    ("rbac.authorization.k8s.io", "v1", "RoleBinding"),
    ("events.k8s.io", "v1", "Event"),
    ("brazier.dev", "v1alpha1", "FhirService"),
    ("brazier.dev", "v1alpha1", "IotConnector"),
    ("brazier.dev", "v1alpha1", "RoleAssignment"),
];

/// Every object of the namespace and its resourceVersion.
async fn versions(cluster: &Cluster) -> BTreeMap<String, String> {
    let mut versions = BTreeMap::new();
    for (group, version, kind) in KINDS {
        let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, kind));
        let api: Api<DynamicObject> =
            Api::namespaced_with(cluster.client.clone(), &cluster.namespace, &resource);
        for object in api.list(&ListParams::default()).await.unwrap() {
            let name = format!("{kind} {}", object.metadata.name.unwrap());
            versions.insert(name, object.metadata.resource_version.unwrap());
        }
    }
    versions
}

/// How many write requests the API server has answered for kinds that the operator writes, a dry no-op included.
async fn writes(client: &Client) -> u64 {
    let request = http::Request::get("/metrics").body(Vec::new()).unwrap();
    let text = client.request_text(request).await.unwrap();
    let ours = KINDS.map(|(_, _, kind)| match kind {
        "NetworkPolicy" => "networkpolicies".to_string(),
        _ => format!("{}s", kind.to_lowercase()),
    });
    text.lines()
        .filter(|line| line.starts_with("apiserver_request_total{"))
        .filter(|line| {
            ["APPLY", "POST", "PUT", "PATCH", "DELETE"]
                .iter()
                .any(|verb| line.contains(&format!("verb=\"{verb}\"")))
        })
        .filter(|line| {
            ours.iter()
                .any(|resource| line.contains(&format!("resource=\"{resource}\"")))
        })
        .map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap() as u64)
        .sum()
}

async fn all_ready(cluster: &Cluster) {
    let ready = |conditions: &[_]| condition(conditions, "Ready").0 == "True";
    cluster
        .wait_for("ward", "Ready", |one: &FhirService| {
            one.status.as_ref().is_some_and(|s| ready(&s.conditions))
        })
        .await;
    cluster
        .wait_for("readers", "Enforced", |one: &RoleAssignment| {
            one.status.as_ref().is_some_and(|s| ready(&s.conditions))
        })
        .await;
}

/// restatedev/restate-operator 138, stackabletech/nifi-operator 868: thousands of writes an hour with nothing to do.
#[tokio::test]
#[cfg_attr(not(kube_apiserver), ignore = "needs a kube-apiserver: run make test")]
async fn nothing_is_written_when_nothing_changed() {
    let mut operator = operator::start().await;
    let cluster = Cluster::new("idle").await;
    let quantities = json!({"requests": {"cpu": "1000m", "memory": "1024Mi"}, "limits": {"cpu": 2}});
    cluster
        .create::<FhirService>("ward", json!({"resources": quantities}))
        .await;
    cluster
        .create::<RoleAssignment>(
            "readers",
            json!({"scope": {"name": "ward"}, "role": "FhirDataReader", "principals": [{"serviceAccount": {"name": "x"}}]}),
        )
        .await;
    cluster.connector("bedside").await;
    let addresses = [Ipv4Addr::new(127, 4, 0, 1), Ipv4Addr::new(127, 4, 0, 2)];
    let _replicas = cluster.service_comes_up("ward", &addresses).await;
    all_ready(&cluster).await;
    settle(&cluster).await;

    let (before, requests) = (versions(&cluster).await, writes(&cluster.client).await);
    // A fresh operator reconciles everything again.
    operator.restart();
    tokio::time::sleep(Duration::from_secs(12)).await;
    assert_eq!(versions(&cluster).await, before);
    assert_eq!(
        writes(&cluster.client).await,
        requests,
        "requests to write that changed nothing"
    );
}

/// Waits until nothing has changed for a while, in what other tests left behind neither.
async fn settle(cluster: &Cluster) {
    let mut last = (BTreeMap::new(), 0);
    eventually("quiet", async || {
        tokio::time::sleep(Duration::from_secs(5)).await;
        let now = (versions(cluster).await, writes(&cluster.client).await);
        let quiet = now == last;
        last = now;
        if quiet {
            Ok(())
        } else {
            Err("something still changes")
        }
    })
    .await;
}

/// Sieve (OSDI '22): a controller that is stopped between any two of its writes has to find its way.
#[tokio::test]
#[cfg_attr(not(kube_apiserver), ignore = "needs a kube-apiserver: run make test")]
async fn an_operator_that_is_killed_at_random_moments_gets_there() {
    let mut operator = operator::start().await;
    let reference = Cluster::new("killed-never").await;
    let cluster = Cluster::new("killed-often").await;
    let mut seed = u64::from(std::process::id());
    println!("the moments come from {seed}");
    let mut random = move |below: u64| {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    create_all(&reference).await;
    let _reference = reference.service_comes_up("ward", &addresses(1)).await;
    all_ready(&reference).await;

    operator.kill();
    create_all(&cluster).await;
    for _ in 0..12 {
        operator.start();
        tokio::time::sleep(Duration::from_millis(40 + random(360))).await;
        operator.kill();
    }
    operator.start();
    let _replicas = cluster.service_comes_up("ward", &addresses(2)).await;
    for replicas in [3, 1, 2] {
        operator.kill();
        let change = json!({"spec": {"replicas": replicas}});
        let services: Api<FhirService> = cluster.api();
        services
            .patch("ward", &PatchParams::default(), &Patch::Merge(change))
            .await
            .unwrap();
        operator.start();
        tokio::time::sleep(Duration::from_millis(random(400))).await;
        operator.restart();
    }
    cluster.replicas_come_up("ward", &addresses(2)).await;
    all_ready(&cluster).await;
    let wanted = names(versions(&reference).await);
    assert!(
        wanted.contains(&"ConfigMap ward-server-".to_string()),
        "{wanted:?}"
    );
    eventually("the same objects", async || {
        let found = names(versions(&cluster).await);
        if found == wanted {
            Ok(())
        } else {
            Err(format!("{found:?} instead of {wanted:?}"))
        }
    })
    .await;
}

/// Names of objects. Of one that is named by its content, in which the namespace is, only what all of its kind begin with:
/// there is one.
fn names(versions: BTreeMap<String, String>) -> Vec<String> {
    const PREFIX: &str = "ConfigMap ward-server-";
    let names = versions.into_keys().filter(|name| !name.starts_with("Event "));
    names
        .map(|name| {
            if name.starts_with(PREFIX) {
                PREFIX.to_string()
            } else {
                name
            }
        })
        .collect()
}

fn addresses(last: u8) -> [Ipv4Addr; 2] {
    [Ipv4Addr::new(127, 4, last, 1), Ipv4Addr::new(127, 4, last, 2)]
}

async fn create_all(cluster: &Cluster) {
    cluster.create::<FhirService>("ward", json!({})).await;
    cluster
        .create::<RoleAssignment>(
            "readers",
            json!({"scope": {"name": "ward"}, "role": "FhirDataReader", "principals": [{"serviceAccount": {"name": "x"}}]}),
        )
        .await;
}
