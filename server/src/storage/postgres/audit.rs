//! The audit trail. Records of requests that write nothing else are gathered and written together: a request waits
//! until its record is on disk, and all that wait share one commit.

use deadpool_postgres::Pool;

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
    macro_rules! column {
        ($column:expr) => {
            records.iter().map($column).collect::<Vec<_>>()
        };
    }
    let client = pool.get().await.map_err(from_pool)?;
    let statement = client
        .prepare_cached(
            "INSERT INTO access_record (recorded, version, resources, status, agent, interaction, resource_type,
                 resource_id, query, reason, request_id, source)
             SELECT * FROM unnest($1::timestamptz[], $2::integer[], $3::integer[], $4::smallint[], $5::text[], $6::text[],
                 $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[])",
        )
        .await
        .map_err(from_database)?;
    client
        .execute(
            &statement,
            &[
                &column!(|record| record.recorded),
                &column!(|record| record.version),
                &column!(resources),
                &column!(status),
                &column!(|record| record.agent.as_str()),
                &column!(|record| record.interaction.as_str()),
                &column!(|record| record.resource_type.as_deref()),
                &column!(|record| record.resource_id.as_deref()),
                &column!(|record| record.query.as_deref()),
                &column!(|record| record.reason.as_deref()),
                &column!(|record| record.request_id.as_str()),
                &column!(|record| record.source.as_deref()),
            ],
        )
        .await
        .map_err(from_database)?;
    Ok(vec![(); records.len()])
}

/// `status` as its column takes it.
pub fn status(record: &AccessRecord) -> i16 {
    i16::try_from(record.status).unwrap_or(i16::MAX)
}

/// `resources` as its column takes it.
pub fn resources(record: &AccessRecord) -> i32 {
    i32::try_from(record.resources).unwrap_or(i32::MAX)
}
