//! A page has an end by bytes, too: however many resources are asked for, those that come are as many as memory is for.

use std::pin::pin;

use futures::TryStreamExt;
use tokio_postgres::{Row, RowStream};

use super::error::from_database;
use super::read::size;
use crate::budget::Spending;
use crate::storage::StorageError;

/// Bytes of JSON, or as they come from the database, that the resources of a page may have before another one comes.
const PAGE: usize = 4 << 20;

/// The first of `rows`, which begin with the columns of a resource, and whether there are more of them than a page may have.
/// One comes at least. The others stay where they are: what is not taken from a stream is read by nobody.
///
/// # Errors
/// When the database fails, or there is no memory for them.
pub async fn page_of(rows: RowStream) -> Result<(Vec<Row>, bool), StorageError> {
    first_of(rows, PAGE).await
}

/// All of `rows`, which begin with the columns of a resource.
///
/// # Errors
/// When the database fails, or there is no memory for them.
pub async fn all_of(rows: RowStream) -> Result<Vec<Row>, StorageError> {
    let (all, _) = first_of(rows, usize::MAX).await?;
    Ok(all)
}

async fn first_of(rows: RowStream, most: usize) -> Result<(Vec<Row>, bool), StorageError> {
    let mut rows = pin!(rows);
    let (mut page, mut bytes) = (Vec::new(), 0);
    let spending = Spending::current();
    while let Some(row) = rows.try_next().await.map_err(from_database)? {
        let size = size(&row);
        if !page.is_empty() && bytes + size > most {
            return Ok((page, true));
        }
        spending.hold(row.raw_size_bytes())?;
        bytes += size;
        page.push(row);
    }
    Ok((page, false))
}
