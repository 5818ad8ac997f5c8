//! What the database or the pool says → [`StorageError`].

use deadpool_postgres::PoolError;
use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

use crate::storage::StorageError;

/// An error of a statement.
pub fn from_database(error: Error) -> StorageError {
    let Some(fault) = error.as_db_error() else {
        // Without an answer of the database: the connection broke, or could not be made.
        return StorageError::Unavailable(with_causes(&error));
    };
    let code = fault.code();
    if *code == SqlState::LOCK_NOT_AVAILABLE {
        return StorageError::Locked;
    }
    if [
        SqlState::T_R_SERIALIZATION_FAILURE,
        SqlState::T_R_DEADLOCK_DETECTED,
        SqlState::UNIQUE_VIOLATION,
    ]
    .contains(code)
    {
        return StorageError::Contention;
    }
    // Classes 08 (connection), 53 (resources), 57 (shut down, cancelled), 25 (a standby that takes no writes).
    if ["08", "53", "57", "25"]
        .iter()
        .any(|class| code.code().starts_with(class))
    {
        return StorageError::Unavailable(fault.message().to_owned());
    }
    StorageError::Internal(format!("{}: {}", code.code(), fault.message()))
}

/// An error of the pool.
pub fn from_pool(error: PoolError) -> StorageError {
    match error {
        PoolError::Backend(error) => from_database(error),
        other => StorageError::Unavailable(other.to_string()),
    }
}

fn with_causes(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}
