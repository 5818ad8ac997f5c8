//! Reads whose record in the audit trail is written by the statement that reads: one round trip and one commit for both,
//! and for all the reads that wait.

use std::sync::{Arc, LazyLock, Weak};

use deadpool_postgres::{Client, Pool};
use tokio::sync::Mutex;
use tokio_postgres::Row;

use super::audit;
use super::error::{from_database, from_pool};
use super::read::{COLUMNS, DELETE, current};
use super::together::{Batches, Together};
use crate::audit::AccessRecord;
use crate::resource::ResourceType;
use crate::storage::{Current, StorageError};

/// While one statement runs the next is on its way. What a statement finds is held in memory.
const BATCHES: Batches = Batches { at_once: 2, most: 64 };

/// What is read, and the record of its being read.
struct Asked {
    resource_type: ResourceType,
    id: String,
    record: AccessRecord,
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
        let read = move |asked: Vec<Asked>| {
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

    /// What is stored now; every write that was acknowledged before is seen. When it is [`Current::Found`], `record` is
    /// in the audit trail, with the version that was found.
    pub async fn read(
        &self,
        resource_type: ResourceType,
        id: &str,
        record: AccessRecord,
    ) -> Result<Current, StorageError> {
        let asked = Asked {
            resource_type,
            id: id.to_owned(),
            record,
        };
        let row = self.reads.ask(asked).await?;
        row.map_or(Ok(Current::Unknown), |row| current(&row))
    }
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
    format!(
        "WITH found AS MATERIALIZED (
         SELECT stored.*, asked.*
         FROM unnest($1::smallint[], $2::text[], $3::timestamptz[], $4::smallint[], $5::integer[], $6::text[], $7::text[],
                 $8::text[], $9::text[], $10::text[], $11::text[]) WITH ORDINALITY
             AS asked (asked_type, asked_id, recorded, status, resources, agent, interaction, type_name, query, request_id,
                 source, place)
         CROSS JOIN LATERAL (
             SELECT {COLUMNS}
             FROM resource WHERE id = asked_id AND resource_type = asked_type OFFSET 0) AS stored
     ), trail AS (
         INSERT INTO access_record (recorded, version, resources, status, agent, interaction, resource_type, resource_id,
             query, request_id, source)
         SELECT recorded, version, resources, status, agent, interaction, type_name, id, query, request_id, source
         FROM found WHERE method <> {DELETE}
     )
     SELECT {COLUMNS}, place FROM found"
    )
});

async fn read_all(client: &Client, asked: &[Asked]) -> Result<Vec<Option<Row>>, StorageError> {
    macro_rules! column {
        ($column:expr) => {
            asked.iter().map($column).collect::<Vec<_>>()
        };
    }
    let statement = client.prepare_cached(&STATEMENT).await.map_err(from_database)?;
    let rows = client
        .query(
            &statement,
            &[
                &column!(|asked| asked.resource_type.number()),
                &column!(|asked| asked.id.as_str()),
                &column!(|asked| asked.record.recorded),
                &column!(|asked| audit::status(&asked.record)),
                &column!(|asked| audit::resources(&asked.record)),
                &column!(|asked| asked.record.agent.as_str()),
                &column!(|asked| asked.record.interaction.as_str()),
                &column!(|asked| asked.record.resource_type.as_deref()),
                &column!(|asked| asked.record.query.as_deref()),
                &column!(|asked| asked.record.request_id.as_str()),
                &column!(|asked| asked.record.source.as_deref()),
            ],
        )
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
