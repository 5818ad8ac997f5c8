//! A statement that grows: its text with numbered parameters, and the parameters with their types. Values never
//! become text of the statement.

use deadpool_postgres::Client;
use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};

use crate::storage::StorageError;
use crate::storage::postgres::error::from_database;

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

    /// A text.
    pub fn text(&mut self, value: impl Into<String>) -> String {
        self.bind(value.into(), Type::TEXT)
    }

    /// A table alias that the statement does not have yet.
    pub fn alias(&mut self, letter: char) -> String {
        self.aliases += 1;
        format!("{letter}{}", self.aliases)
    }

    /// Runs `sql`, which has all the placeholders. It is planned for these very values: what is frequent and what is
    /// rare decides how a search is best done, and one plan for all values would be wrong for most.
    ///
    /// # Errors
    /// When the database cannot be reached or refuses.
    pub async fn run(&self, client: &Client, sql: &str) -> Result<Vec<Row>, StorageError> {
        let parameters: Vec<(&(dyn ToSql + Sync), Type)> = self
            .parameters
            .iter()
            .map(|(value, kind)| (value.as_ref() as &(dyn ToSql + Sync), kind.clone()))
            .collect();
        client.query_typed(sql, &parameters).await.map_err(from_database)
    }
}
