//! How what a request did, or failed to do, gets into the audit trail: with what the database does for it, or by itself; once.

use std::sync::Arc;

use super::handed_over::{AtWork, HandedOver};
use super::recorded_read::Found;
use super::shared_writes::SharedWrites;
use super::transaction::OpenTransaction;
use super::{Storage, audit};
use crate::audit::AccessRecord;
use crate::budget::Spending;
use crate::resource::ResourceType;
use crate::storage::{Current, StorageError};

impl Storage {
    /// The same for one request, or one entry of a batch: for what has one record in the audit trail, see
    /// [`record_failure`](Self::record_failure).
    #[must_use]
    pub fn for_request(&self) -> Storage {
        Storage {
            handed_over: Some(HandedOver::default()),
            ..self.clone()
        }
    }

    /// As [`read`](Self::read). The answer's second part says whether `record`, with the version that was found, is in the
    /// audit trail. When it is not, there is nothing to give out, the resource is large, or this is within a transaction.
    ///
    /// # Errors
    /// When the database does not answer: then the record may stand all the same. When there is no memory for what may be found, it
    /// does not.
    pub async fn read_recorded(
        &self,
        resource_type: ResourceType,
        id: &str,
        record: AccessRecord,
    ) -> Result<(Current, bool), StorageError> {
        if self.transaction.is_some() {
            return Ok((self.read(resource_type, id).await?, false));
        }
        let (reads, record) = (&self.shared.recorded_reads, record.fitted());
        self.hand_over(Some(&record));
        match self.told(reads.read(resource_type, id, record, self.at_work()).await)? {
            Found::Whole(current) => {
                let recorded = matches!(current, Current::Found(_));
                if !recorded {
                    self.forget();
                }
                Ok((current, recorded))
            }
            Found::Large { version, length } => {
                self.forget();
                Spending::current().hold(length)?;
                let current = self.vread(resource_type, id, version).await?;
                Ok((current, false))
            }
        }
    }

    /// Adds a record to the audit trail; durable when it returns, within a transaction when that is committed.
    pub async fn record_access(&self, record: AccessRecord) -> Result<(), StorageError> {
        let record = record.fitted();
        self.hand_over(Some(&record));
        match &self.transaction {
            Some(transaction) => record_within(transaction, &[&record]).await,
            None => self.shared.audit.record(record, self.at_work()).await,
        }
    }

    /// Adds the record of what failed, unless the database has done what was asked for all the same, which is recorded then: a
    /// request has one record. Waits until the database is done with what was asked.
    ///
    /// # Errors
    /// When the database did not take it.
    pub async fn record_failure(&self, record: AccessRecord) -> Result<(), StorageError> {
        let record = record.fitted();
        let others = match &self.handed_over {
            Some(handed_over) => handed_over.settled().await,
            None => Vec::new(),
        };
        self.hand_over(Some(&record));
        let audit = &self.shared.audit;
        audit.record_unless(record, others, self.at_work()).await
    }

    /// As [`record_access`](Self::record_access), for any number of them.
    pub async fn record_accesses(&self, records: Vec<AccessRecord>) -> Result<(), StorageError> {
        let records: Vec<AccessRecord> = records.into_iter().map(AccessRecord::fitted).collect();
        self.hand_over(records.last());
        match &self.transaction {
            _ if records.is_empty() => Ok(()),
            Some(transaction) => {
                let records: Vec<&AccessRecord> = records.iter().collect();
                record_within(transaction, &records).await
            }
            None => {
                let record = |record: AccessRecord| self.shared.audit.record(record, self.at_work());
                let records = records.into_iter().map(record);
                futures::future::try_join_all(records).await.map(|_recorded| ())
            }
        }
    }

    /// Adds the record of a request without a valid token, or counts it with others of its kind.
    pub async fn record_refusal(&self, record: AccessRecord) -> Result<(), StorageError> {
        self.shared.refusals.record(record.fitted()).await
    }

    /// How many records of the audit trail are not yet in the database.
    pub fn audit_backlog(&self) -> usize {
        let writes = self.shared.shared_writes.as_ref();
        self.shared.audit.backlog()
            + self.shared.recorded_reads.waiting()
            + writes.map_or(0, SharedWrites::waiting)
    }

    /// The database is at work for the request until the value is dropped.
    pub(super) fn at_work(&self) -> Option<AtWork> {
        self.handed_over.as_ref().map(HandedOver::begin)
    }

    /// From now on `record` may stand.
    pub(super) fn hand_over(&self, record: Option<&AccessRecord>) {
        if let (Some(handed_over), Some(record)) = (&self.handed_over, record) {
            handed_over.add(record);
        }
    }

    /// None of what was handed over stands.
    fn forget(&self) {
        if let Some(handed_over) = &self.handed_over {
            handed_over.forget();
        }
    }

    /// Takes note of what the database said of what was handed over.
    pub(super) fn told<T>(&self, answer: Result<T, StorageError>) -> Result<T, StorageError> {
        if matches!(&answer, Err(error) if error.is_certain()) {
            self.forget();
        }
        answer
    }
}

/// Adds records to the audit trail that stand with `transaction`.
async fn record_within(
    transaction: &Arc<OpenTransaction>,
    records: &[&AccessRecord],
) -> Result<(), StorageError> {
    let connection = transaction.connection();
    let recorded = audit::write(connection.client()?, records).await;
    connection.ended();
    recorded
}
