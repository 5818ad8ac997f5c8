//! Changes → the one call of `write_resources` that makes them, together with the audit record.

use std::sync::LazyLock;

use deadpool_postgres::Client;
use jiff::Timestamp;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Error, Row};

use super::audit::{self, Columns};
use super::handed_over::AtWork;
use super::index_rows::{IndexRows, systems};
use super::peculiarities::KnownPeculiarities;
use super::{Shared, content};
use crate::audit::AccessRecord;
use crate::definitions::Definitions;
use crate::long_work::beside_others;
use crate::storage::{Method, Precondition, StorageError, Write, Written};

/// How often a write is tried again when another transaction was in its way.
const ATTEMPTS: usize = 4;

/// Bytes of JSON that take as long as a write.
const A_WRITE: usize = 4 << 10;

/// What an array column of changes holds.
#[derive(Default)]
struct ChangeRows {
    types: Vec<i16>,
    ids: Vec<String>,
    methods: Vec<i16>,
    preconditions: Vec<i32>,
    may_create: Vec<bool>,
    encodings: Vec<i16>,
    contents: Vec<Option<Vec<u8>>>,
    /// Not sent: what the answer's JSON is made of.
    tails: Vec<String>,
}

/// A write as the database takes it.
pub struct PreparedWrite {
    changes: ChangeRows,
    index: IndexRows,
    writes: Vec<Write>,
}

/// The records that stand with a write.
pub enum Records {
    /// No record; there is one elsewhere.
    None,
    /// That of all changes together, which is mostly one.
    One(Box<AccessRecord>),
    /// One for each change, in their order, and others after them.
    Each {
        /// How many of the records are of a change.
        changes: usize,
        /// All of them.
        records: Vec<AccessRecord>,
    },
}

impl Records {
    /// One of them, which stands when the others do.
    pub fn one(&self) -> Option<&AccessRecord> {
        match self {
            Records::None => None,
            Records::One(record) => Some(record),
            Records::Each { records, .. } => records.last(),
        }
    }
}

/// Interns what `writes` name, outside of any transaction, and lays them out as arrays.
pub async fn prepare(
    shared: &Shared,
    definitions: &Definitions,
    writes: Vec<Write>,
) -> Result<PreparedWrite, StorageError> {
    let uris: Vec<&str> = writes.iter().filter_map(index_of).flat_map(systems).collect();
    let mut changes = ChangeRows::default();
    let add = || writes.iter().try_for_each(|write| changes.add(write));
    beside_others(writes.len().saturating_mul(A_WRITE), add)?;
    let index = index(shared, definitions, &writes, &uris).await?;
    Ok(PreparedWrite {
        changes,
        index,
        writes,
    })
}

/// The index rows of `writes`, which name the systems `uris`.
async fn index(
    shared: &Shared,
    definitions: &Definitions,
    writes: &[Write],
    uris: &[&str],
) -> Result<IndexRows, StorageError> {
    let (connections, names) = (&shared.side_connections, &shared.names);
    let parameters = shared
        .parameters
        .of(connections, definitions.search_parameters())
        .await?;
    for _ in 0..ATTEMPTS {
        names.intern(connections, uris).await?;
        let mut index = IndexRows::of_changes(writes.len());
        for (write, place) in writes.iter().zip(1..) {
            if let Some(entries) = index_of(write) {
                index.add(place, entries, &parameters, names);
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
pub async fn write_alone(
    shared: &Shared,
    write: &PreparedWrite,
    records: &Records,
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
    write: &PreparedWrite,
    records: &Records,
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
            let records = audit::Rows::of(records.iter());
            parameters.push(&places);
            parameters.extend(records.parameters(Columns::All));
            run(client, &WRITE_WITH_RECORDS, &parameters).await
        }
    };
    let mut rows = rows.map_err(|error| write.refusal(error))?;
    rows.sort_unstable_by_key(|row| row.get::<_, i32>(0));
    if rows.len() != write.writes.len() {
        return Err(StorageError::Internal(format!(
            "{} rows for {} changes",
            rows.len(),
            write.writes.len()
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

fn index_of(write: &Write) -> Option<&crate::search::index::IndexEntries> {
    match &write.method {
        Method::Create { index, .. } | Method::Update { index, .. } => Some(index),
        Method::Delete { .. } => None,
    }
}

impl ChangeRows {
    fn add(&mut self, write: &Write) -> Result<(), StorageError> {
        let (method, precondition, may_create, resource) = match &write.method {
            Method::Create { resource, .. } => (1, Precondition::None, true, Some(resource)),
            Method::Update {
                resource,
                precondition,
                may_create,
                ..
            } => (3, *precondition, *may_create, Some(resource)),
            Method::Delete { precondition } => (4, *precondition, false, None),
        };
        let tail = resource.map(content::tail).unwrap_or_default();
        let (encoding, bytes) = match resource {
            None => (content::NO_CONTENT, None),
            Some(_) => {
                let (encoding, bytes) =
                    content::encode(&tail).map_err(|error| StorageError::Internal(error.to_string()))?;
                (encoding, Some(bytes))
            }
        };
        self.types.push(write.resource_type.number());
        self.ids.push(write.id.clone());
        self.methods.push(method);
        self.preconditions.push(match precondition {
            Precondition::None => 0,
            Precondition::Version(version) => version.max(1),
            Precondition::Absent => -1,
        });
        self.may_create.push(may_create);
        self.encodings.push(encoding);
        self.contents.push(bytes);
        self.tails.push(tail);
        Ok(())
    }
}

impl PreparedWrite {
    /// Whether there may be locks to wait for: of resources that are there, or that others create under the same ids.
    fn may_wait(&self) -> bool {
        let is_create = |write: &Write| matches!(write.method, Method::Create { .. });
        !self.writes.iter().all(is_create)
    }

    /// Tells what searches must reckon with from now on; gives back whether that is new.
    pub fn tell(&self, peculiarities: &KnownPeculiarities) -> bool {
        let is_code_system = |write: &Write| write.resource_type.name() == "CodeSystem";
        peculiarities.learn(&self.index, self.writes.iter().any(is_code_system))
    }

    fn written(&self, row: &Row, index: usize) -> Written {
        let (version, last_updated): (i32, Timestamp) = (row.get(1), row.get(2));
        let write = &self.writes[index];
        let tail = &self.changes.tails[index];
        let json = if tail.is_empty() {
            String::new()
        } else {
            content::assemble(write.resource_type, &write.id, version, last_updated, tail)
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
            .and_then(|place| self.writes.get(place.checked_sub(1)?));
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
        let ChangeRows {
            types,
            ids,
            methods,
            preconditions,
            may_create,
            encodings,
            contents,
            tails: _,
        } = &self.changes;
        let mut parameters: Vec<&(dyn ToSql + Sync)> = Vec::with_capacity(ARGUMENTS + 12);
        macro_rules! columns {
            ($($column:expr),* $(,)?) => { $(parameters.push(&$column);)* };
        }
        columns!(
            *types,
            *ids,
            *methods,
            *preconditions,
            *may_create,
            *encodings,
            *contents
        );
        parameters.extend(self.index.columns());
        parameters
    }
}
