//! One resource by type and id: its current version, or one of its versions.

use deadpool_postgres::Client;
use jiff::Timestamp;
use tokio_postgres::Row;

use super::content;
use super::error::from_database;
use crate::budget::Spending;
use crate::resource::ResourceType;
use crate::storage::{Current, StorageError, StoredResource};

/// The columns that [`stored`] and [`current`] read, in their order.
pub const COLUMNS: &str = "resource_key, resource_type, id, version, last_updated, method, encoding, content";

/// `method` of a deletion.
pub const DELETE: i16 = 4;

/// The current version.
pub async fn read(client: &Client, resource_type: ResourceType, id: &str) -> Result<Current, StorageError> {
    let sql = "SELECT resource_key, resource_type, id, version, last_updated, method, encoding, content
         FROM resource WHERE id = $1 AND resource_type = $2";
    let statement = client.prepare_cached(sql).await.map_err(from_database)?;
    let row = client
        .query_opt(&statement, &[&id, &resource_type.number()])
        .await
        .map_err(from_database)?;
    row.map_or(Ok(Current::Unknown), |row| current(&row))
}

/// One version of a resource, the current one too.
pub async fn vread(
    client: &Client,
    resource_type: ResourceType,
    id: &str,
    version: i32,
) -> Result<Current, StorageError> {
    let sql = "WITH wanted AS (SELECT resource_key FROM resource WHERE id = $1 AND resource_type = $2)
         SELECT resource_key, resource_type, id, version, last_updated, method, encoding, content
         FROM resource WHERE resource_key = (SELECT resource_key FROM wanted) AND version = $3
         UNION ALL
         SELECT resource_key, resource_type, id, version, last_updated, method, encoding, content
         FROM resource_history WHERE resource_key = (SELECT resource_key FROM wanted) AND version = $3";
    let statement = client.prepare_cached(sql).await.map_err(from_database)?;
    let row = client
        .query_opt(&statement, &[&id, &resource_type.number(), &version])
        .await
        .map_err(from_database)?;
    row.map_or(Ok(Current::Unknown), |row| current(&row))
}

/// What a row of [`COLUMNS`] is, in bytes: as it comes, or as the JSON it will be.
pub fn size(row: &Row) -> usize {
    let content = row.get::<_, Option<&[u8]>>(7).unwrap_or_default();
    content::length(content)
        .unwrap_or_default()
        .max(row.raw_size_bytes())
}

/// A row of [`COLUMNS`] as what is stored under a type and id.
pub fn current(row: &Row) -> Result<Current, StorageError> {
    current_with(row, stored)
}

/// As [`current`], where memory for it is [held](held_for) already.
pub fn current_held(row: &Row) -> Result<Current, StorageError> {
    current_with(row, assembled)
}

fn current_with(
    row: &Row,
    stored: impl FnOnce(&Row) -> Result<StoredResource, StorageError>,
) -> Result<Current, StorageError> {
    if row.get::<_, i16>(5) == DELETE {
        return Ok(Current::Deleted {
            version: row.get(3),
            last_updated: row.get(4),
        });
    }
    stored(row).map(Current::Found)
}

/// What is held for a resource whose tail has `length` bytes while it is read: it stands there and in the answer, and for a moment
/// as its tail, which is given back.
pub const fn held_for(length: usize) -> usize {
    length.saturating_mul(3)
}

/// A row of [`COLUMNS`] as a version; its JSON is empty for a deletion. Memory for it is held before it is made.
pub fn stored(row: &Row) -> Result<StoredResource, StorageError> {
    let content = row.get::<_, Option<&[u8]>>(7);
    let length = content.map_or(Ok(0), content::length).map_err(damaged)?;
    let spending = Spending::current();
    spending.hold(held_for(length))?;
    let stored = assembled(row);
    spending.release(length);
    stored
}

/// A row of [`COLUMNS`] as a version, whatever memory that takes.
fn assembled(row: &Row) -> Result<StoredResource, StorageError> {
    let number: i16 = row.get(1);
    let resource_type = ResourceType::from_number(number).ok_or_else(|| {
        StorageError::Internal(format!(
            "a row has the resource type {number}, which is not known"
        ))
    })?;
    let (id, version, last_updated): (String, i32, Timestamp) = (row.get(2), row.get(3), row.get(4));
    let json = match row.get::<_, Option<&[u8]>>(7) {
        None => String::new(),
        Some(bytes) => {
            let tail = content::decode(row.get(6), bytes).map_err(damaged)?;
            content::assemble(resource_type, &id, version, last_updated, &tail)
        }
    };
    Ok(StoredResource {
        resource_key: row.get(0),
        resource_type,
        id,
        version,
        last_updated,
        json,
    })
}

fn damaged(error: content::ContentError) -> StorageError {
    StorageError::Internal(error.to_string())
}
