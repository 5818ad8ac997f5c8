//! A page of matches: which way its rows are found, and in which order.

use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::Search;
use super::cursor::Cursor;
use super::gathering::IS_ALL;
use super::leader::{self, Leader, Route};
use super::order::{Column, order_by};
use super::predicate::Writer;
use super::walk::Walk;
use crate::search::query::{Query, Total};
use crate::storage::StorageError;
use crate::storage::postgres::read::COLUMNS;

/// Matches that are counted although the client does not ask for their number; counting more would cost more than
/// the page.
const SMALL_TOTAL: u64 = 50;

/// Rows that are walked, for each that was gathered in vain, before all are gathered: twice as many as a page needs where
/// the matches are spread evenly.
const WALKED_FOR_GATHERED: u64 = 8;

/// Columns of [`COLUMNS`]; the sort keys' values come after them.
const RESOURCE_COLUMNS: usize = 8;

/// A page, its rows in the order in which they were read.
pub struct Page {
    /// [`COLUMNS`] and the texts of the sort keys.
    pub rows: Vec<Row>,
    /// Whether there are more beyond them.
    pub more: bool,
    /// The number of all matches, on a first page of which it was not said whether it is wanted, when it is small.
    pub small_total: Option<u64>,
}

/// The page after, or before, `cursor`.
pub async fn page(
    search: &Search<'_>,
    route: Route,
    cursor: Option<&Cursor>,
    count: u32,
) -> Result<Page, StorageError> {
    let backwards = cursor.is_some_and(|cursor| cursor.backwards);
    let leader = route.to_all();
    let found = match route {
        Route::Known(Leader::Unit(_)) => None,
        Route::Known(_) => along_sort_key(search, leader, cursor, count, None).await?,
        Route::Unknown {
            unit,
            rows,
            many,
            ordered,
        } => {
            let gathered = match many {
                true => None,
                false => gathered(search, unit, rows, cursor, count).await?,
            };
            let rows = rows * WALKED_FOR_GATHERED;
            match gathered {
                Some(page) => Some(page),
                None if !search.query.sort.is_empty() => {
                    along_sort_key(search, leader, cursor, count, Some(rows)).await?
                }
                None if ordered => None,
                None => from(search, Leader::WalkPart { rows, backwards }, cursor, count).await?,
            }
        }
    };
    match found {
        Some(page) => Ok(page),
        None => from(search, leader, cursor, count)
            .await?
            .ok_or_else(|| StorageError::Internal("a search found no way to go".to_owned())),
    }
}

/// From the rows of `unit` if these are less than `rows`, or from those of another unit that has less; `None` when there is none.
async fn gathered(
    search: &Search<'_>,
    unit: usize,
    rows: u64,
    cursor: Option<&Cursor>,
    count: u32,
) -> Result<Option<Page>, StorageError> {
    let found = from(search, Leader::Gathered { unit, rows }, cursor, count).await?;
    if found.is_some() {
        return Ok(found);
    }
    match leader::other(search, unit, rows).await? {
        Some(other) => from(search, Leader::Unit(other), cursor, count).await,
        None => Ok(None),
    }
}

/// By a walk along the sort key's index, of `most` rows; `None` when there is none, or it came to nothing.
async fn along_sort_key(
    search: &Search<'_>,
    leader: Leader,
    cursor: Option<&Cursor>,
    count: u32,
    most: Option<u64>,
) -> Result<Option<Page>, StorageError> {
    let query = search.query;
    if cursor.is_some_and(|cursor| cursor.backwards) {
        return Ok(None);
    }
    let Some(walk) = Walk::of(search.registry, query) else {
        return Ok(None);
    };
    let Some((rows, more)) = walk.page(search, leader, cursor, count, most).await? else {
        return Ok(None);
    };
    // With criteria, the matches are so many that this way was taken.
    let small_total = match more && query.criteria.is_empty() && counts(query, cursor) {
        true => small(search.count_matches(leader, Some(SMALL_TOTAL + 1)).await?),
        false => None,
    };
    Ok(Some(Page {
        rows,
        more,
        small_total,
    }))
}

/// Whether matches beyond the page are to be counted, when they are few.
fn counts(query: &Query, cursor: Option<&Cursor>) -> bool {
    query.total == Total::Unspecified && cursor.is_none()
}

/// `None` when the rows gathered were too many, or the part that was walked has no page of matches.
async fn from(
    search: &Search<'_>,
    leader: Leader,
    cursor: Option<&Cursor>,
    count: u32,
) -> Result<Option<Page>, StorageError> {
    let query = search.query;
    let backwards = cursor.is_some_and(|cursor| cursor.backwards);
    let gathered = matches!(leader, Leader::Gathered { .. });
    // Where matches are found by testing resources one after the other, each costs more than a row.
    let by_rows = matches!(leader, Leader::Unit(_) | Leader::Gathered { .. });
    let counts = counts(query, cursor) && (by_rows || query.criteria.is_empty());
    let mut writer = search.writer();
    let sql = if query.sort.is_empty() {
        in_own_order(&mut writer, query, leader, cursor, count, counts)
    } else {
        sorted(&mut writer, query, leader, cursor, count, counts)?
    };
    let order = order_by(&writer.sort_columns(&query.sort, "page_key")?, backwards);
    let sql = match gathered {
        // One row comes even if none is found, and says whether too many were gathered.
        true => format!(
            "{with} SELECT page.*, {IS_ALL} FROM (VALUES (1)) AS one
                 LEFT JOIN ({sql}) AS page ON true {order}",
            with = writer.gathering.take().unwrap_or_default()
        ),
        false => format!("{sql} {order}"),
    };
    let (mut rows, is_cut) = writer.statement.run_page(search, &sql).await?;
    if let (Leader::Gathered { .. }, Some(row)) = (leader, rows.first()) {
        if !row.get::<_, bool>(row.len() - 1) {
            return Ok(None);
        }
        if row.get::<_, Option<i64>>(0).is_none() {
            rows.clear();
        }
    }
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let more = is_cut || rows.len() > count;
    if !more && matches!(leader, Leader::WalkPart { .. }) {
        return Ok(None);
    }
    rows.truncate(count);
    let small_total = rows.first().filter(|_| counts).and_then(|row| {
        let total: i64 = row.get(RESOURCE_COLUMNS + query.sort.len());
        u64::try_from(total).ok().and_then(small)
    });
    Ok(Some(Page {
        rows,
        more,
        small_total,
    }))
}

fn small(total: u64) -> Option<u64> {
    Some(total).filter(|total| *total <= SMALL_TOTAL)
}

/// In the order of keys: candidates come in that order from their index, so that a page reads a page, or, when it
/// counts, as many as make a small total.
fn in_own_order(
    writer: &mut Writer<'_>,
    query: &Query,
    leader: Leader,
    cursor: Option<&Cursor>,
    count: u32,
    counts: bool,
) -> String {
    let backwards = cursor.is_some_and(|cursor| cursor.backwards);
    let candidates = writer.candidates(query, leader, |writer, key| {
        let beyond = cursor.map(|cursor| {
            let last = writer.statement.bind(cursor.resource_key, Type::INT8);
            format!("{key} {} {last}", if cursor.backwards { "<" } else { ">" })
        });
        beyond.into_iter().collect()
    });
    let order = order_by(&[], backwards);
    let limit = u64::from(count) + 1;
    let (total, counted, read) = match counts {
        true => (
            ", page.total",
            ", count(*) OVER () AS total",
            limit.max(SMALL_TOTAL + 1),
        ),
        false => ("", "", limit),
    };
    format!(
        "SELECT {COLUMNS}{total}, page.page_key FROM (
             SELECT page_key{counted} FROM (
                 SELECT {distinct} {key} AS page_key {from} {order} LIMIT {read}) AS found
             {order} LIMIT {limit}) AS page
         JOIN resource ON resource.resource_key = page.page_key",
        distinct = if candidates.repeats { "DISTINCT" } else { "" },
        key = candidates.key,
        from = candidates.from,
    )
}

/// In the order of the sort keys.
fn sorted(
    writer: &mut Writer<'_>,
    query: &Query,
    leader: Leader,
    cursor: Option<&Cursor>,
    count: u32,
    counts: bool,
) -> Result<String, StorageError> {
    let backwards = cursor.is_some_and(|cursor| cursor.backwards);
    let columns: Vec<Column> = writer.sort_columns(&query.sort, "candidate.page_key")?;
    let candidates = writer.candidates(query, leader, |_, _| Vec::new());
    let named: Vec<String> = columns
        .iter()
        .enumerate()
        .map(|(index, column)| format!("{} AS k{index}", column.expression))
        .collect();
    // Under names of their own: ORDER BY would take a result column `k0`, and order its text.
    let indices = 0..columns.len();
    let values: String = indices
        .clone()
        .map(|index| format!(", page.k{index}::text AS text{index}"))
        .collect();
    let keys: String = indices.map(|index| format!(", page.k{index}")).collect();
    let beyond = cursor.map_or_else(|| "true".to_owned(), |cursor| writer.beyond(cursor, &columns));
    let (total, counted) = match counts {
        true => (", page.total", ", count(*) OVER () AS total"),
        false => ("", ""),
    };
    Ok(format!(
        "SELECT {COLUMNS}{values}{total}, page.page_key{keys} FROM (
             SELECT *{counted} FROM (
                 SELECT candidate.page_key, {named} FROM (
                     SELECT {distinct} {key} AS page_key {from}) AS candidate) AS keyed
             WHERE {beyond} {order} LIMIT {limit}) AS page
         JOIN resource ON resource.resource_key = page.page_key",
        named = named.join(", "),
        distinct = if candidates.repeats { "DISTINCT" } else { "" },
        key = candidates.key,
        from = candidates.from,
        order = order_by(&columns, backwards),
        limit = u64::from(count) + 1,
    ))
}

/// The place of a row of a page.
pub fn place(row: &Row, keys: usize, backwards: bool) -> Cursor {
    let values = (0..keys).map(|index| row.get(RESOURCE_COLUMNS + index)).collect();
    Cursor {
        backwards,
        resource_key: row.get(0),
        values,
    }
}
