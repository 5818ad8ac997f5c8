//! The one door to the database: connects, and hands each request to the file that knows it.

mod audit;
mod change_rows;
mod connection;
mod content;
mod error;
mod extreme;
mod handed_over;
mod history;
mod index_columns;
mod index_key;
mod index_rows;
mod names;
mod numeric;
mod paging;
mod parameter_numbers;
mod peculiarities;
mod pool;
mod read;
mod recorded_read;
mod recording;
mod refusals;
mod schema;
mod search;
mod shared_writes;
mod size;
mod together;
mod transaction;
mod turns;
mod write;

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use deadpool_postgres::{Client, Status};

use self::audit::AuditTrail;
use self::connection::{Connection, Connections};
use self::error::{from_database, from_pool};
use self::handed_over::HandedOver;
use self::names::Names;
use self::parameter_numbers::InternedParameters;
use self::peculiarities::KnownPeculiarities;
use self::pool::Purpose;
use self::recorded_read::RecordedReads;
use self::refusals::Refusals;
use self::search::Shapes;
use self::shared_writes::SharedWrites;
use self::size::Size;
use self::transaction::OpenTransaction;
pub use self::transaction::Transaction;
use self::turns::Turns;
use super::{Current, HistoryPage, HistoryQuery, SearchPage, StorageError};
use crate::configuration::database::DatabaseConfiguration;
use crate::definitions::Definitions;
use crate::resource::ResourceType;
use crate::search::query::Query;

/// Connections for what must not wait behind requests that hold a connection each: one for names, one for the audit trail and
/// one for reads. Fewer where there are few in all.
const SIDE_CONNECTIONS: usize = 3;

/// Connections for changes that are made together.
const WRITING_CONNECTIONS: usize = 2;

/// The pause between attempts to reach a database that is coming up.
const REACH_AGAIN: Duration = Duration::from_millis(250);

/// A FHIR service's database, or that database as an open [`Transaction`] sees it.
#[derive(Clone)]
pub struct Storage {
    shared: Arc<Shared>,
    /// What it reads and writes in; `None`: each request takes a connection of its own.
    transaction: Option<Arc<OpenTransaction>>,
    /// What the request whose storage it is may have recorded; `None`: nobody will ask.
    handed_over: Option<HandedOver>,
}

/// What all connections share.
struct Shared {
    connections: Connections,
    turns: Turns,
    side_connections: Connections,
    audit: AuditTrail,
    refusals: Refusals,
    recorded_reads: RecordedReads,
    /// `None` where there are too few connections for some of their own.
    shared_writes: Option<SharedWrites>,
    parameters: InternedParameters,
    names: Names,
    peculiarities: KnownPeculiarities,
    size: Size,
    shapes: Shapes,
}

/// Waits until the database takes connections that may write, at most for `patience`.
///
/// # Errors
/// With the last reason, when it does not.
pub async fn wait_until_reachable(
    database: &DatabaseConfiguration,
    patience: Duration,
) -> Result<(), StorageError> {
    let pool = pool::pool(database, 1, Purpose::Migrating)?;
    let begun = Instant::now();
    loop {
        match pool.get().await.map_err(from_pool) {
            Ok(_) => return Ok(()),
            Err(StorageError::Unavailable(reason)) if begun.elapsed() < patience => {
                tracing::info!(reason, "the database is not available yet");
                tokio::time::sleep(REACH_AGAIN).await;
            }
            Err(error) => return Err(error),
        }
    }
}

/// Brings the database to this version's schema and to know the search parameters of `definitions`, and gives
/// `runtime_role` the rights to serve from it.
///
/// # Errors
/// When the database cannot be reached or refuses, or belongs to a newer version of the server.
pub async fn migrate(
    database: &DatabaseConfiguration,
    definitions: &Definitions,
    runtime_role: Option<&str>,
) -> Result<(), StorageError> {
    let pool = pool::pool(database, 1, Purpose::Migrating)?;
    let mut client = pool.get().await.map_err(from_pool)?;
    schema::migrate(&mut client, definitions.search_parameters(), runtime_role).await
}

impl Storage {
    /// Connects to a database that [`migrate`] has prepared.
    ///
    /// # Errors
    /// When the database cannot be reached or is not prepared for this version and the search parameters of
    /// `definitions`.
    pub async fn connect(
        database: &DatabaseConfiguration,
        definitions: &Definitions,
    ) -> Result<Storage, StorageError> {
        let side = (database.max_connections / 3).clamp(1, SIDE_CONNECTIONS);
        let writing = (database.max_connections / 4).min(WRITING_CONNECTIONS);
        let size = database.max_connections.saturating_sub(side + writing).max(1);
        let pool = pool::pool(database, size, Purpose::Requests)?;
        let side_pool = pool::pool(database, side, Purpose::OnePlan)?;
        let client = side_pool.get().await.map_err(from_pool)?;
        let parameters = InternedParameters::load(&client, definitions.search_parameters()).await?;
        drop(client);
        let audit = AuditTrail::start(side_pool.clone());
        let writing = match writing {
            0 => None,
            size => {
                let pool = pool::pool(database, size, Purpose::SharedWrites)?;
                Some(Connections::new(pool, database))
            }
        };
        let shared = Arc::new_cyclic(|shared| Shared {
            refusals: Refusals::new(audit.clone()),
            audit,
            recorded_reads: RecordedReads::start(side_pool.clone()),
            shared_writes: writing.map(|connections| SharedWrites::start(connections, Weak::clone(shared))),
            connections: Connections::new(pool, database),
            turns: Turns::new(size, turns::PATIENCE),
            side_connections: Connections::new(side_pool, database),
            parameters,
            names: Names::default(),
            peculiarities: KnownPeculiarities::default(),
            size: Size::default(),
            shapes: Shapes::default(),
        });
        Ok(Storage {
            shared,
            transaction: None,
            handed_over: None,
        })
    }

    /// What is stored under a type and id now.
    pub async fn read(&self, resource_type: ResourceType, id: &str) -> Result<Current, StorageError> {
        let connection = self.connection().await?;
        let current = read::read(connection.client()?, resource_type, id).await;
        connection.ended();
        current
    }

    /// One version; [`Current::Unknown`] when there is none of that number.
    pub async fn vread(
        &self,
        resource_type: ResourceType,
        id: &str,
        version: i32,
    ) -> Result<Current, StorageError> {
        let connection = self.connection().await?;
        let current = read::vread(connection.client()?, resource_type, id, version).await;
        connection.ended();
        current
    }

    /// A page of a search; the query is in terms of `definitions`.
    pub async fn search(&self, definitions: &Definitions, query: &Query) -> Result<SearchPage, StorageError> {
        let connection = self.connection().await?;
        let is_cut = AtomicBool::new(false);
        let page = search::search(connection.client()?, &self.shared, definitions, query, &is_cut).await;
        connection.ended_with(&page, is_cut.into_inner());
        page
    }

    /// A page of a history.
    pub async fn history(&self, query: &HistoryQuery) -> Result<HistoryPage, StorageError> {
        let connection = self.connection().await?;
        let answer = history::history(connection.client()?, query).await;
        let is_cut = matches!(answer, Ok((_, true)));
        connection.ended_with(&answer, is_cut);
        answer.map(|(page, _)| page)
    }

    /// Begins a transaction that holds a lock on each of `texts`: the criteria of conditional interactions, so that
    /// two with the same criteria run one after the other.
    ///
    /// # Errors
    /// [`StorageError::Locked`] when others hold one of them, or all that may wait for locks, for too long.
    pub async fn begin(&self, texts: &[String]) -> Result<Transaction, StorageError> {
        Transaction::begin(self, texts).await
    }

    /// Whether requests can be served now.
    ///
    /// # Errors
    /// When the database does not answer, takes no writes, or takes no record of an access.
    pub async fn is_ready(&self) -> Result<(), StorageError> {
        let connection = self.connection().await?;
        let ready = is_ready(connection.client()?).await;
        connection.ended();
        ready
    }

    /// The pool's connections: open, in use, and requests that wait for one.
    pub fn connections(&self) -> Status {
        self.shared.connections.pool().status()
    }

    async fn connection(&self) -> Result<Connection, StorageError> {
        match &self.transaction {
            Some(transaction) => Ok(transaction.connection()),
            None => {
                let lease = self.shared.connections.take(None).await?;
                Ok(Connection::Own(Box::new(lease)))
            }
        }
    }
}

/// Whether a record could be written where `client` leads to.
async fn is_ready(client: &Client) -> Result<(), StorageError> {
    let row = client.query_one("SELECT pg_is_in_recovery()", &[]).await;
    if row.map_err(from_database)?.get(0) {
        return Err(StorageError::Unavailable("it is a standby".into()));
    }
    // As a record would be written, but none: what refuses or hinders one shows.
    let record = "INSERT INTO access_record (recorded) SELECT now() WHERE false";
    client.batch_execute(record).await.map_err(|error| {
        let error = from_database(error);
        StorageError::Unavailable(format!("no record can be written to the audit trail: {error}"))
    })
}
