//! The audit trail. Records of requests that write nothing else are gathered and written together: a request waits
//! until its record is on disk, and all that wait share one commit.

use deadpool_postgres::Pool;
use tokio::sync::{mpsc, oneshot};

use super::error::{from_database, from_pool};
use crate::audit::AccessRecord;
use crate::storage::StorageError;

/// Records that may wait; more requests than that wait to be let in.
const QUEUE: usize = 4096;
/// Records in one statement at most.
const BATCH: usize = 512;

type Reply = oneshot::Sender<Result<(), StorageError>>;

/// Takes records and answers when they are on disk.
#[derive(Clone)]
pub struct AuditTrail {
    queue: mpsc::Sender<(AccessRecord, Reply)>,
}

impl AuditTrail {
    /// Starts the task that writes; it ends when the last handle is dropped.
    pub fn start(pool: Pool) -> AuditTrail {
        let (queue, waiting) = mpsc::channel(QUEUE);
        tokio::spawn(write_batches(pool, waiting));
        AuditTrail { queue }
    }

    /// How many records wait.
    pub fn backlog(&self) -> usize {
        self.queue.max_capacity() - self.queue.capacity()
    }

    /// Adds one record; returns when it is durable.
    ///
    /// # Errors
    /// When the database did not take it: the access must not be granted then.
    pub async fn record(&self, record: AccessRecord) -> Result<(), StorageError> {
        let (reply, answer) = oneshot::channel();
        let closed = || StorageError::Unavailable("the audit trail is closed".into());
        self.queue
            .send((record, reply))
            .await
            .map_err(|_closed| closed())?;
        answer.await.map_err(|_closed| closed())?
    }
}

async fn write_batches(pool: Pool, mut waiting: mpsc::Receiver<(AccessRecord, Reply)>) {
    let mut batch = Vec::with_capacity(BATCH);
    while waiting.recv_many(&mut batch, BATCH).await > 0 {
        let (records, replies): (Vec<AccessRecord>, Vec<Reply>) = batch.drain(..).unzip();
        let result = write(&pool, &records).await;
        for reply in replies {
            let answer = match &result {
                Ok(()) => Ok(()),
                Err(error) => Err(StorageError::Unavailable(format!("the audit trail: {error}"))),
            };
            // Nobody waits any more where the client went away; the record stands all the same.
            reply.send(answer).ok();
        }
    }
}

async fn write(pool: &Pool, records: &[AccessRecord]) -> Result<(), StorageError> {
    macro_rules! column {
        ($field:ident) => {
            records
                .iter()
                .map(|record| record.$field.clone())
                .collect::<Vec<_>>()
        };
    }
    let status: Vec<i16> = records.iter().map(status).collect();
    let resources: Vec<i32> = records.iter().map(resources).collect();
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
                &column!(recorded),
                &column!(version),
                &resources,
                &status,
                &column!(agent),
                &column!(interaction),
                &column!(resource_type),
                &column!(resource_id),
                &column!(query),
                &column!(reason),
                &column!(request_id),
                &column!(source),
            ],
        )
        .await
        .map_err(from_database)?;
    Ok(())
}

/// `status` as its column takes it.
pub fn status(record: &AccessRecord) -> i16 {
    i16::try_from(record.status).unwrap_or(i16::MAX)
}

/// `resources` as its column takes it.
pub fn resources(record: &AccessRecord) -> i32 {
    i32::try_from(record.resources).unwrap_or(i32::MAX)
}
