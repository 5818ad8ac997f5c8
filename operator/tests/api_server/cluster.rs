//! The parts of a cluster that are not there, played by the tests: workload controllers, kubelets, programs.

use std::net::Ipv4Addr;

use brazier_crds::{FhirService, IotConnector};
use k8s_openapi::api::{
    apps::v1::{Deployment, ReplicaSet, StatefulSet},
    batch::v1::Job,
    core::v1::{ConfigMap, Pod},
};
use kube::{
    Api, Client, ResourceExt,
    api::{DeleteParams, ListParams, Patch, PatchParams, PostParams},
};
use serde_json::{Value, json};

use crate::{control_plane, operator::eventually, replica::Replica};

/// A namespace, and the cluster around it.
pub struct Cluster {
    pub client: Client,
    pub namespace: String,
}

impl Cluster {
    /// A namespace of the test's own.
    pub async fn new(namespace: &str) -> Self {
        let client = control_plane::client().await;
        control_plane::namespace(&client, namespace).await;
        Cluster {
            client,
            namespace: namespace.to_string(),
        }
    }

    /// The API of a kind in the namespace.
    pub fn api<K>(&self) -> Api<K>
    where
        K: kube::Resource<DynamicType = (), Scope = kube::core::NamespaceResourceScope>,
    {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    /// Creates an object of ours from its kind, name and spec.
    pub async fn create<K>(&self, name: &str, spec: Value) -> K
    where
        K: kube::Resource<DynamicType = (), Scope = kube::core::NamespaceResourceScope>
            + Clone
            + std::fmt::Debug
            + serde::Serialize
            + serde::de::DeserializeOwned,
    {
        let object = json!({
            "apiVersion": K::api_version(&()), "kind": K::kind(&()), "metadata": {"name": name}, "spec": spec
        });
        self.api()
            .create(&PostParams::default(), &serde_json::from_value(object).unwrap())
            .await
            .unwrap()
    }

    /// Asks until the object is as the test wants it.
    pub async fn wait_for<K>(&self, name: &str, what: &str, wanted: impl Fn(&K) -> bool) -> K
    where
        K: kube::Resource<DynamicType = (), Scope = kube::core::NamespaceResourceScope>
            + Clone
            + std::fmt::Debug
            + serde::Serialize
            + serde::de::DeserializeOwned,
    {
        let api: Api<K> = self.api();
        eventually(what, async || match api.get_opt(name).await {
            Ok(Some(object)) if wanted(&object) => Ok(object),
            Ok(Some(object)) => Err(serde_json::to_string(&object).unwrap()),
            Ok(None) => Err(format!("{name} is not there")),
            Err(error) => Err(error.to_string()),
        })
        .await
    }

    /// The StatefulSet controller, the kubelets and Patroni: every member runs, the first is the primary.
    pub async fn database_comes_up(&self, service: &str) {
        let name = format!("{service}-db");
        let set: StatefulSet = self.wait_for(&name, "the database's StatefulSet", |_| true).await;
        let spec = set.spec.clone().unwrap();
        let members = spec.replicas.unwrap();
        for ordinal in 0..members {
            let role = if ordinal == 0 { "primary" } else { "replica" };
            let mut labels = spec.template.metadata.clone().unwrap().labels.unwrap();
            labels.insert("role".to_string(), role.to_string());
            self.pod_runs(
                &format!("{name}-{ordinal}"),
                json!(labels),
                &set,
                Ipv4Addr::new(127, 9, 9, 9),
            )
            .await;
        }
        self.quorum(&name, members).await;
        let status = json!({"status": {
            "observedGeneration": set.metadata.generation, "replicas": members, "readyReplicas": members,
            "updatedReplicas": members, "currentRevision": "1", "updateRevision": "1",
        }});
        self.api::<StatefulSet>()
            .patch_status(&name, &PatchParams::default(), &Patch::Merge(status))
            .await
            .unwrap();
    }

    /// Patroni: every member but the first acknowledges commits.
    pub async fn quorum(&self, database: &str, members: i32) {
        let standbys: Vec<String> = (1..members).map(|one| format!("{database}-{one}")).collect();
        let name = format!("{database}-sync");
        let map = json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {
                "name": name,
                "labels": patroni_labels(database.trim_end_matches("-db")),
                "annotations": {"sync_standby": standbys.join(",")},
            },
        });
        let parameters = PatchParams::apply("patroni").force();
        self.api::<ConfigMap>()
            .patch(&name, &parameters, &Patch::Apply(&map))
            .await
            .unwrap();
    }

    /// The Job controller: the newest migration is done.
    pub async fn migration_succeeds(&self, service: &str) -> String {
        let name = self.migration(service).await;
        let now = "2026-01-01T00:00:00Z";
        let condition = |type_: &str| json!({"type": type_, "status": "True", "lastTransitionTime": now});
        let status = json!({"status": {
            "startTime": now, "completionTime": now, "succeeded": 1,
            "conditions": [condition("SuccessCriteriaMet"), condition("Complete")],
        }});
        self.api::<Job>()
            .patch_status(&name, &PatchParams::default(), &Patch::Merge(status))
            .await
            .unwrap();
        name
    }

    /// The Job controller: the migration gave up.
    pub async fn migration_fails(&self, service: &str) -> String {
        let name = self.migration(service).await;
        let now = "2026-01-01T00:00:00Z";
        let condition = |type_: &str| {
            json!({
                "type": type_, "status": "True", "lastTransitionTime": now,
                "reason": "BackoffLimitExceeded", "message": "Job has reached the specified backoff limit",
            })
        };
        let status = json!({"status": {
            "startTime": now, "failed": 7, "conditions": [condition("FailureTarget"), condition("Failed")],
        }});
        self.api::<Job>()
            .patch_status(&name, &PatchParams::default(), &Patch::Merge(status))
            .await
            .unwrap();
        name
    }

    /// Name of the Job that is not done yet.
    async fn migration(&self, service: &str) -> String {
        let jobs: Api<Job> = self.api();
        let prefix = format!("{service}-migrate-");
        eventually("a migration", async || {
            let found = jobs
                .list(&ListParams::default())
                .await
                .map_err(|error| error.to_string())?;
            let running = found.items.into_iter().find(|job| {
                job.name_any().starts_with(&prefix)
                    && job
                        .status
                        .as_ref()
                        .and_then(|status| status.conditions.as_ref())
                        .is_none()
            });
            running
                .map(|job| job.name_any())
                .ok_or_else(|| "no Job that runs".to_string())
        })
        .await
    }

    /// The Deployment controller and the kubelets: every replica runs at an address of its own. Those of before go.
    pub async fn replicas_come_up(&self, name: &str, addresses: &[Ipv4Addr]) {
        let deployments: Api<Deployment> = self.api();
        let count = i32::try_from(addresses.len()).unwrap();
        let deployment = self
            .wait_for::<Deployment>(name, "a Deployment of as many replicas", |deployment| {
                deployment.spec.as_ref().unwrap().replicas == Some(count)
            })
            .await;
        let template = deployment.spec.clone().unwrap().template;
        let labels = json!(template.metadata.unwrap().labels);
        for (index, address) in addresses.iter().enumerate() {
            self.pod_runs(&format!("{name}-{index}"), labels.clone(), &deployment, *address)
                .await;
        }
        let status = json!({"status": {
            "observedGeneration": deployment.metadata.generation, "replicas": count, "readyReplicas": count,
            "updatedReplicas": count, "availableReplicas": count,
        }});
        deployments
            .patch_status(name, &PatchParams::default(), &Patch::Merge(status))
            .await
            .unwrap();
    }

    /// The Deployment controller: a ReplicaSet of the Deployment's template as it is in `deployment`.
    pub async fn replica_set(&self, deployment: &Deployment, name: &str, replicas: i32) {
        let spec = deployment.spec.as_ref().unwrap();
        let set = json!({
            "metadata": {
                "name": name,
                "labels": spec.template.metadata.as_ref().unwrap().labels,
                "ownerReferences": [{
                    "apiVersion": "apps/v1", "kind": "Deployment", "name": deployment.name_any(), "uid": deployment.uid(),
                    "controller": true,
                }],
            },
            "spec": {"replicas": replicas, "selector": spec.selector, "template": spec.template},
        });
        self.api::<ReplicaSet>()
            .create(&PostParams::default(), &serde_json::from_value(set).unwrap())
            .await
            .unwrap();
        self.replica_set_has(name, replicas).await;
    }

    /// The Deployment controller and the kubelets: the ReplicaSet is to have so many pods, and has them.
    pub async fn replica_set_has(&self, name: &str, replicas: i32) {
        let sets: Api<ReplicaSet> = self.api();
        let parameters = PatchParams::default();
        let spec = Patch::Merge(json!({"spec": {"replicas": replicas}}));
        sets.patch(name, &parameters, &spec).await.unwrap();
        let status = Patch::Merge(json!({"status": {"replicas": replicas}}));
        sets.patch_status(name, &parameters, &status).await.unwrap();
    }

    /// The Deployment controller: it has seen the newest template and started a pod of it that is not ready, beside the one
    /// of before.
    pub async fn rollout_begins(&self, name: &str) {
        let deployments: Api<Deployment> = self.api();
        let generation = deployments.get(name).await.unwrap().metadata.generation;
        let status = json!({"status": {
            "observedGeneration": generation, "replicas": 2, "readyReplicas": 1, "updatedReplicas": 1,
            "availableReplicas": 1,
        }});
        deployments
            .patch_status(name, &PatchParams::default(), &Patch::Merge(status))
            .await
            .unwrap();
    }

    /// A kubelet: the pod runs and is ready.
    pub async fn pod_runs(&self, name: &str, labels: Value, owner: &impl ResourceExt, address: Ipv4Addr) {
        let pods: Api<Pod> = self.api();
        if pods.get_opt(name).await.unwrap().is_none() {
            let pod = json!({
                "metadata": {"name": name, "labels": labels, "ownerReferences": [{
                    "apiVersion": "apps/v1", "kind": "Workload", "name": owner.name_any(), "uid": owner.uid(),
                    "controller": true,
                }]},
                "spec": {"containers": [{"name": "one", "image": "none"}], "automountServiceAccountToken": false},
            });
            pods.create(&PostParams::default(), &serde_json::from_value(pod).unwrap())
                .await
                .unwrap();
        }
        self.pod_is(name, "True", address).await;
    }

    /// A kubelet: the pod is ready, or not.
    pub async fn pod_is(&self, name: &str, ready: &str, address: Ipv4Addr) {
        let status = json!({"status": {
            "phase": "Running", "podIP": address.to_string(), "podIPs": [{"ip": address.to_string()}],
            "conditions": [{"type": "Ready", "status": ready}],
            "containerStatuses": [{
                "name": "one", "image": "none", "imageID": "none", "ready": ready == "True", "restartCount": 0,
                "containerID": format!("test://{name}"), "state": {"running": {}},
            }],
        }});
        self.api::<Pod>()
            .patch_status(name, &PatchParams::default(), &Patch::Merge(status))
            .await
            .unwrap();
    }

    /// The garbage collector and the kubelets: pods whose names start so are gone.
    pub async fn pods_end(&self, prefix: &str) {
        let pods: Api<Pod> = self.api();
        for pod in pods.list(&ListParams::default()).await.unwrap() {
            if pod.name_any().starts_with(prefix) {
                pods.delete(&pod.name_any(), &DeleteParams::default().grace_period(0))
                    .await
                    .unwrap();
            }
        }
    }

    /// All the parts that a FhirService needs: database, migration, and `addresses.len()` servers that take policies.
    pub async fn service_comes_up(&self, service: &str, addresses: &[Ipv4Addr]) -> Vec<Replica> {
        self.database_comes_up(service).await;
        self.migration_succeeds(service).await;
        let mut replicas = Vec::new();
        for address in addresses {
            replicas.push(Replica::listen(self, service, *address).await);
        }
        self.replicas_come_up(service, addresses).await;
        replicas
    }

    /// A FhirService `ward` of one server at `address`, and all the parts that it needs.
    pub async fn ward_of_one(&self, address: Ipv4Addr) -> Replica {
        self.create::<FhirService>("ward", json!({"replicas": 1})).await;
        self.service_comes_up("ward", &[address]).await.remove(0)
    }

    /// An IotConnector that writes to `ward`.
    pub async fn connector(&self, name: &str) -> IotConnector {
        self.create(name, connector_spec()).await
    }
}

/// The labels that Patroni puts on the ConfigMaps that it makes, as its configuration tells it.
pub fn patroni_labels(service: &str) -> Value {
    json!({
        "app.kubernetes.io/name": "fhir-service",
        "app.kubernetes.io/instance": service,
        "app.kubernetes.io/component": "database",
        "cluster-name": format!("{service}-db"),
    })
}

/// The status of a condition, with its reason and message.
pub fn condition(
    conditions: &[k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition],
    type_: &str,
) -> (String, String, String) {
    let one = conditions.iter().find(|one| one.type_ == type_);
    one.map(|one| (one.status.clone(), one.reason.clone(), one.message.clone()))
        .unwrap_or_default()
}

/// What a connector to `ward` asks for, with mappings that hold a template each.
pub fn connector_spec() -> Value {
    json!({
        "source": {"http": {}},
        "deviceMapping": {"inline": {"templateType": "CollectionContent", "template": [{"templateType": "x"}]}},
        "fhirMapping": {"inline": {"templateType": "CollectionFhir", "template": [{"templateType": "y"}]}},
        "destinations": [{"name": "main", "fhirServiceRef": {"name": "ward"}}],
    })
}
