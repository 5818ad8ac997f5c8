//! A transaction over several steps, for conditional interactions: search, then write what follows from it.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use deadpool_postgres::Client;
use tokio_postgres::types::ToSql;

use super::Storage;
use super::connection::{Connection, Lease};
use super::error::from_database;
use super::turns;
use crate::resource::ResourceType;
use crate::storage::StorageError;

/// The storage within an open transaction: it reads what the transaction has written, and what it writes stands with it. It
/// takes no further connection, for which the transaction would wait while others wait for the transaction's.
/// Dropped without [`commit`](Transaction::commit), nothing has happened.
pub struct Transaction {
    storage: Storage,
    open: Arc<OpenTransaction>,
}

/// The connection of a transaction, which all clones of its storage share.
pub(super) struct OpenTransaction {
    lease: Lease,
    /// Whether it wrote what searches must reckon with.
    peculiar: AtomicBool,
}

impl Deref for Transaction {
    type Target = Storage;

    fn deref(&self) -> &Storage {
        &self.storage
    }
}

impl Transaction {
    /// Begins, and locks each of `texts` until the end: of two transactions with one text, the second waits for the first.
    pub(super) async fn begin(storage: &Storage, texts: &[String]) -> Result<Transaction, StorageError> {
        let shared = &storage.shared;
        let locks = turns::numbers(texts);
        let turn = shared.turns.take(&locks).await?;
        let lease = shared.connections.take_for_transaction(turn).await?;
        let open = Arc::new(OpenTransaction {
            lease: lease.working_for(storage.at_work()),
            peculiar: AtomicBool::new(false),
        });
        let connection = open.connection();
        let begun = begin(connection.client()?, &locks).await;
        connection.ended();
        begun?;
        let storage = Storage {
            shared: shared.clone(),
            transaction: Some(open.clone()),
            handed_over: storage.handed_over.clone(),
        };
        Ok(Transaction { storage, open })
    }

    /// Locks each of `texts` until the end, also those that show themselves only on the way. Two transactions that come to wait
    /// for each other so are told apart by the database: one of them is in contention, and tried again.
    pub async fn take_turns(&self, texts: &[String]) -> Result<(), StorageError> {
        let connection = self.open.connection();
        let taken = lock_texts(connection.client()?, &turns::numbers(texts)).await;
        connection.ended();
        taken
    }

    /// Locks those of `resources` that there are, until the end: what is read of them then is what is changed.
    pub async fn lock(&self, resources: &[(ResourceType, &str)]) -> Result<(), StorageError> {
        if resources.is_empty() {
            return Ok(());
        }
        let (types, ids): (Vec<i16>, Vec<&str>) = resources
            .iter()
            .map(|(resource_type, id)| (resource_type.number(), *id))
            .unzip();
        // In the order of `write_resources`, so that two transactions do not wait for each other.
        let sql = "SELECT 1 FROM unnest($1::smallint[], $2::text[]) AS wanted (resource_type, id)
             JOIN resource ON resource.id = wanted.id AND resource.resource_type = wanted.resource_type
             ORDER BY resource.id, resource.resource_type
             FOR UPDATE OF resource";
        let connection = self.open.connection();
        let locked = query(connection.client()?, sql, &[&types, &ids]).await;
        connection.ended();
        locked
    }

    /// Makes everything stand; durable when it returns.
    ///
    /// # Errors
    /// When the database did not commit; then nothing has happened, unless the connection broke: [`Storage::record_failure`] finds
    /// out.
    pub async fn commit(self) -> Result<(), StorageError> {
        let Transaction { storage, open } = self;
        let shared = Arc::clone(&storage.shared);
        drop(storage);
        let connection = open.connection();
        let committed = connection.client()?.batch_execute("COMMIT").await;
        connection.ended();
        committed.map_err(from_database)?;
        if open.peculiar.load(Ordering::Acquire) {
            shared.peculiarities.forget();
        }
        // Nobody else has it any more, or the last one gives it back.
        if let Some(open) = Arc::into_inner(open) {
            open.lease.free();
        }
        Ok(())
    }
}

impl OpenTransaction {
    /// Remembers that it wrote what searches must reckon with once it is committed.
    pub(super) fn becomes_peculiar(&self) {
        self.peculiar.store(true, Ordering::Release);
    }

    /// The connection, for statements that begin.
    pub(super) fn connection(self: &Arc<Self>) -> Connection {
        self.lease.begin();
        Connection::Shared(Arc::clone(self))
    }

    /// The connection's place in the pool.
    pub(super) fn lease(&self) -> &Lease {
        &self.lease
    }
}

/// Begins on a connection, and takes the locks in the database that requests to other servers wait for.
async fn begin(client: &Client, locks: &[i64]) -> Result<(), StorageError> {
    client.batch_execute("BEGIN").await.map_err(from_database)?;
    lock_texts(client, locks).await
}

async fn lock_texts(client: &Client, locks: &[i64]) -> Result<(), StorageError> {
    if locks.is_empty() {
        return Ok(());
    }
    let sql = "SELECT pg_advisory_xact_lock(number) FROM unnest($1::bigint[]) AS number";
    query(client, sql, &[&locks]).await
}

/// Runs a statement for what it does.
async fn query(client: &Client, sql: &str, parameters: &[&(dyn ToSql + Sync)]) -> Result<(), StorageError> {
    let statement = client.prepare_cached(sql).await.map_err(from_database)?;
    client
        .query(&statement, parameters)
        .await
        .map_err(from_database)?;
    Ok(())
}
