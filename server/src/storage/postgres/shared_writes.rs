//! Changes of single resources, made together: one statement and one commit for all that come while one is under way, each with
//! its own record in the audit trail and its own outcome. What the database refuses for one is tried again without it.

use std::collections::HashSet;
use std::sync::{Arc, Weak};

use deadpool_postgres::Pool;

use super::Shared;
use super::change_rows::Change;
use super::error::from_pool;
use super::handed_over::AtWork;
use super::together::{Batches, Together};
use super::write::{Records, prepare, write_once};
use crate::audit::AccessRecord;
use crate::storage::{StorageError, Written};

/// While one statement is committed, the next one is on its way.
const BATCHES: Batches = Batches { at_once: 2, most: 32 };

/// Bytes of JSON up to which changes are made together; larger ones are made by themselves.
const TOGETHER: usize = 64 << 10;

/// A change, and the record that stands with it.
pub struct Recorded {
    /// What is changed.
    pub change: Change,
    /// Who changes it.
    pub record: AccessRecord,
}

/// A change that is asked for.
struct Asked {
    recorded: Arc<Recorded>,
    /// Until the statement has ended, whoever waits for it.
    _at_work: Option<AtWork>,
}

/// Takes changes, and answers when the statement that each was part of is committed.
pub struct SharedWrites {
    writes: Together<Asked, Written>,
}

impl SharedWrites {
    /// Starts the tasks that write; they end when this is dropped. Connections of `pool` wait for no lock for longer than a
    /// moment, since all changes of a statement wait together.
    pub fn start(pool: Pool, shared: Weak<Shared>) -> SharedWrites {
        let write = move |asked: Arc<Vec<Asked>>| {
            let (pool, shared) = (pool.clone(), shared.clone());
            async move {
                let closed = || StorageError::Unavailable("it is being closed".into());
                let shared = shared.upgrade().ok_or_else(closed)?;
                let changes: Vec<&Recorded> = asked.iter().map(|one| &*one.recorded).collect();
                write_all(&pool, &shared, &changes).await
            }
        };
        SharedWrites {
            writes: Together::start(BATCHES, write),
        }
    }

    /// Whether `change` may be made together with others.
    pub fn takes(change: &Change) -> bool {
        change.tail.len() <= TOGETHER
    }

    /// How many changes wait.
    pub fn waiting(&self) -> usize {
        self.writes.waiting()
    }

    /// Makes a change, whose record is [fitted](AccessRecord::fitted); both are durable when it returns.
    ///
    /// # Errors
    /// What the database says of this change alone; [`StorageError::Locked`] and [`StorageError::Contention`] when another
    /// transaction is at the same resource: then it is to be made by itself.
    pub async fn write(
        &self,
        recorded: Arc<Recorded>,
        at_work: Option<AtWork>,
    ) -> Result<Written, StorageError> {
        let asked = Asked {
            recorded,
            _at_work: at_work,
        };
        self.writes.ask(asked).await
    }
}

async fn write_all(
    pool: &Pool,
    shared: &Shared,
    changes: &[&Recorded],
) -> Result<Vec<Written>, StorageError> {
    // One statement cannot change a resource twice; in parts they come one after the other.
    let resources = changes.iter().map(|one| &one.change);
    let resources: HashSet<_> = resources
        .map(|change| (change.resource_type, &change.id))
        .collect();
    if resources.len() < changes.len() {
        return Err(StorageError::Contention);
    }
    let prepared = prepare(shared, changes.iter().map(|one| &one.change).collect()).await?;
    let records = match changes {
        [one] => Records::One(&one.record),
        changes => Records::Each {
            changes: changes.len(),
            records: changes.iter().map(|one| &one.record).collect(),
        },
    };
    let client = pool.get().await.map_err(from_pool)?;
    let written = write_once(&client, &prepared, &records).await;
    prepared.tell(&shared.peculiarities);
    written
}
