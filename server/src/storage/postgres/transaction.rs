//! A transaction over several steps, for conditional interactions: search, then write what follows from it.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use deadpool_postgres::{Client, Object};
use sha2::{Digest, Sha256};

use super::Storage;
use super::error::{from_database, from_pool};
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
    client: Option<Client>,
    committed: AtomicBool,
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
        let client = storage.shared.pool.get().await.map_err(from_pool)?;
        // Locked in one order, so that two transactions cannot wait for each other.
        let mut locks: Vec<i64> = texts.iter().map(|text| lock_number(text)).collect();
        locks.sort_unstable();
        locks.dedup();
        let open = Arc::new(OpenTransaction {
            client: Some(client),
            committed: AtomicBool::new(false),
        });
        let client = open.client()?;
        client.batch_execute("BEGIN").await.map_err(from_database)?;
        if !locks.is_empty() {
            let statement = client
                .prepare_cached("SELECT pg_advisory_xact_lock(number) FROM unnest($1::bigint[]) AS number")
                .await
                .map_err(from_database)?;
            client.query(&statement, &[&locks]).await.map_err(from_database)?;
        }
        let storage = Storage {
            shared: storage.shared.clone(),
            transaction: Some(open.clone()),
        };
        Ok(Transaction { storage, open })
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
        let client = self.open.client()?;
        let statement = client.prepare_cached(sql).await.map_err(from_database)?;
        client
            .query(&statement, &[&types, &ids])
            .await
            .map_err(from_database)?;
        Ok(())
    }

    /// Makes everything stand; durable when it returns.
    ///
    /// # Errors
    /// When the database did not commit; then nothing has happened.
    pub async fn commit(self) -> Result<(), StorageError> {
        let client = self.open.client()?;
        client.batch_execute("COMMIT").await.map_err(from_database)?;
        self.open.committed.store(true, Ordering::Release);
        Ok(())
    }
}

impl OpenTransaction {
    /// The connection.
    ///
    /// # Errors
    /// Never: it is there until this is dropped.
    pub(super) fn client(&self) -> Result<&Client, StorageError> {
        self.client
            .as_ref()
            .ok_or_else(|| StorageError::Internal("the transaction has ended".into()))
    }
}

impl Drop for OpenTransaction {
    fn drop(&mut self) {
        // Only a connection without a transaction goes back to the pool; another one is closed, and with it the
        // transaction.
        if let Some(client) = self.client.take()
            && !self.committed.load(Ordering::Acquire)
        {
            drop(Object::take(client));
        }
    }
}

fn lock_number(text: &str) -> i64 {
    let digest = Sha256::digest(text.as_bytes());
    digest
        .iter()
        .take(8)
        .fold(0_i64, |number, byte| (number << 8) | i64::from(*byte))
}
