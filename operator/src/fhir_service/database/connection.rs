//! What a server has to know of its database, whichever kind that is.

/// Where servers and the migration connect to. The certificate that they meet there is signed by the operator's
/// authority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// Host that takes writes.
    pub host: String,
    /// TCP port on that host.
    pub port: u16,
    /// Name of the database inside PostgreSQL.
    pub database: String,
    /// How many connections all servers together may hold open.
    pub most_connections: i32,
    /// Owns the tables and changes them: the migration.
    pub owner: Login,
    /// Reads and writes rows: the servers.
    pub runtime: Login,
}

/// Who signs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// Name of the role in PostgreSQL.
    pub username: String,
    /// Secret whose key `password` has its password.
    pub secret: String,
}
