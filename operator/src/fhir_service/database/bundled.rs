//! The bundled database: PostgreSQL run by Patroni inside the cluster. Its stages have the same names as those of the
//! FhirService that it is for.

pub mod build;
pub mod cleanup;
pub mod credentials;
pub mod dereference;
pub mod names;
pub mod observe;
pub mod report;
pub mod rollout;
pub mod settings;
pub mod user;
pub mod validate;

pub use validate::Bundled;

use self::user::DatabaseUser;
use super::connection::{Connection, Login};

/// Name of the database inside PostgreSQL.
pub const DATABASE: &str = "fhir";

/// Connections of all servers together: they leave room in the members' 200.
const SERVER_CONNECTIONS: i32 = 160;

/// What servers and the migration connect to.
pub fn connection(database: &Bundled) -> Connection {
    let login = |user: DatabaseUser| Login {
        username: user.username().to_string(),
        secret: database.names.password(user),
    };
    Connection {
        host: database.names.primary_host(),
        port: 5432,
        database: DATABASE.to_string(),
        most_connections: SERVER_CONNECTIONS,
        owner: login(DatabaseUser::Owner),
        runtime: login(DatabaseUser::Runtime),
    }
}
