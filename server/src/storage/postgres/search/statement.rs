//! A statement that grows: its text with numbered parameters, and the parameters with their types. Values never
//! become text of the statement.

use std::sync::atomic::Ordering;

use deadpool_postgres::Client;
use futures::TryStreamExt;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Row, RowStream};

use super::Search;
use super::shapes::Running;
use crate::storage::StorageError;
use crate::storage::postgres::error::from_database;
use crate::storage::postgres::paging::{all_of, page_of};

/// Parameters of one statement at most; the protocol has room for 65,535.
const MOST_PARAMETERS: usize = 20_000;
/// Bytes of a statement's text at most: reading and planning more would take longer than most searches.
const LONGEST: usize = 1 << 20;

/// The parameters of a statement that is being written.
#[derive(Default)]
pub struct Statement {
    parameters: Vec<(Box<dyn ToSql + Sync + Send>, Type)>,
    aliases: usize,
}

impl Statement {
    /// Takes a value and gives its placeholder.
    pub fn bind(&mut self, value: impl ToSql + Sync + Send + 'static, kind: Type) -> String {
        self.parameters.push((Box::new(value), kind));
        format!("${}", self.parameters.len())
    }

    /// Takes a text and gives its placeholder.
    pub fn text(&mut self, value: impl Into<String>) -> String {
        self.bind(value.into(), Type::TEXT)
    }

    /// A table alias that the statement does not have yet.
    pub fn alias(&mut self, letter: char) -> String {
        self.aliases += 1;
        format!("{letter}{}", self.aliases)
    }

    /// Runs `sql`, which has all the placeholders. A shape that came before is run prepared.
    ///
    /// # Errors
    /// When the database cannot be reached or refuses, or the statement is too large to be sent to it.
    pub async fn run(&self, search: &Search<'_>, sql: &str) -> Result<Vec<Row>, StorageError> {
        let rows = self.begin(search, sql).await?;
        rows.try_collect().await.map_err(from_database)
    }

    /// As [`run`](Self::run), for the rows of a page, which come until they are as many bytes as a page may have. The answer's
    /// second part says whether there were more.
    ///
    /// # Errors
    /// As for [`run`](Self::run), and when there is no memory for them.
    pub async fn run_page(&self, search: &Search<'_>, sql: &str) -> Result<(Vec<Row>, bool), StorageError> {
        let (rows, is_cut) = page_of(self.begin(search, sql).await?).await?;
        if is_cut {
            search.is_cut.store(true, Ordering::Relaxed);
        }
        Ok((rows, is_cut))
    }

    /// As [`run`](Self::run), for rows of resources that are all needed.
    ///
    /// # Errors
    /// As for [`run`](Self::run), and when there is no memory for them.
    pub async fn run_counted(&self, search: &Search<'_>, sql: &str) -> Result<Vec<Row>, StorageError> {
        all_of(self.begin(search, sql).await?).await
    }

    async fn begin(&self, search: &Search<'_>, sql: &str) -> Result<RowStream, StorageError> {
        if self.parameters.len() > MOST_PARAMETERS || sql.len() > LONGEST {
            let instead = "the search has too many conditions and values; ask for fewer, in several searches";
            return Err(StorageError::Unsupported(instead.to_owned()));
        }
        let client = search.client;
        let types: Vec<Type> = self.parameters.iter().map(|(_, kind)| kind.clone()).collect();
        let values = self.parameters.iter();
        let values = values.map(|(value, _)| value.as_ref() as &(dyn ToSql + Sync));
        let rows = match search.shapes.meet(sql, &types) {
            Running::Once => {
                let typed: Vec<(&(dyn ToSql + Sync), Type)> = values.zip(types).collect();
                client.query_typed_raw(sql, typed).await
            }
            running => {
                if let Running::PreparedFor { text, types } = running
                    && let Some(pool) = Client::pool(client)
                {
                    pool.manager().statement_caches.remove(&text, &types);
                }
                let statement = client.prepare_typed_cached(sql, &types).await;
                let values: Vec<&(dyn ToSql + Sync)> = values.collect();
                client.query_raw(&statement.map_err(from_database)?, values).await
            }
        };
        rows.map_err(from_database)
    }
}
