//! Reads whose record in the audit trail is written by the statement that reads: one round trip and one commit for both,
//! and for all the reads that wait. What such a read may come to is held before it is recorded, so that nothing is refused for want
//! of memory that the trail says was given out. What may come to more is read by itself, and recorded afterwards.

use std::sync::{Arc, LazyLock, Weak};

use deadpool_postgres::{Client, Pool};
use tokio::sync::Mutex;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::audit::{self, Columns};
use super::content::{IS_SHORT, SHORT};
use super::error::{from_database, from_pool};
use super::handed_over::AtWork;
use super::read::{COLUMNS, DELETE, current_held, held_for};
use super::together::{Batches, Together};
use crate::audit::AccessRecord;
use crate::budget::Spending;
use crate::resource::ResourceType;
use crate::storage::{Current, StorageError};

/// While one statement runs the next is on its way. What a statement finds is held in memory.
const BATCHES: Batches = Batches { at_once: 2, most: 64 };

/// What a request holds while it waits for a resource that may be read together with others.
const HELD: usize = held_for(SHORT);

/// What a read found.
pub enum Found {
    /// What is stored. A resource is in the audit trail.
    Whole(Current),
    /// A version of a resource that is too large to be read together with others. It is not in the audit trail.
    Large {
        /// The version that was found.
        version: i32,
        /// The length of what is stored, in bytes.
        length: usize,
    },
}

/// What is read, and the record of its being read.
struct Asked {
    resource_type: ResourceType,
    id: String,
    record: AccessRecord,
    /// Until the statement has ended, whoever waits for it.
    _at_work: Option<AtWork>,
}

/// Answers with what is stored under a type and id.
#[derive(Clone)]
pub struct RecordedReads {
    reads: Together<Asked, Option<Row>>,
}

impl RecordedReads {
    /// Starts the tasks that read; they end when the last handle is dropped. The connections of `pool` plan a prepared
    /// statement once: there is one sensible way to find a few rows by their key.
    pub fn start(pool: Pool) -> RecordedReads {
        let pipeline = Arc::new(Pipeline {
            pool,
            running: Mutex::default(),
        });
        let read = move |asked: Arc<Vec<Asked>>| {
            let pipeline = Arc::clone(&pipeline);
            async move { read_all(&*pipeline.connection().await?, &asked).await }
        };
        RecordedReads {
            reads: Together::start(BATCHES, read),
        }
    }

    /// How many reads wait.
    pub fn waiting(&self) -> usize {
        self.reads.waiting()
    }

    /// What is stored now; every write that was acknowledged before is seen. When it is [`Current::Found`], `record` is in the
    /// audit trail, with the version that was found.
    ///
    /// # Errors
    /// When the database fails, or there is no memory for what may be found; then nothing is recorded.
    pub async fn read(
        &self,
        resource_type: ResourceType,
        id: &str,
        record: AccessRecord,
        at_work: Option<AtWork>,
    ) -> Result<Found, StorageError> {
        let asked = Asked {
            resource_type,
            id: id.to_owned(),
            record,
            _at_work: at_work,
        };
        let spending = Spending::current();
        spending.hold(HELD)?;
        let row = self.reads.ask(asked).await;
        let found = row.and_then(|row| row.map_or(Ok(Found::Whole(Current::Unknown)), |row| found(&row)));
        // What is found stands in the row and in the answer.
        let kept = match &found {
            Ok(Found::Whole(Current::Found(stored))) => HELD.min(2 * stored.json.len()),
            _ => 0,
        };
        spending.release(HELD - kept);
        found
    }
}

/// A row of the statement.
fn found(row: &Row) -> Result<Found, StorageError> {
    let is_whole = row.get::<_, i16>(5) == DELETE || row.get::<_, Option<&[u8]>>(7).is_some();
    if is_whole {
        return current_held(row).map(Found::Whole);
    }
    let length: i32 = row.get(row.len() - 2);
    Ok(Found::Large {
        version: row.get(3),
        length: usize::try_from(length).unwrap_or_default(),
    })
}

/// The connection of the statements that run. One that begins meanwhile takes the same, so that the database finds it there
/// when it has done with the one before, and need not be woken for it.
struct Pipeline {
    pool: Pool,
    running: Mutex<Weak<Client>>,
}

impl Pipeline {
    async fn connection(&self) -> Result<Arc<Client>, StorageError> {
        // An only connection goes back between two statements, since others want it, too.
        let is_only = self.pool.status().max_size == 1;
        let mut running = self.running.lock().await;
        if let Some(connection) = running.upgrade()
            && !connection.is_closed()
            && !is_only
        {
            return Ok(connection);
        }
        let connection = Arc::new(self.pool.get().await.map_err(from_pool)?);
        *running = Arc::downgrade(&connection);
        Ok(connection)
    }
}

/// A row of what is found for each of the asked, `place` counting them from 1. OFFSET keeps the planner from making a join
/// of it, for which it might read an index from end to end.
static STATEMENT: LazyLock<String> = LazyLock::new(|| {
    let insert = audit::insert(Columns::OfRead, |column| match column {
        "version" => "version".to_owned(),
        "resource_id" => "id".to_owned(),
        column => format!("record_{column}"),
    });
    format!(
        "WITH found AS MATERIALIZED (
         SELECT stored.*, asked.*
         FROM unnest($1::smallint[], $2::text[], {arrays}) WITH ORDINALITY
             AS asked (asked_type, asked_id, {names}, place)
         CROSS JOIN LATERAL (
             SELECT {COLUMNS}, {IS_SHORT} AS is_short
             FROM resource WHERE id = asked_id AND resource_type = asked_type OFFSET 0) AS stored
     ), trail AS ({insert} FROM found WHERE is_short)
     SELECT resource_key, resource_type, id, version, last_updated, method, encoding,
         CASE WHEN is_short THEN content END AS content,
         coalesce(octet_length(content), 0), place
     FROM found",
        arrays = audit::arrays(Columns::OfRead, 3),
        names = audit::names(Columns::OfRead),
    )
});

async fn read_all(client: &Client, asked: &[Asked]) -> Result<Vec<Option<Row>>, StorageError> {
    let types: Vec<i16> = asked.iter().map(|asked| asked.resource_type.number()).collect();
    let ids: Vec<&str> = asked.iter().map(|asked| asked.id.as_str()).collect();
    let records = audit::Rows::of(asked.iter().map(|asked| &asked.record));
    let mut parameters: Vec<&(dyn ToSql + Sync)> = vec![&types, &ids];
    parameters.extend(records.parameters(Columns::OfRead));
    let statement = client.prepare_cached(&STATEMENT).await.map_err(from_database)?;
    let rows = client
        .query(&statement, &parameters)
        .await
        .map_err(from_database)?;
    let mut answers: Vec<Option<Row>> = asked.iter().map(|_| None).collect();
    for row in rows {
        let place = usize::try_from(row.get::<_, i64>(row.len() - 1)).unwrap_or_default();
        if let Some(answer) = place.checked_sub(1).and_then(|place| answers.get_mut(place)) {
            *answer = Some(row);
        }
    }
    Ok(answers)
}
