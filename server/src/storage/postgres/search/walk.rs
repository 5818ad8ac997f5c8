//! A sorted search that walks the index of its sort key: it reads as many rows as a page needs, where gathering all
//! matches to sort them would read them all. It serves one key with an index of its own: one parameter's values, where
//! resources without any come last, from a second statement; or the times of the resources of one type.

use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::Search;
use super::condition::{all, of_resource_types};
use super::cursor::Cursor;
use super::leader::Leader;
use super::order::sorted_column;
use super::predicate::{Rows, Unit, Writer, units};
use crate::definitions::search_parameter::{ParameterId, ParameterKind, Registry};
use crate::resource::ResourceType;
use crate::search::query::{Criterion, Query, SortBy};
use crate::storage::StorageError;
use crate::storage::postgres::extreme::{LARGEST, SMALLEST};
use crate::storage::postgres::read::{COLUMNS, DELETE};

/// The index that is walked.
pub struct Walk {
    along: Along,
    table: &'static str,
    column: &'static str,
    sql_type: &'static str,
    descending: bool,
}

enum Along {
    /// A parameter's values.
    Parameter(ParameterId),
    /// When resources of a type were written, which all have.
    LastUpdated(ResourceType),
}

impl Walk {
    /// The walk for a query, when there is one. It pays where matches are many: few are better gathered and sorted.
    pub fn of(registry: &Registry, query: &Query) -> Option<Walk> {
        let [key] = query.sort.as_slice() else { return None };
        let (along, table, column, sql_type) = match (&key.by, query.resource_types.as_slice()) {
            (SortBy::LastUpdated, [one]) => (
                Along::LastUpdated(*one),
                "resource",
                "last_updated",
                "timestamptz",
            ),
            (SortBy::Parameter(parameters), _) => {
                let [parameter] = parameters.as_slice() else {
                    return None;
                };
                // Only these mark their smallest and largest values.
                let (table, column, sql_type) = match registry.get(*parameter).kind {
                    kind @ (ParameterKind::Date
                    | ParameterKind::String
                    | ParameterKind::Number
                    | ParameterKind::Quantity) => sorted_column(kind)?,
                    _ => return None,
                };
                (Along::Parameter(*parameter), table, column, sql_type)
            }
            _ => return None,
        };
        Some(Walk {
            along,
            table,
            column,
            sql_type,
            descending: key.descending,
        })
    }

    /// The rows of a page, and whether there are more; `None` when `most` rows of the index were walked and the page is not
    /// full.
    pub async fn page(
        &self,
        search: &Search<'_>,
        leader: Leader,
        cursor: Option<&Cursor>,
        count: u32,
        most: Option<u64>,
    ) -> Result<Option<(Vec<Row>, bool)>, StorageError> {
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        let after = cursor.map(|cursor| (cursor.resource_key, cursor.values.first().cloned().flatten()));
        let most = most.filter(|_| {
            search
                .query
                .criteria
                .iter()
                .any(|criterion| !self.bounds(criterion))
        });
        let (mut rows, mut is_cut) = (Vec::new(), false);
        if !matches!(after, Some((_, None))) {
            let mut writer = search.writer();
            let sql = self.with_value(&mut writer, search.query, after.as_ref(), count + 1, most);
            (rows, is_cut) = writer.statement.run_page(search, &sql).await?;
            if !is_cut && rows.len() <= count && most.is_some() {
                return Ok(None);
            }
        }
        if let Along::Parameter(parameter) = self.along
            && rows.len() <= count
            && !is_cut
        {
            let mut writer = search.writer();
            let after = after.and_then(|(key, value)| value.is_none().then_some(key));
            let limit = count + 1 - rows.len();
            let sql = self.without_value(parameter, &mut writer, search.query, leader, after, limit);
            let (without_value, cut) = writer.statement.run_page(search, &sql).await?;
            rows.extend(without_value);
            is_cut = cut;
        }
        let more = is_cut || rows.len() > count;
        rows.truncate(count);
        Ok(Some((rows, more)))
    }

    /// Whether a criterion bounds the walk itself.
    fn bounds(&self, criterion: &Criterion) -> bool {
        matches!(
            (&self.along, criterion),
            (Along::LastUpdated(_), Criterion::LastUpdated(_))
        )
    }

    fn with_value(
        &self,
        writer: &mut Writer<'_>,
        query: &Query,
        after: Option<&(i64, Option<String>)>,
        limit: usize,
        most: Option<u64>,
    ) -> String {
        let row = writer.statement.alias('w');
        let (key, value) = (format!("{row}.resource_key"), format!("{row}.{}", self.column));
        let (mark, operator, direction) = if self.descending {
            (LARGEST, "<", "DESC")
        } else {
            (SMALLEST, ">", "ASC")
        };
        let mut conditions = match self.along {
            Along::Parameter(parameter) => vec![
                writer.parameters(&[parameter], &row),
                format!("{row}.extreme & {mark} <> 0"),
            ],
            Along::LastUpdated(resource_type) => vec![
                of_resource_types(&[resource_type], &format!("{row}.resource_type")),
                format!("{row}.method <> {DELETE}"),
            ],
        };
        let mut tests = Vec::new();
        for unit in units(&query.criteria) {
            match unit {
                Unit::One(criterion @ Criterion::LastUpdated(wanted)) if self.bounds(criterion) => {
                    conditions.push(writer.last_updated(&value, wanted));
                }
                unit => tests.push(match most {
                    // The more resources meet it the shorter the way is.
                    Some(most) => writer.member(&unit, "walked.page_key", None, most / 2),
                    None => writer.test(&unit, "walked.page_key"),
                }),
            }
        }
        if let Some((last_key, Some(last))) = after {
            let last_key = writer.statement.bind(*last_key, Type::INT8);
            let last = format!("{}::{}", writer.statement.text(last.as_str()), self.sql_type);
            conditions.push(format!(
                "{value} {operator}= {last} AND ({value} {operator} {last} OR {key} > {last_key})"
            ));
        }
        let walked = format!(
            "SELECT {key} AS page_key, {value} AS k0 FROM {table} {row} WHERE {conditions}
             ORDER BY k0 {direction}, page_key LIMIT {most}",
            table = self.table,
            conditions = all(conditions),
            most = most.map_or_else(|| "ALL".to_owned(), |most| most.to_string())
        );
        format!(
            "SELECT {COLUMNS}, page.k0::text FROM (
                 SELECT page_key, k0 FROM ({walked}) AS walked WHERE {tests}
                 ORDER BY k0 {direction}, page_key LIMIT {limit}) AS page
             JOIN resource ON resource.resource_key = page.page_key ORDER BY page.k0 {direction}, page.page_key",
            tests = all(tests),
        )
    }

    fn without_value(
        &self,
        parameter: ParameterId,
        writer: &mut Writer<'_>,
        query: &Query,
        leader: Leader,
        after: Option<i64>,
        limit: usize,
    ) -> String {
        let candidates = writer.candidates(query, leader, |writer, key| {
            let alias = writer.statement.alias('w');
            let condition = writer.parameters(&[parameter], &alias);
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
