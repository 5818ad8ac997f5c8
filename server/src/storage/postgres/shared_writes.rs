//! Changes of single resources, made together: one statement and one commit for all that come while one is under way, each with
//! its own record in the audit trail and its own outcome. What the database refuses for one is tried again without it.

use std::collections::HashSet;
use std::sync::{Arc, Weak};

use tokio_util::sync::CancellationToken;

use super::Shared;
use super::change_rows::Change;
use super::connection::Connections;
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
    at_work: Option<AtWork>,
    /// Cancelled when nobody waits for the answer any more.
    given_up: CancellationToken,
}

/// Takes changes, and answers when the statement that each was part of is committed.
pub struct SharedWrites {
    writes: Together<Asked, Written>,
}

impl SharedWrites {
    /// Starts the tasks that write; they end when this is dropped. The connections wait for no lock for longer than a
    /// moment, since all changes of a statement wait together.
    pub fn start(connections: Connections, shared: Weak<Shared>) -> SharedWrites {
        let write = move |asked: Arc<Vec<Asked>>| {
            let (connections, shared) = (connections.clone(), shared.clone());
            async move {
                let ended = |why: &str| StorageError::Unavailable(why.into());
                let shared = shared.upgrade().ok_or_else(|| ended("it is being closed"))?;
                let given_up = asked.iter().map(|one| one.given_up.cancelled());
                tokio::select! {
                    written = write_all(&connections, &shared, &asked) => written,
                    // The statement is cancelled: it may wait for what does not come.
                    _ = futures::future::join_all(given_up) => Err(ended("nobody waits for the answer")),
                }
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
        let given_up = CancellationToken::new();
        let _waiting = given_up.clone().drop_guard();
        let asked = Asked {
            recorded,
            at_work,
            given_up,
        };
        self.writes.ask(asked).await
    }
}

async fn write_all(
    connections: &Connections,
    shared: &Shared,
    asked: &[Asked],
) -> Result<Vec<Written>, StorageError> {
    let changes: Vec<&Recorded> = asked.iter().map(|one| &*one.recorded).collect();
    // One statement cannot change a resource twice; in parts they come one after the other.
    let resources = changes.iter().map(|one| &one.change);
    let resources: HashSet<_> = resources
        .map(|change| (change.resource_type, &change.id))
        .collect();
    if resources.len() < changes.len() {
        return Err(StorageError::Contention);
    }
    let prepared = prepare(shared, changes.iter().map(|one| &one.change).collect()).await?;
    let records = match changes.as_slice() {
        [one] => Records::One(&one.record),
        changes => Records::Each {
            changes: changes.len(),
            records: changes.iter().map(|one| &one.record).collect(),
        },
    };
    let at_work = asked.iter().filter_map(|one| one.at_work.clone()).collect();
    let lease = connections.take(None).await?.working_for(Some(at_work));
    let written = write_once(lease.client()?, &prepared, &records).await;
    lease.free();
    prepared.tell(&shared.peculiarities);
    written
}
