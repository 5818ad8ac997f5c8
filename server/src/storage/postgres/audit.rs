//! The audit trail. Records of requests that write nothing else are gathered and written together: a request waits
//! until its record is on disk, and all that wait share one commit. Records of reads and of writes go with the statement that
//! reads or writes; how a record is written stands here for all of them.

use std::sync::{Arc, LazyLock};

use deadpool_postgres::{Client, Object, Pool};
use jiff::Timestamp;
use tokio_postgres::types::ToSql;

use super::error::{from_database, from_pool};
use super::handed_over::{AtWork, Trace};
use super::together::{Batches, Together};
use crate::audit::AccessRecord;
use crate::storage::StorageError;

/// One statement after the other: what waits for one to be committed is committed by the next.
const BATCHES: Batches = Batches {
    at_once: 1,
    most: 512,
};

/// How often records are written again whose connection broke.
const ATTEMPTS: usize = 3;

/// Takes records and answers when they are on disk.
#[derive(Clone)]
pub struct AuditTrail {
    entries: Together<Entry, ()>,
}

/// A record that is to be written.
struct Entry {
    record: AccessRecord,
    /// Records of the same request; if one of them stands, this one is not to.
    unless: Vec<Trace>,
    /// Until it is written, whoever waits for it.
    _at_work: Option<AtWork>,
}

impl AuditTrail {
    /// Starts the task that writes; it ends when the last handle is dropped.
    pub fn start(pool: Pool) -> AuditTrail {
        let write = move |entries: Arc<Vec<Entry>>| {
            let pool = pool.clone();
            async move {
                write_all(&pool, &entries).await?;
                Ok(vec![(); entries.len()])
            }
        };
        AuditTrail {
            entries: Together::start(BATCHES, write),
        }
    }

    /// How many records wait.
    pub fn backlog(&self) -> usize {
        self.entries.waiting()
    }

    /// Adds one record, which is [fitted](AccessRecord::fitted); returns when it is durable.
    ///
    /// # Errors
    /// When the database did not take it: the access must not be granted then.
    pub async fn record(&self, record: AccessRecord, at_work: Option<AtWork>) -> Result<(), StorageError> {
        self.record_unless(record, Vec::new(), at_work).await
    }

    /// As [`record`](Self::record), if none of `others` of the same request stands.
    ///
    /// # Errors
    /// As [`record`](Self::record).
    pub async fn record_unless(
        &self,
        record: AccessRecord,
        others: Vec<Trace>,
        at_work: Option<AtWork>,
    ) -> Result<(), StorageError> {
        let unavailable = |error| match error {
            StorageError::Full => error,
            error => StorageError::Unavailable(format!("the audit trail: {error}")),
        };
        let entry = Entry {
            record,
            unless: others,
            _at_work: at_work,
        };
        self.entries.ask(entry).await.map_err(unavailable)
    }
}

/// Writes all entries or none. When the connection breaks, nobody knows which it was: then it is asked for what is missing.
async fn write_all(pool: &Pool, entries: &[Entry]) -> Result<(), StorageError> {
    let mut attempt = 1;
    loop {
        let client = pool.get().await.map_err(from_pool)?;
        let written = write_entries(&client, entries, attempt > 1).await;
        match written {
            Err(StorageError::Unavailable(_)) if attempt < ATTEMPTS => {
                drop(Object::take(client));
                attempt += 1;
            }
            written => return written,
        }
    }
}

/// Writes entries as one; when that is repeated, those that do not stand.
async fn write_entries(client: &Client, entries: &[Entry], is_repeated: bool) -> Result<(), StorageError> {
    let is_plain = |entry: &&Entry| entry.unless.is_empty() && !is_repeated;
    let (plain, conditional): (Vec<&Entry>, Vec<&Entry>) = entries.iter().partition(is_plain);
    let plain: Vec<&AccessRecord> = plain.iter().map(|entry| &entry.record).collect();
    if conditional.is_empty() {
        return write(client, &plain).await;
    }
    client.batch_execute("BEGIN").await.map_err(from_database)?;
    let written = write_one_by_one(client, &plain, &conditional, is_repeated).await;
    let end = if written.is_ok() { "COMMIT" } else { "ROLLBACK" };
    let ended = client.batch_execute(end).await.map_err(from_database);
    written.and(ended)
}

/// Writes the records of `plain`, and each of `conditional` if it is to stand.
async fn write_one_by_one(
    client: &Client,
    plain: &[&AccessRecord],
    conditional: &[&Entry],
    is_repeated: bool,
) -> Result<(), StorageError> {
    if !plain.is_empty() {
        write(client, plain).await?;
    }
    for entry in conditional {
        let mut others = entry.unless.clone();
        if is_repeated {
            others.push(Trace::of(&entry.record));
        }
        write_unless(client, &entry.record, &others).await?;
    }
    Ok(())
}

/// Adds records, which are [fitted](AccessRecord::fitted), in their order; within the client's transaction, if it is in one.
///
/// # Errors
/// When the database did not take them.
pub async fn write(client: &Client, records: &[&AccessRecord]) -> Result<(), StorageError> {
    let statement = client.prepare_cached(&STATEMENT).await.map_err(from_database)?;
    let rows = Rows::of(records.iter().copied());
    client
        .execute(&statement, &rows.parameters(Columns::All))
        .await
        .map_err(from_database)?;
    Ok(())
}

static STATEMENT: LazyLock<String> = LazyLock::new(|| {
    format!(
        "{insert} FROM unnest({arrays}) WITH ORDINALITY AS record ({names}, place) ORDER BY place",
        insert = insert(Columns::All, |column| format!("record_{column}")),
        arrays = arrays(Columns::All, 1),
        names = names(Columns::All),
    )
});

/// Adds a record, unless one of `others` of the same request stands. The index goes by the time at which the request came.
async fn write_unless(client: &Client, record: &AccessRecord, others: &[Trace]) -> Result<(), StorageError> {
    let statement = client.prepare_cached(&UNLESS).await.map_err(from_database)?;
    let row = Row::of(record);
    let interactions: Vec<&str> = others.iter().map(|other| other.interaction.as_str()).collect();
    let types: Vec<Option<&str>> = others
        .iter()
        .map(|other| other.resource_type.as_deref())
        .collect();
    let ids: Vec<Option<&str>> = others.iter().map(|other| other.resource_id.as_deref()).collect();
    let queries: Vec<Option<&str>> = others.iter().map(|other| other.query.as_deref()).collect();
    let mut parameters = row.parameters();
    parameters.push(&interactions);
    parameters.push(&types);
    parameters.push(&ids);
    parameters.push(&queries);
    client
        .execute(&statement, &parameters)
        .await
        .map_err(from_database)?;
    Ok(())
}

static UNLESS: LazyLock<String> = LazyLock::new(|| {
    let value = |column: &str| placeholder(1, column);
    let others = COLUMNS.len() + 1..=COLUMNS.len() + 4;
    let others: Vec<String> = others.map(|number| format!("${number}::text[]")).collect();
    format!(
        "{insert} WHERE NOT EXISTS (
             SELECT FROM access_record AS made
             JOIN unnest({others}) AS other (interaction, resource_type, resource_id, query)
                 ON made.interaction = other.interaction
                 AND made.resource_type IS NOT DISTINCT FROM other.resource_type
                 AND made.resource_id IS NOT DISTINCT FROM other.resource_id
                 AND made.query IS NOT DISTINCT FROM other.query
             WHERE made.recorded = {recorded} AND made.request_id = {request_id})",
        insert = insert(Columns::All, value),
        others = others.join(", "),
        recorded = value("recorded"),
        request_id = value("request_id"),
    )
});

/// Which columns a statement writes; the others are what the table has by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Columns {
    /// All of them.
    All,
    /// Those of a read that gives one resource out. Each column costs the statement of many reads a part of its time.
    OfRead,
}

impl Columns {
    fn has(self, column: &str) -> bool {
        match self {
            Columns::All => true,
            Columns::OfRead => !matches!(column, "reason" | "compartment" | "given_out" | "requests"),
        }
    }

    /// Whether the column's values are sent: what a read finds is not.
    fn sends(self, column: &str) -> bool {
        let is_found = self == Columns::OfRead && matches!(column, "version" | "resource_id");
        self.has(column) && !is_found
    }

    /// The names of the columns whose values are sent, and their types in the database.
    fn sent(self) -> impl Iterator<Item = (&'static str, &'static str)> {
        COLUMNS.iter().copied().filter(move |(name, _)| self.sends(name))
    }
}

/// The columns of a record: name, type in the database, type here, and what stands in it.
macro_rules! columns {
    ($($name:ident: $sql_type:literal, $rust_type:ty, $value:expr;)*) => {
        const COLUMNS: &[(&str, &str)] = &[$((stringify!($name), $sql_type)),*];

        /// A record of the audit trail, one member for each column.
        pub struct Row<'a> {
            $($name: $rust_type,)*
        }

        impl<'a> Row<'a> {
            /// The columns of `record`.
            pub fn of(record: &'a AccessRecord) -> Row<'a> {
                $(let $name: fn(&'a AccessRecord) -> $rust_type = $value;)*
                Row { $($name: $name(record),)* }
            }

            /// The values of [`placeholder`]s.
            pub fn parameters(&self) -> Vec<&(dyn ToSql + Sync)> {
                vec![$(&self.$name,)*]
            }
        }

        /// Records, column by column.
        pub struct Rows<'a> {
            $($name: Vec<$rust_type>,)*
        }

        impl<'a> Rows<'a> {
            /// The columns of `records`.
            pub fn of(records: impl Iterator<Item = &'a AccessRecord> + Clone) -> Rows<'a> {
                $(let $name: fn(&'a AccessRecord) -> $rust_type = $value;)*
                Rows { $($name: records.clone().map($name).collect(),)* }
            }

            /// The values of [`arrays`] of the same columns.
            pub fn parameters(&self, columns: Columns) -> Vec<&(dyn ToSql + Sync)> {
                let mut parameters: Vec<&(dyn ToSql + Sync)> = Vec::with_capacity(COLUMNS.len());
                $(if columns.sends(stringify!($name)) {
                    parameters.push(&self.$name);
                })*
                parameters
            }
        }
    };
}

columns! {
    recorded: "timestamptz", Timestamp, |record| record.recorded;
    version: "integer", Option<i32>, |record| record.version;
    resources: "integer", i32, |record| i32::try_from(record.resources).unwrap_or(i32::MAX);
    requests: "integer", i32, |record| i32::try_from(record.requests).unwrap_or(i32::MAX);
    status: "smallint", i16, |record| i16::try_from(record.status).unwrap_or(i16::MAX);
    agent: "text", &'a str, |record| &record.agent;
    interaction: "text", &'a str, |record| &record.interaction;
    resource_type: "text", Option<&'a str>, |record| record.resource_type.as_deref();
    resource_id: "text", Option<&'a str>, |record| record.resource_id.as_deref();
    compartment: "text", Option<&'a str>, |record| record.compartment.as_deref();
    query: "text", Option<&'a str>, |record| record.query.as_deref();
    reason: "text", Option<&'a str>, |record| record.reason.as_deref();
    request_id: "text", &'a str, |record| &record.request_id;
    client_request_id: "text", Option<&'a str>, |record| record.client_request_id.as_deref();
    source: "text", Option<&'a str>, |record| record.source.as_deref();
    given_out: "bytea", Option<&'a [u8]>, |record| record.given_out.bytes();
}

/// How every record gets into the audit trail: the beginning of a statement, which goes on with `FROM`. What stands in a
/// column is told by `expression`. It is a part of each statement and no function of the database, which would be called
/// for every record: that makes the statement of 32 reads take half as long again.
pub fn insert(columns: Columns, expression: impl Fn(&str) -> String) -> String {
    let names = COLUMNS.iter().map(|(name, _)| *name);
    let (names, expressions): (Vec<&str>, Vec<String>) = names
        .filter(|name| columns.has(name))
        .map(|name| (name, expression(name)))
        .unzip();
    let (names, expressions) = (names.join(", "), expressions.join(", "));
    format!("INSERT INTO access_record ({names}) SELECT {expressions}")
}

/// The parameter with the value of `column`, when those of a [`Row`] begin with number `first`.
pub fn placeholder(first: usize, column: &str) -> String {
    let mut placeholders = COLUMNS.iter().zip(first..);
    let found = placeholders.find(|((name, _), _)| *name == column);
    found.map_or("NULL".to_owned(), |((_, sql_type), number)| {
        format!("${number}::{sql_type}")
    })
}

/// The parameters with the arrays of [`Rows`], when they begin with number `first`; what `unnest` takes.
pub fn arrays(columns: Columns, first: usize) -> String {
    let placeholders = columns
        .sent()
        .zip(first..)
        .map(|((_, sql_type), number)| format!("${number}::{sql_type}[]"));
    placeholders.collect::<Vec<String>>().join(", ")
}

/// The columns of an `unnest` of [`arrays`]: `record_recorded`, `record_version`, …
pub fn names(columns: Columns) -> String {
    let names = columns.sent().map(|(name, _)| format!("record_{name}"));
    names.collect::<Vec<String>>().join(", ")
}
