//! How many resources there are, roughly: what decides between ways to search.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use deadpool_postgres::Client;

use super::error::from_database;
use crate::storage::StorageError;

/// How long a number is good for.
const GOOD_FOR: Duration = Duration::from_secs(30);

/// A small database counts as one of this size: its statistics may be old.
const LEAST: u64 = 10_000;

/// The number of resources as the database's statistics have it, kept for a while.
#[derive(Default)]
pub struct Size(Mutex<Option<(Instant, u64)>>);

impl Size {
    /// Resources, [`LEAST`] or more.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn resources(&self, client: &Client) -> Result<u64, StorageError> {
        let known = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((read, resources)) = known
            && read.elapsed() < GOOD_FOR
        {
            return Ok(resources);
        }
        let sql = "SELECT reltuples::bigint FROM pg_class WHERE oid = 'resource'::regclass";
        let statement = client.prepare_cached(sql).await.map_err(from_database)?;
        let row = client.query_one(&statement, &[]).await.map_err(from_database)?;
        let resources = u64::try_from(row.get::<_, i64>(0)).unwrap_or_default().max(LEAST);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), resources));
        Ok(resources)
    }
}
