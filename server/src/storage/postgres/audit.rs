//! The audit trail. Records of requests that write nothing else are gathered and written together: a request waits
//! until its record is on disk, and all that wait share one commit. Records of reads and of writes go with the statement that
//! reads or writes; how a record is written stands here for all of them.

use std::sync::LazyLock;

use deadpool_postgres::Pool;
use jiff::Timestamp;
use tokio_postgres::types::ToSql;

use super::error::{from_database, from_pool};
use super::together::{Batches, Together};
use crate::audit::AccessRecord;
use crate::storage::StorageError;

/// One statement after the other: what waits for one to be committed is committed by the next.
const BATCHES: Batches = Batches {
    at_once: 1,
    most: 512,
};

/// Takes records and answers when they are on disk.
#[derive(Clone)]
pub struct AuditTrail {
    records: Together<AccessRecord, ()>,
}

impl AuditTrail {
    /// Starts the task that writes; it ends when the last handle is dropped.
    pub fn start(pool: Pool) -> AuditTrail {
        let write = move |records: Vec<AccessRecord>| {
            let pool = pool.clone();
            async move { write(&pool, &records).await }
        };
        AuditTrail {
            records: Together::start(BATCHES, write),
        }
    }

    /// How many records wait.
    pub fn backlog(&self) -> usize {
        self.records.waiting()
    }

    /// Adds one record; returns when it is durable.
    ///
    /// # Errors
    /// When the database did not take it: the access must not be granted then.
    pub async fn record(&self, record: AccessRecord) -> Result<(), StorageError> {
        let unavailable = |error| StorageError::Unavailable(format!("the audit trail: {error}"));
        self.records.ask(record).await.map_err(unavailable)
    }
}

async fn write(pool: &Pool, records: &[AccessRecord]) -> Result<Vec<()>, StorageError> {
    let client = pool.get().await.map_err(from_pool)?;
    let statement = client.prepare_cached(&STATEMENT).await.map_err(from_database)?;
    let rows = Rows::of(records.iter());
    client
        .execute(&statement, &rows.parameters())
        .await
        .map_err(from_database)?;
    Ok(vec![(); records.len()])
}

static STATEMENT: LazyLock<String> = LazyLock::new(|| {
    format!(
        "{insert} FROM unnest({arrays}) AS record ({names})",
        insert = insert(|column| format!("record_{column}")),
        arrays = arrays(1),
        names = names(),
    )
});

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

            /// The values of [`arrays`].
            pub fn parameters(&self) -> Vec<&(dyn ToSql + Sync)> {
                vec![$(&self.$name,)*]
            }
        }
    };
}

columns! {
    recorded: "timestamptz", Timestamp, |record| record.recorded;
    version: "integer", Option<i32>, |record| record.version;
    resources: "integer", i32, |record| i32::try_from(record.resources).unwrap_or(i32::MAX);
    status: "smallint", i16, |record| i16::try_from(record.status).unwrap_or(i16::MAX);
    agent: "text", &'a str, |record| &record.agent;
    interaction: "text", &'a str, |record| &record.interaction;
    resource_type: "text", Option<&'a str>, |record| record.resource_type.as_deref();
    resource_id: "text", Option<&'a str>, |record| record.resource_id.as_deref();
    query: "text", Option<&'a str>, |record| record.query.as_deref();
    reason: "text", Option<&'a str>, |record| record.reason.as_deref();
    request_id: "text", &'a str, |record| &record.request_id;
    source: "text", Option<&'a str>, |record| record.source.as_deref();
}

/// How every record gets into the audit trail: the beginning of a statement, which goes on with `FROM`. What stands in a
/// column is told by `expression`. It is a part of each statement and no function of the database, which would be called
/// for every record: that makes the statement of 32 reads take half as long again.
pub fn insert(expression: impl Fn(&str) -> String) -> String {
    let names = COLUMNS.iter().map(|(name, _)| *name);
    let expressions = COLUMNS.iter().map(|(name, _)| expression(name));
    let (names, expressions): (Vec<&str>, Vec<String>) = names.zip(expressions).unzip();
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
pub fn arrays(first: usize) -> String {
    let placeholders = COLUMNS.iter().map(|(name, _)| placeholder(first, name) + "[]");
    placeholders.collect::<Vec<String>>().join(", ")
}

/// The columns of an `unnest` of [`arrays`]: `record_recorded`, `record_version`, …
pub fn names() -> String {
    let names = COLUMNS.iter().map(|(name, _)| format!("record_{name}"));
    names.collect::<Vec<String>>().join(", ")
}
