//! Interned names: code systems stand in the index as small numbers.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use compact_str::CompactString;
use tokio_postgres::Client;

use super::connection::Connections;
use super::error::from_database;
use super::index_key::{LONGEST_KEY, key};
use crate::storage::StorageError;

/// The number of "no system".
pub const NO_SYSTEM: i32 = 0;
/// A system that no resource has ever named, or whose number is not in memory; matches nothing.
pub const UNKNOWN_SYSTEM: i32 = -1;
/// Systems kept in memory at most; a client that makes up systems costs no more than that.
const MAXIMUM_SYSTEMS: usize = 20_000;

/// The numbers of code systems in this database.
#[derive(Default)]
pub struct Names {
    systems: RwLock<HashMap<CompactString, i32>>,
}

impl Names {
    /// The number of a system that [`intern`](Self::intern) or [`look_up`](Self::look_up) was asked for before, unless
    /// others have filled the memory since.
    pub fn system(&self, uri: Option<&str>) -> i32 {
        match uri {
            None => NO_SYSTEM,
            Some(uri) => self.cached(uri).unwrap_or(UNKNOWN_SYSTEM),
        }
    }

    /// Makes sure that all of `uris` have numbers.
    pub async fn intern(&self, connections: &Connections, uris: &[&str]) -> Result<(), StorageError> {
        let missing = self.missing(uris);
        if missing.is_empty() {
            return Ok(());
        }
        let lease = connections.take(None).await?;
        let interned = self.add(lease.client()?, &missing).await;
        lease.free();
        interned
    }

    async fn add(&self, client: &Client, uris: &[String]) -> Result<(), StorageError> {
        client
            .execute(
                "INSERT INTO code_system (uri) SELECT DISTINCT new.uri FROM unnest($1::text[]) AS new (uri)
                 WHERE NOT EXISTS (SELECT 1 FROM code_system WHERE code_system.uri = new.uri)
                 ORDER BY new.uri ON CONFLICT DO NOTHING",
                &[&uris],
            )
            .await
            .map_err(from_database)?;
        self.read(client, uris).await
    }

    /// Finds the numbers of those of `uris` that have one.
    pub async fn look_up(&self, client: &Client, uris: &[&str]) -> Result<(), StorageError> {
        let missing = self.missing(uris);
        if missing.is_empty() {
            Ok(())
        } else {
            self.read(client, &missing).await
        }
    }

    async fn read(&self, client: &Client, uris: &[String]) -> Result<(), StorageError> {
        let rows = client
            .query(
                "SELECT uri, system FROM code_system WHERE uri = ANY ($1::text[])",
                &[&uris],
            )
            .await
            .map_err(from_database)?;
        let mut systems = self.systems.write().unwrap_or_else(PoisonError::into_inner);
        if systems.len() + rows.len() > MAXIMUM_SYSTEMS {
            systems.clear();
        }
        systems.extend(
            rows.iter()
                .map(|row| (CompactString::from(row.get::<_, &str>(0)), row.get(1))),
        );
        Ok(())
    }

    fn cached(&self, uri: &str) -> Option<i32> {
        self.systems
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(name(uri).as_ref())
            .copied()
    }

    fn missing(&self, uris: &[&str]) -> Vec<String> {
        let systems = self.systems.read().unwrap_or_else(PoisonError::into_inner);
        let mut missing: Vec<String> = uris
            .iter()
            .map(|uri| name(uri))
            .filter(|name| !systems.contains_key(name.as_ref()))
            .map(Cow::into_owned)
            .collect();
        missing.sort_unstable();
        missing.dedup();
        missing
    }
}

/// What a URI is interned under: itself, if an index row takes it.
fn name(uri: &str) -> Cow<'_, str> {
    match uri.len() <= LONGEST_KEY {
        true => Cow::Borrowed(uri),
        false => Cow::Owned(key(uri)),
    }
}
