//! A search: candidates → order → page → includes. The query comes parsed; this folder makes SQL of it.

mod candidates;
mod comparison;
mod cursor;
mod include;
mod leader;
mod links;
mod order;
mod predicate;
mod statement;
mod systems;
mod walk;

use deadpool_postgres::Client;
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use self::cursor::Cursor;
use self::leader::Leader;
use self::order::{Column, order_by};
use self::predicate::Writer;
use self::statement::Statement;
use super::names::Names;
use super::read::{COLUMNS, stored};
use crate::search::parameter::Registry;
use crate::search::query::{Query, Summary, Total};
use crate::storage::{SearchPage, StorageError, StoredResource};

/// Matches a page when the client does not say.
const DEFAULT_COUNT: u32 = 20;

/// Matches that are counted although the client does not ask for their number; counting more would cost more than
/// the page.
const SMALL_TOTAL: u64 = 200;

/// Columns of [`COLUMNS`]; the sort keys' values come after them.
const RESOURCE_COLUMNS: usize = 8;

/// A page of the matches of `query`, and what it includes.
pub async fn search(client: &Client, names: &Names, query: &Query) -> Result<SearchPage, StorageError> {
    let registry = Registry::r4();
    let uris = systems::of_query(query);
    names.look_up(client, &uris).await?;
    let count = query.count.unwrap_or(DEFAULT_COUNT);
    let leader = leader::choose(client, names, registry, query, u64::from(count) + 1).await?;
    if query.summary == Summary::Count || count == 0 {
        let total = Some(count_matches(client, names, registry, query, leader, None).await?);
        return Ok(SearchPage {
            total,
            ..SearchPage::default()
        });
    }
    let cursor = query
        .cursor
        .as_deref()
        .map(|text| Cursor::parse(text, query.sort.len()))
        .transpose()?;
    let Page {
        mut rows,
        more,
        small_total,
    } = page(client, names, registry, query, leader, cursor.as_ref(), count).await?;
    let backwards = cursor.as_ref().is_some_and(|cursor| cursor.backwards);
    if backwards {
        rows.reverse();
    }
    let matches = rows
        .iter()
        .map(|row| Ok((row.get(0), stored(row)?)))
        .collect::<Result<Vec<(i64, StoredResource)>, StorageError>>()?;
    let place = |row: Option<&Row>, backwards| row.map(|row| place(row, query.sort.len(), backwards).write());
    let next = if more || backwards {
        place(rows.last(), false)
    } else {
        None
    };
    let has_previous = if backwards { more } else { cursor.is_some() };
    let previous = if has_previous {
        place(rows.first(), true)
    } else {
        None
    };
    let total = match query.total {
        Total::None => None,
        Total::Unspecified if cursor.is_none() && !more => {
            Some(u64::try_from(matches.len()).unwrap_or(u64::MAX))
        }
        Total::Unspecified => small_total,
        Total::Estimate | Total::Accurate => {
            Some(count_matches(client, names, registry, query, leader, None).await?)
        }
    };
    let included = if query.includes.is_empty() {
        Vec::new()
    } else {
        include::included(client, names, registry, &query.includes, &matches).await?
    };
    let matches = matches.into_iter().map(|(_, resource)| resource).collect();
    Ok(SearchPage {
        matches,
        included,
        total,
        next,
        previous,
    })
}

/// A page, its rows in the order in which they were read.
struct Page {
    rows: Vec<Row>,
    /// Whether there are more beyond them.
    more: bool,
    /// The number of all matches, on a first page of which it was not said whether it is wanted, when it is small.
    small_total: Option<u64>,
}

async fn page(
    client: &Client,
    names: &Names,
    registry: &Registry,
    query: &Query,
    leader: Leader,
    cursor: Option<&Cursor>,
    count: u32,
) -> Result<Page, StorageError> {
    let mut writer = Writer {
        statement: Statement::default(),
        names,
        registry,
    };
    let backwards = cursor.is_some_and(|cursor| cursor.backwards);
    // Where matches are found by testing resources one after the other, each costs more than a row.
    let tests = leader == Leader::Walk && !query.criteria.is_empty();
    let counts = query.total == Total::Unspecified && cursor.is_none() && !tests;
    let if_small = |total: u64| Some(total).filter(|total| *total <= SMALL_TOTAL);
    if let Some(walk) = walk::Walk::of(registry, query, leader)
        && !backwards
    {
        let (rows, more) = walk
            .page(client, names, registry, query, leader, cursor, count)
            .await?;
        let small_total = match counts && more {
            true => {
                let limit = Some(SMALL_TOTAL + 1);
                if_small(count_matches(client, names, registry, query, leader, limit).await?)
            }
            false => None,
        };
        return Ok(Page {
            rows,
            more,
            small_total,
        });
    }
    let sql = if query.sort.is_empty() {
        in_own_order(&mut writer, query, leader, cursor, count, counts)
    } else {
        sorted(&mut writer, query, leader, cursor, count, counts)?
    };
    let sql = format!(
        "{sql} {}",
        order_by(&writer.sort_columns(&query.sort, "page_key")?, backwards)
    );
    let mut rows = writer.statement.run(client, &sql).await?;
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let more = rows.len() > count;
    rows.truncate(count);
    let small_total = rows.first().filter(|_| counts).and_then(|row| {
        let total: i64 = row.get(RESOURCE_COLUMNS + query.sort.len());
        u64::try_from(total).ok().and_then(if_small)
    });
    Ok(Page {
        rows,
        more,
        small_total,
    })
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
        "SELECT {COLUMNS}{total} FROM (
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
    let values: String = (0..columns.len())
        .map(|index| format!(", page.k{index}::text AS text{index}"))
        .collect();
    let beyond = cursor.map_or_else(|| "true".to_owned(), |cursor| writer.beyond(cursor, &columns));
    let (total, counted) = match counts {
        true => (", page.total", ", count(*) OVER () AS total"),
        false => ("", ""),
    };
    Ok(format!(
        "SELECT {COLUMNS}{values}{total} FROM (
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

fn place(row: &Row, keys: usize, backwards: bool) -> Cursor {
    let values = (0..keys).map(|index| row.get(RESOURCE_COLUMNS + index)).collect();
    Cursor {
        backwards,
        resource_key: row.get(0),
        values,
    }
}

/// The number of matches; those beyond `limit` are not counted.
async fn count_matches(
    client: &Client,
    names: &Names,
    registry: &Registry,
    query: &Query,
    leader: Leader,
    limit: Option<u64>,
) -> Result<u64, StorageError> {
    let mut writer = Writer {
        statement: Statement::default(),
        names,
        registry,
    };
    let candidates = writer.candidates(query, leader, |_, _| Vec::new());
    let sql = format!(
        "SELECT count(*) FROM (SELECT {distinct} {key} {from} LIMIT {limit}) AS counted",
        distinct = if candidates.repeats { "DISTINCT" } else { "" },
        key = candidates.key,
        from = candidates.from,
        limit = limit.map_or_else(|| "ALL".to_owned(), |limit| limit.to_string()),
    );
    let rows = writer.statement.run(client, &sql).await?;
    let total = rows.first().map_or(0, |row| row.get::<_, i64>(0));
    Ok(u64::try_from(total).unwrap_or_default())
}
