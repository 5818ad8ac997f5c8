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
    of_fault(fault.code(), fault.message())
}

/// What a code (<https://www.postgresql.org/docs/current/errcodes-appendix.html>) means. Pure.
fn of_fault(code: &SqlState, message: &str) -> StorageError {
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
    // One code for two things, of which a request that was given up hears neither. That an administrator ended the statement is
    // told by words alone; where the database speaks another language, it counts as too costly.
    if *code == SqlState::QUERY_CANCELED && !message.contains("user request") {
        return StorageError::TooCostly;
    }
    if *code == SqlState::DISK_FULL {
        return StorageError::Full;
    }
    // Classes 08 (connection), 53 (resources), 57 (shut down, cancelled), 25 (a standby that takes no writes).
    if ["08", "53", "57", "25"]
        .iter()
        .any(|class| code.code().starts_with(class))
    {
        return StorageError::Unavailable(message.to_owned());
    }
    StorageError::Internal(format!("{}: {message}", code.code()))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_told_apart_by_what_is_to_be_done() {
        let told = |code: &str, message: &str| of_fault(&SqlState::from_code(code), message);
        let timeout = "canceling statement due to statement timeout";
        assert!(matches!(told("57014", timeout), StorageError::TooCostly));
        // The database may speak another language.
        let german = "storniere Anfrage wegen Zeitüberschreitung der Anfrage";
        assert!(matches!(told("57014", german), StorageError::TooCostly));
        let cancelled = "canceling statement due to user request";
        let shut_down = "terminating connection due to administrator command";
        for (code, message) in [
            ("57014", cancelled),
            ("57P01", shut_down),
            ("53300", "sorry, too many clients already"),
            ("25006", "cannot execute INSERT in a read-only transaction"),
        ] {
            let told = told(code, message);
            assert!(
                matches!(&told, StorageError::Unavailable(reason) if reason == message),
                "{told:?}"
            );
        }
        let full = "could not extend file \"base/5/16385\": No space left on device";
        assert!(matches!(told("53100", full), StorageError::Full));
        assert!(matches!(told("55P03", ""), StorageError::Locked));
        assert!(matches!(told("40P01", ""), StorageError::Contention));
        assert!(
            matches!(told("42P01", "no table"), StorageError::Internal(reason) if reason == "42P01: no table")
        );
    }
}
