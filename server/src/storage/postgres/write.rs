//! Changes → the one call of `write_resources` that makes them, together with the audit record.

use std::sync::{Arc, LazyLock};

use deadpool_postgres::Client;
use jiff::Timestamp;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Error, Row};

use super::audit::{self, Columns};
use super::change_rows::{Change, ChangeRows};
use super::handed_over::AtWork;
use super::index_rows::{IndexRows, systems};
use super::peculiarities::KnownPeculiarities;
use super::shared_writes::{Recorded, SharedWrites};
use super::{Shared, Storage, content};
use crate::audit::AccessRecord;
use crate::definitions::Definitions;
use crate::long_work::beside_others;
use crate::storage::{StorageError, Write, Written};

/// How often a write is tried again when another transaction was in its way.
const ATTEMPTS: usize = 4;

/// Bytes of JSON that take as long as a write.
const A_WRITE: usize = 4 << 10;

/// A write as the database takes it.
pub struct PreparedWrite<'a> {
    rows: ChangeRows<'a>,
    index: IndexRows,
    changes: Vec<&'a Change>,
}

/// The records that stand with a write.
pub enum Records<'a> {
    /// No record; there is one elsewhere.
    None,
    /// That of all changes together, which is mostly one.
    One(&'a AccessRecord),
    /// One for each change, in their order, and others after them.
    Each {
        /// How many of the records are of a change.
        changes: usize,
        /// All of them.
        records: Vec<&'a AccessRecord>,
    },
}

impl Records<'_> {
    /// One of them, which stands when the others do.
    fn one(&self) -> Option<&AccessRecord> {
        match self {
            Records::None => None,
            Records::One(record) => Some(record),
            Records::Each { records, .. } => records.last().copied(),
        }
    }
}

impl Storage {
    /// Makes all changes or none, with the record of the access, in one round trip; durable when it returns, within a
    /// transaction when that is committed. The answers are in the order of the changes. No two changes may name one
    /// resource. Their index entries are in terms of `definitions`.
    pub async fn write(
        &self,
        definitions: &Definitions,
        writes: Vec<Write>,
        record: Option<AccessRecord>,
    ) -> Result<Vec<Written>, StorageError> {
        let mut changes = changes_of(&self.shared, definitions, writes).await?;
        let Some(record) = record.map(AccessRecord::fitted) else {
            return self.write_with(&changes, &Records::None).await;
        };
        if self.transaction.is_none()
            && let Some(shared_writes) = &self.shared.shared_writes
            && let Some(change) = changes.pop_if(|change| SharedWrites::takes(change))
        {
            if changes.is_empty() {
                return self.write_together(shared_writes, change, record).await;
            }
            changes.push(change);
        }
        self.write_with(&changes, &Records::One(&record)).await
    }

    /// Makes a change together with those of others, or by itself when something is in its way.
    async fn write_together(
        &self,
        shared_writes: &SharedWrites,
        change: Change,
        record: AccessRecord,
    ) -> Result<Vec<Written>, StorageError> {
        let recorded = Arc::new(Recorded { change, record });
        self.hand_over(Some(&recorded.record));
        let written = shared_writes.write(Arc::clone(&recorded), self.at_work());
        match self.told(written.await) {
            Err(StorageError::Locked | StorageError::Contention) => {
                let Recorded { change, record } = &*recorded;
                self.write_with(std::slice::from_ref(change), &Records::One(record))
                    .await
            }
            written => written.map(|one| vec![one]),
        }
    }

    /// As [`write`](Self::write), with a record for each change, in their order, and `others` after them.
    pub async fn write_each(
        &self,
        definitions: &Definitions,
        writes: Vec<Write>,
        records: Vec<AccessRecord>,
        others: Vec<AccessRecord>,
    ) -> Result<Vec<Written>, StorageError> {
        let of_changes = records.len();
        let records: Vec<AccessRecord> = records
            .into_iter()
            .chain(others)
            .map(AccessRecord::fitted)
            .collect();
        let records = Records::Each {
            changes: of_changes,
            records: records.iter().collect(),
        };
        let changes = changes_of(&self.shared, definitions, writes).await?;
        self.write_with(&changes, &records).await
    }

    async fn write_with(
        &self,
        changes: &[Change],
        records: &Records<'_>,
    ) -> Result<Vec<Written>, StorageError> {
        let prepared = prepare(&self.shared, changes.iter().collect()).await?;
        self.hand_over(records.one());
        let written = match &self.transaction {
            Some(transaction) => {
                let connection = transaction.connection();
                let written = write_once(connection.client()?, &prepared, records).await;
                connection.ended();
                written
            }
            None => write_alone(&self.shared, &prepared, records, self.at_work()).await,
        };
        let written = self.told(written);
        if prepared.tell(&self.shared.peculiarities)
            && let Some(transaction) = &self.transaction
        {
            transaction.becomes_peculiar();
        }
        written
    }
}

/// The changes that `writes` say, whose index entries are in terms of `definitions`.
async fn changes_of(
    shared: &Shared,
    definitions: &Definitions,
    writes: Vec<Write>,
) -> Result<Vec<Change>, StorageError> {
    let registry = definitions.search_parameters();
    let parameters = shared.parameters.of(&shared.side_connections, registry).await?;
    let bytes = writes.len().saturating_mul(A_WRITE);
    let change = |write| Change::new(write, Arc::clone(&parameters));
    beside_others(bytes, || writes.into_iter().map(change).collect())
}

/// Interns what `changes` name, outside of any transaction, and lays them out as arrays.
pub async fn prepare<'a>(
    shared: &Shared,
    changes: Vec<&'a Change>,
) -> Result<PreparedWrite<'a>, StorageError> {
    Ok(PreparedWrite {
        rows: ChangeRows::of(&changes),
        index: index(shared, &changes).await?,
        changes,
    })
}

/// The index rows of `changes`.
async fn index(shared: &Shared, changes: &[&Change]) -> Result<IndexRows, StorageError> {
    let indexes = changes.iter().filter_map(|change| change.index.as_ref());
    let uris: Vec<&str> = indexes.flat_map(systems).collect();
    let (connections, names) = (&shared.side_connections, &shared.names);
    for _ in 0..ATTEMPTS {
        names.intern(connections, &uris).await?;
        let mut index = IndexRows::of_changes(changes.len());
        for (change, place) in changes.iter().zip(1..) {
            if let Some(entries) = &change.index {
                index.add(place, entries, &change.parameters, names);
            }
        }
        // Systems that other writes name may have taken the memory of ours in between.
        if index.is_complete() {
            return Ok(index);
        }
    }
    Err(StorageError::Contention)
}

/// Makes the changes as one statement, trying again when another transaction was in the way.
async fn write_alone(
    shared: &Shared,
    write: &PreparedWrite<'_>,
    records: &Records<'_>,
    at_work: Option<AtWork>,
) -> Result<Vec<Written>, StorageError> {
    let turn = match write.may_wait() {
        true => Some(shared.turns.take(&[]).await?),
        false => None,
    };
    let lease = shared.connections.take(turn).await?.working_for(at_work);
    let mut attempt = 1;
    let written = loop {
        match write_once(lease.client()?, write, records).await {
            Err(StorageError::Contention) if attempt < ATTEMPTS => attempt += 1,
            result => break result,
        }
    };
    lease.free();
    written
}

/// Makes the changes in the client's transaction, if it is in one.
pub async fn write_once(
    client: &Client,
    write: &PreparedWrite<'_>,
    records: &Records<'_>,
) -> Result<Vec<Written>, StorageError> {
    let mut parameters = write.parameters();
    let rows = match records {
        Records::None => run(client, &WRITE, &parameters).await,
        Records::One(record) => {
            let record = audit::Row::of(record);
            parameters.extend(record.parameters());
            run(client, &WRITE_WITH_RECORD, &parameters).await
        }
        Records::Each { changes, records } => {
            let places: Vec<Option<i32>> = (0..records.len())
                .map(|index| i32::try_from(index + 1).ok().filter(|_| index < *changes))
                .collect();
            let records = audit::Rows::of(records.iter().copied());
            parameters.push(&places);
            parameters.extend(records.parameters(Columns::All));
            run(client, &WRITE_WITH_RECORDS, &parameters).await
        }
    };
    let mut rows = rows.map_err(|error| write.refusal(error))?;
    rows.sort_unstable_by_key(|row| row.get::<_, i32>(0));
    if rows.len() != write.changes.len() {
        return Err(StorageError::Internal(format!(
            "{} rows for {} changes",
            rows.len(),
            write.changes.len()
        )));
    }
    Ok(rows
        .iter()
        .zip(0..)
        .map(|(row, index)| write.written(row, index))
        .collect())
}

async fn run(client: &Client, sql: &str, parameters: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, Error> {
    let statement = client.prepare_cached(sql).await?;
    client.query(&statement, parameters).await
}

/// Parameters of `write_resources`.
const ARGUMENTS: usize = 66;

static WRITE: LazyLock<String> =
    LazyLock::new(|| format!("SELECT place, version, last_updated, created FROM {}", call()));
static WRITE_WITH_RECORD: LazyLock<String> = LazyLock::new(with_record);
static WRITE_WITH_RECORDS: LazyLock<String> = LazyLock::new(with_records);

fn call() -> String {
    let placeholders: Vec<String> = (1..=ARGUMENTS).map(|number| format!("${number}")).collect();
    format!("write_resources({})", placeholders.join(", "))
}

/// The write and its record as one statement. A record that speaks of one change takes its version, and its status
/// tells a creation (201) from a change (200), which only the database knows.
fn with_record() -> String {
    let of_record = |column: &str| audit::placeholder(ARGUMENTS + 1, column);
    let insert = audit::insert(Columns::All, |column| match column {
        "version" => format!(
            "coalesce({}, CASE WHEN count(*) = 1 THEN nullif(min(done.version), 0) END)",
            of_record(column)
        ),
        "status" => format!(
            "CASE WHEN {status} = 200 AND count(*) = 1 AND bool_and(done.created) THEN 201 ELSE {status} END",
            status = of_record(column)
        ),
        column => of_record(column),
    });
    format!(
        "WITH done AS MATERIALIZED (SELECT place, version, last_updated, created FROM {call}),
         recorded AS ({insert} FROM done)
         SELECT place, version, last_updated, created FROM done",
        call = call(),
    )
}

/// The write and a record for each of its changes as one statement. As [`with_record`], each record takes version and
/// status from its change.
fn with_records() -> String {
    let insert = audit::insert(Columns::All, |column| match column {
        "version" => "coalesce(record_version, nullif(done.version, 0))".to_owned(),
        "status" => {
            "CASE WHEN record_status = 200 AND done.created THEN 201 ELSE record_status END".to_owned()
        }
        column => format!("record_{column}"),
    });
    format!(
        "WITH done AS MATERIALIZED (SELECT place, version, last_updated, created FROM {call}),
         recorded AS ({insert}
             FROM unnest(${places}::integer[], {arrays}) WITH ORDINALITY AS record (change, {names}, number)
             LEFT JOIN done ON done.place = record.change ORDER BY number)
         SELECT place, version, last_updated, created FROM done",
        call = call(),
        places = ARGUMENTS + 1,
        arrays = audit::arrays(Columns::All, ARGUMENTS + 2),
        names = audit::names(Columns::All),
    )
}

impl PreparedWrite<'_> {
    /// Whether there may be locks to wait for.
    fn may_wait(&self) -> bool {
        self.changes.iter().any(|change| change.may_wait())
    }

    /// Tells what searches must reckon with from now on; gives back whether that is new.
    pub fn tell(&self, peculiarities: &KnownPeculiarities) -> bool {
        let is_code_system = |change: &&Change| change.resource_type.name() == "CodeSystem";
        peculiarities.learn(&self.index, self.changes.iter().any(is_code_system))
    }

    fn written(&self, row: &Row, index: usize) -> Written {
        let (version, last_updated): (i32, Timestamp) = (row.get(1), row.get(2));
        let Change {
            resource_type,
            id,
            tail,
            ..
        } = self.changes[index];
        let json = if tail.is_empty() {
            String::new()
        } else {
            content::assemble(*resource_type, id, version, last_updated, tail)
        };
        Written {
            version,
            last_updated,
            created: row.get(3),
            json,
        }
    }

    /// The refusals of `write_resources` by their SQLSTATE; anything else is the database's own.
    fn refusal(&self, error: Error) -> StorageError {
        let Some(fault) = error.as_db_error() else {
            return super::error::from_database(error);
        };
        let detail = fault.detail().unwrap_or_default();
        let (place, current) = detail.split_once(':').unwrap_or((detail, ""));
        let change = place
            .parse::<usize>()
            .ok()
            .and_then(|place| self.changes.get(place.checked_sub(1)?));
        let Some(change) = change else {
            return super::error::from_database(error);
        };
        let (resource_type, id) = (change.resource_type, change.id.clone());
        match fault.code().code() {
            "BZ001" => StorageError::VersionConflict {
                resource_type,
                id,
                current: current.parse().ok(),
            },
            "BZ002" => StorageError::AlreadyExists { resource_type, id },
            "BZ003" => StorageError::DoesNotExist { resource_type, id },
            _ => super::error::from_database(error),
        }
    }

    fn parameters(&self) -> Vec<&(dyn ToSql + Sync)> {
        let mut parameters: Vec<&(dyn ToSql + Sync)> = Vec::with_capacity(ARGUMENTS + 12);
        parameters.extend(self.rows.columns());
        parameters.extend(self.index.columns());
        parameters
    }
}
