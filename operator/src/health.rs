//! What the probes tell of the operator. Ready: the kinds are served and the first lists have been read, or this replica
//! waits for the lease, which is what it is for.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use brazier_service::probes::Probed;

use crate::metrics::Metrics;

/// What the probes look at.
#[derive(Debug)]
pub struct Health {
    ready: AtomicBool,
    metrics: Arc<Metrics>,
}

impl Health {
    /// Not ready yet.
    pub fn new(metrics: Arc<Metrics>) -> Self {
        Health {
            ready: AtomicBool::new(false),
            metrics,
        }
    }

    /// From now on it is ready, or not.
    pub fn set_ready(&self, ready: bool) {
        self.ready.store(ready, Ordering::Relaxed);
    }
}

impl Probed for Health {
    async fn ready(&self) -> Result<(), String> {
        let ready = self.ready.load(Ordering::Relaxed);
        ready.then_some(()).ok_or_else(|| "starting".to_owned())
    }

    fn metrics(&self) -> Result<String, std::fmt::Error> {
        self.metrics.text()
    }
}
