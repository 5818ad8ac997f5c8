//! Is the server ready, and what has it counted: what the probes tell the kubelet and Prometheus.
//! Ready means: the database takes writes, an access policy is loaded, and the server is not about to end.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use brazier_access::PolicyHandle;
use brazier_service::probes::Probed;

use crate::metrics::Metrics;
use crate::storage::Storage;

/// How long the database may take to say that it is ready; probes have a second by default.
const PATIENCE: Duration = Duration::from_millis(800);

/// What readiness depends on.
pub struct Health {
    storage: OnceLock<Storage>,
    policy: Arc<PolicyHandle>,
    metrics: Arc<Metrics>,
    /// What the database said last, for when it is too busy to say anything.
    was_ready: AtomicBool,
}

impl Health {
    /// Not ready yet: without storage.
    pub fn new(policy: Arc<PolicyHandle>, metrics: Arc<Metrics>) -> Health {
        Health {
            storage: OnceLock::new(),
            policy,
            metrics,
            was_ready: AtomicBool::new(false),
        }
    }

    /// The database is connected.
    pub fn connected(&self, storage: Storage) {
        self.was_ready.store(true, Ordering::Release);
        self.storage.get_or_init(|| storage);
    }
}

impl Probed for Health {
    async fn ready(&self) -> Result<(), String> {
        let storage = self.storage.get().ok_or("the database is not connected yet")?;
        if !self.policy.is_loaded() {
            return Err("no access policy is loaded".to_owned());
        }
        match tokio::time::timeout(PATIENCE, storage.is_ready()).await {
            Ok(answer) => {
                self.was_ready.store(answer.is_ok(), Ordering::Release);
                answer.map_err(|error| error.to_string())
            }
            Err(_elapsed) if self.was_ready.load(Ordering::Acquire) => Ok(()),
            Err(_elapsed) => Err("the database does not answer".to_owned()),
        }
    }

    fn metrics(&self) -> Result<String, std::fmt::Error> {
        if let Some(storage) = self.storage.get() {
            let pool = storage.connections();
            let busy = pool.size.saturating_sub(pool.available);
            self.metrics.set_database_pool(busy, pool.available, pool.waiting);
            self.metrics.set_audit_backlog(storage.audit_backlog());
        }
        self.metrics.set_policy_version(self.policy.current().version());
        self.metrics.encode()
    }
}
