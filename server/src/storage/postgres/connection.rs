//! The connection that a request's statements go through: one of its own from the pool, or that of the transaction it is
//! part of. Statements end with the request that asked for them: one that is given up, because its client is gone or it took too
//! long, is cancelled, and its connection counts as taken until the database has done with it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use deadpool_postgres::{Client, Object, Pool};
use tokio::runtime::Handle;
use tokio_postgres::NoTls;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::error::from_pool;
use super::handed_over::AtWork;
use super::transaction::OpenTransaction;
use super::turns::Turn;
use crate::configuration::database::DatabaseConfiguration;
use crate::storage::StorageError;

/// How long the database may take to do with a statement that was cancelled.
const PATIENCE: Duration = Duration::from_secs(10);

/// A pool, and how to cancel what runs on its connections.
#[derive(Clone)]
pub struct Connections {
    pool: Pool,
    tls: Option<MakeRustlsConnect>,
}

/// A connection that is taken from the pool. Dropped before it is [`freed`](Lease::free), what runs on it is cancelled.
pub struct Lease {
    client: Option<Client>,
    tls: Option<MakeRustlsConnect>,
    /// Statements of a transaction that have begun and not ended.
    running: AtomicUsize,
    /// Whether there is a transaction to be given up.
    in_transaction: bool,
    /// What ends with it.
    turn: Option<Turn>,
    /// The request that asked, until the database has done with it.
    at_work: Option<AtWork>,
}

/// A connection to the database, alone or within a transaction. Whoever has one says when its statements
/// [`ended`](Connection::ended).
pub enum Connection {
    /// Taken from the pool.
    Own(Box<Lease>),
    /// That of a transaction, which all its statements share.
    Shared(Arc<OpenTransaction>),
}

impl Connections {
    /// The connections of `pool`, which go to `database`.
    pub fn new(pool: Pool, database: &DatabaseConfiguration) -> Connections {
        Connections {
            pool,
            tls: database.tls.clone().map(MakeRustlsConnect::new),
        }
    }

    /// The pool itself.
    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// Takes a connection for one statement, or for some of which none follows one that was given up.
    ///
    /// # Errors
    /// When none gets free in time, or none can be made.
    pub async fn take(&self, turn: Option<Turn>) -> Result<Lease, StorageError> {
        self.lease(turn, false).await
    }

    /// Takes a connection for a transaction, whose statements each [`begin`](Lease::begin) and [`end`](Lease::end).
    ///
    /// # Errors
    /// As [`take`](Self::take).
    pub async fn take_for_transaction(&self, turn: Turn) -> Result<Lease, StorageError> {
        self.lease(Some(turn), true).await
    }

    async fn lease(&self, turn: Option<Turn>, in_transaction: bool) -> Result<Lease, StorageError> {
        let client = self.pool.get().await.map_err(from_pool)?;
        Ok(Lease {
            client: Some(client),
            tls: self.tls.clone(),
            running: AtomicUsize::new(usize::from(!in_transaction)),
            in_transaction,
            turn,
            at_work: None,
        })
    }
}

impl Lease {
    /// The same, for a request that may ask later whether the database has done with it.
    #[must_use]
    pub fn working_for(mut self, at_work: Option<AtWork>) -> Lease {
        self.at_work = at_work;
        self
    }

    /// What statements are sent through.
    ///
    /// # Errors
    /// Never: it is there until this is dropped.
    pub fn client(&self) -> Result<&Client, StorageError> {
        let gone = || StorageError::Internal("the connection was given back".into());
        self.client.as_ref().ok_or_else(gone)
    }

    /// Gives the connection back: nothing runs on it, and no transaction is open.
    pub fn free(mut self) {
        drop(self.client.take());
    }

    /// A statement of a transaction begins.
    pub fn begin(&self) {
        self.running.fetch_add(1, Ordering::AcqRel);
    }

    /// A statement of a transaction has ended.
    pub fn end(&self) {
        self.running.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(client) = self.client.take() else { return };
        let is_running = *self.running.get_mut() > 0;
        let (tls, ends_too) = (self.tls.take(), (self.turn.take(), self.at_work.take()));
        match Handle::try_current() {
            Ok(runtime) if is_running => {
                runtime.spawn(async move {
                    cancel(client, tls).await;
                    drop(ends_too);
                });
            }
            Ok(runtime) if self.in_transaction => {
                runtime.spawn(async move {
                    roll_back(client).await;
                    drop(ends_too);
                });
            }
            Ok(_) => {}
            Err(_outside_of_a_runtime) => drop(Object::take(client)),
        }
    }
}

/// Ends what runs, waits until the connection is free, and closes it: a cancellation that comes late must not meet the
/// statement of another request.
async fn cancel(client: Client, tls: Option<MakeRustlsConnect>) {
    let ended = async {
        let token = client.cancel_token();
        let sent = match tls {
            Some(tls) => token.cancel_query(tls).await,
            None => token.cancel_query(NoTls).await,
        };
        if let Err(error) = sent {
            tracing::warn!(%error, "a statement could not be cancelled; the database ends it when its time is over");
        }
        client.batch_execute("ROLLBACK").await.ok();
    };
    tokio::time::timeout(PATIENCE, ended).await.ok();
    drop(Object::take(client));
}

/// Gives up the transaction, and gives the connection back to the pool.
async fn roll_back(client: Client) {
    let rolled_back = tokio::time::timeout(PATIENCE, client.batch_execute("ROLLBACK")).await;
    if !matches!(rolled_back, Ok(Ok(()))) {
        drop(Object::take(client));
    }
}

impl Connection {
    /// What statements are sent through.
    ///
    /// # Errors
    /// Only when the server is at fault.
    pub fn client(&self) -> Result<&Client, StorageError> {
        match self {
            Connection::Own(lease) => lease.client(),
            Connection::Shared(transaction) => transaction.lease().client(),
        }
    }

    /// As [`ended`](Self::ended), unless rows of an answer were left unread: then they are cancelled.
    pub fn ended_with<T>(self, answer: &Result<T, StorageError>, is_cut: bool) {
        if is_cut || matches!(answer, Err(StorageError::Budget(_))) {
            drop(self);
        } else {
            self.ended();
        }
    }

    /// All statements that were sent through it have ended, well or badly.
    pub fn ended(self) {
        match self {
            Connection::Own(lease) => lease.free(),
            Connection::Shared(transaction) => transaction.lease().end(),
        }
    }
}
