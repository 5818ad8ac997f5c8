//! What a request has handed to the database to be recorded, and whether the database may still be at it. A request that is given
//! up, or whose connection breaks, does not know what became of it: it may be committed all the same, and then its record says
//! what was done. So the record of a failure waits until the database is done, and is made only if none of the others stands.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedRwLockReadGuard, RwLock};

use crate::audit::AccessRecord;

/// What all parts of one request have handed over.
#[derive(Clone, Default)]
pub struct HandedOver {
    traces: Arc<Mutex<Vec<Trace>>>,
    running: Arc<RwLock<()>>,
}

/// Held as long as the database may be at work for a request, or for several. It is so until the last clone is dropped.
#[derive(Clone, Default)]
pub struct AtWork {
    running: Vec<Arc<OwnedRwLockReadGuard<()>>>,
}

impl FromIterator<AtWork> for AtWork {
    /// At work for all of these.
    fn from_iter<T: IntoIterator<Item = AtWork>>(each: T) -> Self {
        AtWork {
            running: each.into_iter().flat_map(|one| one.running).collect(),
        }
    }
}

/// What tells a record from the others of its request. Two entries of a batch that ask for the same have the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    pub(super) interaction: String,
    pub(super) resource_type: Option<String>,
    pub(super) resource_id: Option<String>,
    pub(super) query: Option<String>,
}

impl Trace {
    /// That of a record as the trail gets it.
    pub fn of(record: &AccessRecord) -> Trace {
        Trace {
            interaction: record.interaction.clone(),
            resource_type: record.resource_type.clone(),
            resource_id: record.resource_id.clone(),
            query: record.query.clone(),
        }
    }
}

impl HandedOver {
    /// The database begins to work for the request, and is at work until the value is dropped.
    pub fn begin(&self) -> AtWork {
        let running = Arc::clone(&self.running).try_read_owned();
        AtWork {
            running: running.ok().map(Arc::new).into_iter().collect(),
        }
    }

    /// From now on `record`, as the trail gets it, may stand.
    pub fn add(&self, record: &AccessRecord) {
        self.traces().push(Trace::of(record));
    }

    /// None of the records stands: the database has said so.
    pub fn forget(&self) {
        self.traces().clear();
    }

    /// Waits until the database is done with the request; what may stand then.
    pub async fn settled(&self) -> Vec<Trace> {
        if self.traces().is_empty() {
            return Vec::new();
        }
        drop(self.running.write().await);
        self.traces().clone()
    }

    fn traces(&self) -> MutexGuard<'_, Vec<Trace>> {
        self.traces.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures::poll;

    use super::*;

    #[tokio::test]
    async fn what_may_stand_is_told_when_the_database_is_done() {
        let handed_over = HandedOver::default();
        assert_eq!(handed_over.settled().await, []);
        let record = AccessRecord {
            interaction: "read".to_owned(),
            ..AccessRecord::default()
        };
        let (one, other) = (handed_over.begin(), handed_over.begin());
        handed_over.add(&record);
        drop(one);
        let mut settled = pin!(handed_over.settled());
        assert!(poll!(settled.as_mut()).is_pending());
        drop(other);
        assert_eq!(settled.await, [Trace::of(&record)]);
        handed_over.forget();
        assert_eq!(handed_over.settled().await, []);
    }
}
