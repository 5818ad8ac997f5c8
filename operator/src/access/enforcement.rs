//! Who enforces what: which replica has acknowledged which policy. It is a memory of answers only; after a restart
//! of the operator the policies are pushed again and the answers come again.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use brazier_access::policy::{Assignment, PolicyDocument};
use brazier_crds::role_assignment::ScopeKind;
use serde_json::json;
use tokio::sync::broadcast;

use crate::manifest;

/// Namespace and name of a FhirService or IotConnector, its kind first.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ScopeKey {
    /// FhirService or IotConnector.
    pub kind: ScopeKind,
    /// Namespace of the FhirService or IotConnector.
    pub namespace: String,
    /// Name of the FhirService or IotConnector, unique for its kind in the namespace.
    pub name: String,
}

/// How far a policy has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Hash of each assignment in the policy.
    pub assignments: HashSet<String>,
    /// Replicas that are ready.
    pub ready: usize,
    /// Those of them that have answered that they enforce it.
    pub enforcing: usize,
    /// Why one did not answer.
    pub problem: Option<String>,
}

/// Stands for an assignment as a policy has it: what a RoleAssignment asks is whether it is in there as it is now.
pub fn hash(assignment: &Assignment) -> String {
    manifest::hash(&json!(assignment))
}

/// The hashes of all assignments of a policy.
pub fn hashes(policy: &PolicyDocument) -> HashSet<String> {
    policy.assignments.iter().map(hash).collect()
}

/// A running container of a replica: a restarted one has to acknowledge again.
pub type Replica = (String, String);

/// How far each policy has come, and which replicas have acknowledged which version.
#[derive(Debug)]
pub struct Enforcement {
    progress: Mutex<HashMap<ScopeKey, Progress>>,
    acknowledged: Mutex<HashMap<ScopeKey, HashMap<Replica, String>>>,
    changes: broadcast::Sender<ScopeKey>,
}

impl Default for Enforcement {
    fn default() -> Self {
        Enforcement {
            progress: Mutex::default(),
            acknowledged: Mutex::default(),
            changes: broadcast::channel(1024).0,
        }
    }
}

impl Enforcement {
    /// How far the policy of `scope` has come, once it has been pushed.
    pub fn progress(&self, scope: &ScopeKey) -> Option<Progress> {
        lock(&self.progress).get(scope).cloned()
    }

    /// Remembers how far it has come, and tells who listens if that is news.
    pub fn publish(&self, scope: &ScopeKey, progress: Progress) {
        let before = lock(&self.progress).insert(scope.clone(), progress.clone());
        if before.as_ref() != Some(&progress) {
            // Nobody listening is no error: the controllers are just starting or ending.
            self.changes.send(scope.clone()).ok();
        }
    }

    /// Forgets an object that is gone.
    pub fn forget(&self, scope: &ScopeKey) {
        lock(&self.acknowledged).remove(scope);
        if lock(&self.progress).remove(scope).is_some() {
            self.changes.send(scope.clone()).ok();
        }
    }

    /// Forgets all of a kind but those that are there.
    pub fn retain(&self, kind: ScopeKind, there: impl Fn(&ScopeKey) -> bool) {
        let gone: Vec<ScopeKey> = lock(&self.progress)
            .keys()
            .filter(|scope| scope.kind == kind && !there(scope))
            .cloned()
            .collect();
        gone.iter().for_each(|scope| self.forget(scope));
    }

    /// How many ready servers have not said that they enforce the newest policy.
    pub fn behind(&self) -> usize {
        let progress = lock(&self.progress);
        let servers = progress
            .iter()
            .filter(|(scope, _)| scope.kind == ScopeKind::FhirService);
        servers
            .map(|(_, progress)| progress.ready.saturating_sub(progress.enforcing))
            .sum()
    }

    /// Changes from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<ScopeKey> {
        self.changes.subscribe()
    }

    /// Whether `replica` has said that it enforces `version`.
    pub fn has_acknowledged(&self, scope: &ScopeKey, replica: &Replica, version: &str) -> bool {
        let acknowledged = lock(&self.acknowledged);
        acknowledged
            .get(scope)
            .and_then(|replicas| replicas.get(replica))
            .is_some_and(|known| known == version)
    }

    /// Remembers who has answered, of the replicas that there are now.
    pub fn acknowledge(&self, scope: &ScopeKey, replicas: HashMap<Replica, String>) {
        lock(&self.acknowledged).insert(scope.clone(), replicas);
    }
}

/// A thread that panicked while it held the lock left plain values behind, which are as good as before.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
