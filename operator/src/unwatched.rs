//! Objects that matter to one of ours and are not watched: a watch of Secrets would show the operator those of tenants, and one
//! of all ConfigMaps would cost memory for what has nothing to do with us. So they are looked at every few seconds, by name
//! and without their content; one that came, went or was written to wakes the object to which it matters.

use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

use futures::{Stream, stream};
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::{
    Api, Client,
    core::DeserializeGuard,
    runtime::reflector::{ObjectRef, Store},
};

use crate::reconcile::Kind;

/// How often they are looked at.
const PERIOD: Duration = Duration::from_secs(2);

/// An object of the namespace of the one to which it matters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Unwatched {
    /// The Secret of this name, such as one with a certificate.
    Secret(String),
    /// The ConfigMap of this name, which a tenant keeps something in.
    ConfigMap(String),
}

impl Unwatched {
    /// `metadata.resourceVersion`, or nothing if the object is not there.
    async fn version(&self, client: &Client, namespace: &str) -> kube::Result<Option<String>> {
        let metadata = match self {
            Unwatched::Secret(name) => {
                let secrets: Api<Secret> = Api::namespaced(client.clone(), namespace);
                secrets
                    .get_metadata_opt(name)
                    .await?
                    .map(|secret| secret.metadata)
            }
            Unwatched::ConfigMap(name) => {
                let maps: Api<ConfigMap> = Api::namespaced(client.clone(), namespace);
                maps.get_metadata_opt(name).await?.map(|map| map.metadata)
            }
        };
        Ok(metadata.and_then(|metadata| metadata.resource_version))
    }
}

/// The objects of a kind to which something matters that has changed.
pub fn changes<K: Kind>(
    client: Client,
    store: Store<DeserializeGuard<K>>,
) -> impl Stream<Item = ObjectRef<DeserializeGuard<K>>> + Send {
    let mut ticks = tokio::time::interval(PERIOD);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let look = Look {
        client,
        store,
        versions: HashMap::new(),
        changed: VecDeque::new(),
    };
    stream::unfold((ticks, look), |(mut ticks, mut look)| async move {
        loop {
            if let Some(object) = look.changed.pop_front() {
                return Some((object, (ticks, look)));
            }
            ticks.tick().await;
            look.around().await;
        }
    })
}

struct Look<K: Kind> {
    client: Client,
    store: Store<DeserializeGuard<K>>,
    /// The version of each as it was last seen, by its namespace; `None` for one that is not there.
    versions: HashMap<(String, Unwatched), Option<String>>,
    changed: VecDeque<ObjectRef<DeserializeGuard<K>>>,
}

impl<K: Kind> Look<K> {
    async fn around(&mut self) {
        let mut versions = HashMap::new();
        for guarded in self.store.state() {
            let Ok(object) = &guarded.0 else {
                continue;
            };
            let namespace = object.meta().namespace.clone().unwrap_or_default();
            let mut has_changed = false;
            for one in object.unwatched() {
                let version = one.version(&self.client, &namespace).await;
                let key = (namespace.clone(), one);
                let before = self.versions.get(&key);
                // Where the answer is an error, nothing new is known.
                let Some(version) = version.ok().or_else(|| before.cloned()) else {
                    continue;
                };
                has_changed |= before.is_some_and(|before| *before != version);
                versions.insert(key, version);
            }
            if has_changed {
                self.changed.push_back(ObjectRef::from_obj(&*guarded));
            }
        }
        self.versions = versions;
    }
}
