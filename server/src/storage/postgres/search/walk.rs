//! A sorted search that walks the index of its sort key: it reads as many rows as a page needs, where gathering all
//! matches to sort them would read them all. It serves one key over one parameter with an index of its own; resources
//! without a value of that parameter come last, from a second statement.

use deadpool_postgres::Client;
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::cursor::Cursor;
use super::leader::Leader;
use super::predicate::{Rows, Writer, all, units};
use super::statement::Statement;
use crate::search::parameter::{ParameterId, ParameterKind, Registry};
use crate::search::query::{Query, SortBy};
use crate::storage::StorageError;
use crate::storage::postgres::index_rows::{LARGEST, SMALLEST};
use crate::storage::postgres::names::Names;
use crate::storage::postgres::read::COLUMNS;

/// The index that is walked.
pub struct Walk {
    parameter: ParameterId,
    table: &'static str,
    column: &'static str,
    sql_type: &'static str,
    descending: bool,
}

impl Walk {
    /// The walk for a query, when there is one and it pays: few matches are better gathered and sorted.
    pub fn of(registry: &Registry, query: &Query, leader: Leader) -> Option<Walk> {
        if let Leader::Few(_) = leader {
            return None;
        }
        let [key] = query.sort.as_slice() else { return None };
        let SortBy::Parameter(parameters) = &key.by else {
            return None;
        };
        let [parameter] = parameters.as_slice() else {
            return None;
        };
        let (table, column, sql_type) = match registry.get(*parameter).kind {
            ParameterKind::Date => ("date", "low", "bigint"),
            ParameterKind::String => ("string", "value", "text"),
            ParameterKind::Number => ("number", "low", "numeric"),
            ParameterKind::Quantity => ("quantity", "low", "numeric"),
            _ => return None,
        };
        Some(Walk {
            parameter: *parameter,
            table,
            column,
            sql_type,
            descending: key.descending,
        })
    }

    /// The rows of a page, and whether there are more.
    #[expect(
        clippy::too_many_arguments,
        reason = "what a search is made of, as `search::page` has it"
    )]
    pub async fn page(
        &self,
        client: &Client,
        names: &Names,
        registry: &Registry,
        query: &Query,
        leader: Leader,
        cursor: Option<&Cursor>,
        count: u32,
    ) -> Result<(Vec<Row>, bool), StorageError> {
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        let writer = || Writer {
            statement: Statement::default(),
            names,
            registry,
        };
        let after = cursor.map(|cursor| (cursor.resource_key, cursor.values.first().cloned().flatten()));
        let mut rows = Vec::new();
        if !matches!(after, Some((_, None))) {
            let mut writer = writer();
            let sql = self.with_value(&mut writer, query, after.as_ref(), count + 1);
            rows = writer.statement.run(client, &sql).await?;
        }
        if rows.len() <= count {
            let mut writer = writer();
            let after = after.and_then(|(key, value)| value.is_none().then_some(key));
            let sql = self.without_value(&mut writer, query, leader, after, count + 1 - rows.len());
            rows.extend(writer.statement.run(client, &sql).await?);
        }
        let more = rows.len() > count;
        rows.truncate(count);
        Ok((rows, more))
    }

    fn with_value(
        &self,
        writer: &mut Writer<'_>,
        query: &Query,
        after: Option<&(i64, Option<String>)>,
        limit: usize,
    ) -> String {
        let row = writer.statement.alias('w');
        let (key, value) = (format!("{row}.resource_key"), format!("{row}.{}", self.column));
        let (mark, operator, direction) = if self.descending {
            (LARGEST, "<", "DESC")
        } else {
            (SMALLEST, ">", "ASC")
        };
        let mut conditions = vec![
            writer.parameters(&[self.parameter], &row),
            format!("{row}.extreme & {mark} <> 0"),
        ];
        if let Some((last_key, Some(last))) = after {
            let last_key = writer.statement.bind(*last_key, Type::INT8);
            let last = format!("{}::{}", writer.statement.text(last.as_str()), self.sql_type);
            conditions.push(format!(
                "{value} {operator}= {last} AND ({value} {operator} {last} OR {key} > {last_key})"
            ));
        }
        conditions.extend(
            units(&query.criteria)
                .iter()
                .map(|unit| writer.test(unit, &key))
                .collect::<Vec<_>>(),
        );
        format!(
            "SELECT {COLUMNS}, page.k0::text FROM (
                 SELECT {key} AS page_key, {value} AS k0 FROM {table} {row} WHERE {conditions}
                 ORDER BY k0 {direction}, page_key LIMIT {limit}) AS page
             JOIN resource ON resource.resource_key = page.page_key ORDER BY page.k0 {direction}, page.page_key",
            table = self.table,
            conditions = all(conditions),
        )
    }

    fn without_value(
        &self,
        writer: &mut Writer<'_>,
        query: &Query,
        leader: Leader,
        after: Option<i64>,
        limit: usize,
    ) -> String {
        let candidates = writer.candidates(query, leader, |writer, key| {
            let alias = writer.statement.alias('w');
            let condition = writer.parameters(&[self.parameter], &alias);
            let rows = Rows {
                table: self.table,
                alias,
                condition,
            };
            let mut conditions = vec![format!("NOT {}", writer.exists(&rows, key))];
            if let Some(last) = after {
                conditions.push(format!("{key} > {}", writer.statement.bind(last, Type::INT8)));
            }
            conditions
        });
        format!(
            "SELECT {COLUMNS}, NULL::text FROM (
                 SELECT {distinct} {key} AS page_key {from} ORDER BY page_key LIMIT {limit}) AS page
             JOIN resource ON resource.resource_key = page.page_key ORDER BY page.page_key",
            distinct = if candidates.repeats { "DISTINCT" } else { "" },
            key = candidates.key,
            from = candidates.from,
        )
    }
}
