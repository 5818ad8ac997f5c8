//! Is the server ready, and what has it counted: what the probes tell the kubelet and Prometheus.
//! Ready means: there is a connection to the database, which takes writes and records of the audit trail, an access policy is
//! loaded, and the server is not about to end. Whether there is room on its disk is not asked: without it every server answers
//! everything with that, and out of service none could.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use brazier_access::PolicyHandle;
use brazier_service::probes::Probed;

use crate::metrics::Metrics;
use crate::storage::Storage;

/// How long the database may take to say that it is ready; probes have a second by default.
const PATIENCE: Duration = Duration::from_millis(800);

/// How long the database may say nothing, because all connections are busy, and count as ready.
const BUSY: Duration = Duration::from_secs(5);

/// What readiness depends on.
pub struct Health {
    storage: OnceLock<Storage>,
    policy: Arc<PolicyHandle>,
    metrics: Arc<Metrics>,
    /// When the database last said that it is ready, and nothing else since.
    was_ready: Mutex<Option<Instant>>,
}

impl Health {
    /// Not ready yet: without storage.
    pub fn new(policy: Arc<PolicyHandle>, metrics: Arc<Metrics>) -> Health {
        Health {
            storage: OnceLock::new(),
            policy,
            metrics,
            was_ready: Mutex::default(),
        }
    }

    fn set_ready(&self, is_ready: bool) {
        *self.was_ready.lock().unwrap_or_else(PoisonError::into_inner) = is_ready.then(Instant::now);
    }

    /// Whether the database has said a moment ago that it is ready.
    fn was_just_ready(&self) -> bool {
        let was_ready = *self.was_ready.lock().unwrap_or_else(PoisonError::into_inner);
        was_ready.is_some_and(|moment| moment.elapsed() < BUSY)
    }

    /// The database is connected.
    pub fn connected(&self, storage: Storage) {
        self.set_ready(true);
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
                self.set_ready(answer.is_ok());
                answer.map_err(|error| error.to_string())
            }
            Err(_elapsed) if self.was_just_ready() => Ok(()),
            Err(_elapsed) => {
                let pool = storage.connections();
                if pool.available == 0 && pool.size >= pool.max_size {
                    return Err(format!("all {} connections to the database are taken", pool.size));
                }
                Err("the database does not answer".to_owned())
            }
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
