//! The users of a bundled database.

/// A user, who signs in with a password of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DatabaseUser {
    /// Patroni's own user, the superuser of PostgreSQL.
    Superuser,
    /// Streams the write-ahead log.
    Replication,
    /// Rewinds a member whose timeline diverged.
    Rewind,
    /// Not of the database but of Patroni's REST API.
    RestApi,
    /// Owns the tables and changes them; used by the migration alone.
    Owner,
    /// Reads and writes rows; used by the servers.
    Runtime,
}

impl DatabaseUser {
    /// All of them.
    pub const ALL: [DatabaseUser; 6] = [
        DatabaseUser::Superuser,
        DatabaseUser::Replication,
        DatabaseUser::Rewind,
        DatabaseUser::RestApi,
        DatabaseUser::Owner,
        DatabaseUser::Runtime,
    ];

    /// The word in the name of its Secret.
    pub fn as_str(self) -> &'static str {
        match self {
            DatabaseUser::Superuser => "superuser",
            DatabaseUser::Replication => "replication",
            DatabaseUser::Rewind => "rewind",
            DatabaseUser::RestApi => "restapi",
            DatabaseUser::Owner => "owner",
            DatabaseUser::Runtime => "runtime",
        }
    }

    /// The name that it signs in with.
    pub fn username(self) -> &'static str {
        match self {
            DatabaseUser::Superuser => "postgres",
            DatabaseUser::Replication => "replicator",
            DatabaseUser::Rewind => "rewind",
            DatabaseUser::RestApi => "patroni",
            DatabaseUser::Owner => "fhir_owner",
            DatabaseUser::Runtime => "fhir_runtime",
        }
    }
}
