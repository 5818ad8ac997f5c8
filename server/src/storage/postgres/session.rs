//! A transaction over several steps, for conditional interactions: search, then write what follows from it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use deadpool_postgres::{Client, Object, Pool};
use sha2::{Digest, Sha256};

use super::error::{from_database, from_pool};
use super::{Shared, read, search, write};
use crate::audit::AccessRecord;
use crate::definitions::Definitions;
use crate::resource::ResourceType;
use crate::search::query::Query;
use crate::storage::{Current, SearchPage, StorageError, Write, Written};

/// An open transaction. Dropped without [`commit`](Session::commit), nothing has happened.
pub struct Session {
    transaction: Arc<OpenTransaction>,
    shared: Arc<Shared>,
}

/// The connection of a session, which [`super::Storage::within`] shares with it.
pub(super) struct OpenTransaction {
    client: Option<Client>,
    committed: AtomicBool,
}

impl Session {
    /// Begins, and locks each of `texts` until the end: of two sessions with one text, the second waits for the first.
    pub(super) async fn begin(
        pool: &Pool,
        shared: Arc<Shared>,
        texts: &[String],
    ) -> Result<Session, StorageError> {
        let client = pool.get().await.map_err(from_pool)?;
        // Locked in one order, so that two sessions cannot wait for each other.
        let mut locks: Vec<i64> = texts.iter().map(|text| lock_number(text)).collect();
        locks.sort_unstable();
        locks.dedup();
        let transaction = OpenTransaction {
            client: Some(client),
            committed: AtomicBool::new(false),
        };
        let session = Session {
            transaction: Arc::new(transaction),
            shared,
        };
        let client = session.transaction.client()?;
        client.batch_execute("BEGIN").await.map_err(from_database)?;
        if !locks.is_empty() {
            let statement = client
                .prepare_cached("SELECT pg_advisory_xact_lock(number) FROM unnest($1::bigint[]) AS number")
                .await
                .map_err(from_database)?;
            client.query(&statement, &[&locks]).await.map_err(from_database)?;
        }
        Ok(session)
    }

    /// As [`super::Storage::read`], with what this transaction has written.
    pub async fn read(&self, resource_type: ResourceType, id: &str) -> Result<Current, StorageError> {
        read::read(self.transaction.client()?, resource_type, id).await
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
        let client = self.transaction.client()?;
        let statement = client.prepare_cached(sql).await.map_err(from_database)?;
        client
            .query(&statement, &[&types, &ids])
            .await
            .map_err(from_database)?;
        Ok(())
    }

    /// As [`super::Storage::search`], with what this transaction has written.
    pub async fn search(&self, definitions: &Definitions, query: &Query) -> Result<SearchPage, StorageError> {
        search::search(self.transaction.client()?, &self.shared, definitions, query).await
    }

    /// As [`super::Storage::write`], but it stands only after [`commit`](Self::commit).
    pub async fn write(
        &self,
        definitions: &Definitions,
        writes: Vec<Write>,
        record: Option<AccessRecord>,
    ) -> Result<Vec<Written>, StorageError> {
        let prepared = write::prepare(&self.shared, definitions, writes).await?;
        write::write_once(self.transaction.client()?, &prepared, record.as_ref()).await
    }

    /// Makes everything stand; durable when it returns.
    ///
    /// # Errors
    /// When the database did not commit; then nothing has happened.
    pub async fn commit(self) -> Result<(), StorageError> {
        let client = self.transaction.client()?;
        client.batch_execute("COMMIT").await.map_err(from_database)?;
        self.transaction.committed.store(true, Ordering::Release);
        Ok(())
    }

    /// Its connection.
    pub(super) fn transaction(&self) -> Arc<OpenTransaction> {
        self.transaction.clone()
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
            .ok_or_else(|| StorageError::Internal("the session has ended".into()))
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
