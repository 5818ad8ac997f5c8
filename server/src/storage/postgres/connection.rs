//! The connection that a request reads on: one of its own from the pool, or that of the transaction it is part of.

use std::sync::Arc;

use deadpool_postgres::Client;

use super::transaction::OpenTransaction;
use crate::storage::StorageError;

/// A connection to the database, alone or within a transaction.
pub enum Connection {
    /// Taken from the pool.
    Own(Box<Client>),
    /// That of a transaction, which all its statements share.
    Shared(Arc<OpenTransaction>),
}

impl Connection {
    /// What statements are sent through.
    ///
    /// # Errors
    /// Only when the server is at fault.
    pub fn client(&self) -> Result<&Client, StorageError> {
        match self {
            Connection::Own(client) => Ok(client),
            Connection::Shared(transaction) => transaction.client(),
        }
    }
}
