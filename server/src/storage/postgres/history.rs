//! Pages of versions, newest first.

use deadpool_postgres::Client;
use jiff::Timestamp;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::error::from_database;
use super::paging::page_of;
use super::read::{DELETE, stored};
use crate::resource::ResourceType;
use crate::storage::history::HistoryMethod;
use crate::storage::{HistoryEntry, HistoryPage, HistoryQuery, HistoryScope, StorageError};

/// The last version of a page: the next page has what comes after it in the order newest first.
struct Place {
    last_updated: i64,
    resource_key: i64,
    version: i32,
}

impl Place {
    fn parse(text: &str) -> Result<Place, StorageError> {
        let mut parts = text.split('-').map(str::parse::<i64>);
        let mut next = || {
            parts
                .next()
                .and_then(Result::ok)
                .ok_or(StorageError::InvalidCursor)
        };
        let (last_updated, resource_key, version) = (next()?, next()?, next()?);
        let version = i32::try_from(version).map_err(|_range| StorageError::InvalidCursor)?;
        // What the database could not count from 1970 on was never a version's time.
        if parts.next().is_some() || Timestamp::from_millisecond(last_updated).is_err() {
            return Err(StorageError::InvalidCursor);
        }
        Ok(Place {
            last_updated,
            resource_key,
            version,
        })
    }

    /// Where a row stands, for the page that goes on after it.
    fn of(row: &Row) -> Place {
        let last_updated: Timestamp = row.get(4);
        Place {
            last_updated: last_updated.as_millisecond(),
            resource_key: row.get(0),
            version: row.get(3),
        }
    }

    fn write(&self) -> String {
        format!("{}-{}-{}", self.last_updated, self.resource_key, self.version)
    }
}

/// A page of a history, and whether rows of the answer were left unread. An instance that never was has an empty history.
pub async fn history(client: &Client, query: &HistoryQuery) -> Result<(HistoryPage, bool), StorageError> {
    let place = query.cursor.as_deref().map(Place::parse).transpose()?;
    let (mut parameters, scope) = scope(&query.scope);
    let mut conditions = scope;
    if let Some(since) = &query.since {
        parameters.push(Box::new(*since));
        conditions.push_str(&format!(" AND last_updated >= ${}", parameters.len()));
    }
    let at = query.at.map(|(low, high)| {
        parameters.push(Box::new(low));
        parameters.push(Box::new(high));
        // Current at some time in [low, high): stored before its end, and not followed before its beginning.
        format!(
            " AND last_updated < ${high} AND NOT EXISTS (
                SELECT 1 FROM (SELECT resource_key, version, last_updated FROM resource
                               UNION ALL SELECT resource_key, version, last_updated FROM resource_history) AS later
                WHERE later.resource_key = version_of.resource_key AND later.version = version_of.version + 1
                  AND later.last_updated <= ${low})",
            high = parameters.len(),
            low = parameters.len() - 1,
        )
    });
    conditions.push_str(&at.unwrap_or_default());
    let columns = "resource_key, resource_type, id, version, last_updated, method, encoding, content";
    let both = |columns: &str, conditions: &str, order: &str| {
        format!(
            "(SELECT {columns} FROM resource AS version_of WHERE {conditions}{order})
             UNION ALL (SELECT {columns} FROM resource_history AS version_of WHERE {conditions}{order})"
        )
    };
    let total = total(client, &both("1", &conditions, ""), &parameters).await?;
    if let Some(place) = &place {
        parameters.push(Box::new(place.last_updated));
        parameters.push(Box::new(place.resource_key));
        parameters.push(Box::new(place.version));
        let last = parameters.len();
        conditions.push_str(&format!(
            " AND (last_updated, resource_key, version) <
                  (timestamptz 'epoch' + ${}::bigint * interval '1 millisecond', ${}::bigint, ${last}::integer)",
            last - 2,
            last - 1
        ));
    }
    parameters.push(Box::new(i64::from(query.count) + 1));
    let order = " ORDER BY last_updated DESC, resource_key DESC, version DESC";
    let limited = format!("{order} LIMIT ${}", parameters.len());
    let sql = format!(
        "SELECT * FROM ({}) AS versions{limited}",
        both(columns, &conditions, &limited)
    );
    let rows = client.query_raw(&sql, borrowed(&parameters)).await;
    let (mut rows, is_cut) = page_of(rows.map_err(from_database)?).await?;

    let wanted = usize::try_from(query.count).unwrap_or(usize::MAX);
    let more = is_cut || rows.len() > wanted;
    rows.truncate(wanted);
    let entries = rows.iter().map(entry).collect::<Result<_, _>>()?;
    let last = rows.last().filter(|_| more);
    let next = last.map(|row| Place::of(row).write());
    let page = HistoryPage { entries, total, next };
    Ok((page, is_cut))
}

/// A row of the page as an entry.
fn entry(row: &Row) -> Result<HistoryEntry, StorageError> {
    let version: i32 = row.get(3);
    let method = match row.get::<_, i16>(5) {
        DELETE => HistoryMethod::Delete,
        1 => HistoryMethod::Create,
        2 => HistoryMethod::UpdateCreate,
        _ if version == 1 => HistoryMethod::UpdateCreate,
        _ => HistoryMethod::Update,
    };
    Ok(HistoryEntry {
        resource: stored(row)?,
        method,
    })
}

type Parameters = Vec<Box<dyn ToSql + Sync + Send>>;

fn scope(scope: &HistoryScope) -> (Parameters, String) {
    match scope {
        HistoryScope::Instance(resource_type, id) => (
            vec![Box::new(id.clone()), Box::new(resource_type.number())],
            "resource_key = (SELECT resource_key FROM resource WHERE id = $1 AND resource_type = $2)"
                .to_owned(),
        ),
        HistoryScope::Types(types) => {
            let numbers: Vec<i16> = types.iter().copied().map(ResourceType::number).collect();
            (vec![Box::new(numbers)], "resource_type = ANY ($1)".to_owned())
        }
        HistoryScope::System => (Vec::new(), "true".to_owned()),
    }
}

async fn total(client: &Client, versions: &str, parameters: &Parameters) -> Result<u64, StorageError> {
    let sql = format!("SELECT count(*) FROM ({versions}) AS versions");
    let row = client
        .query_one(&sql, &borrowed(parameters))
        .await
        .map_err(from_database)?;
    Ok(u64::try_from(row.get::<_, i64>(0)).unwrap_or_default())
}

fn borrowed(parameters: &Parameters) -> Vec<&(dyn ToSql + Sync)> {
    parameters
        .iter()
        .map(|parameter| parameter.as_ref() as &(dyn ToSql + Sync))
        .collect()
}
