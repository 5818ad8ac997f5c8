//! What a server is told when it starts: read once, checked as a whole, every mistake reported.
//! `docs/server.md` describes each field.

pub mod authentication;
mod base_url;
pub mod database;
mod file;
pub mod listen;
pub mod memory;
pub mod problem;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use brazier_service::trust::TlsFiles;

pub use authentication::AuthenticationConfiguration;
pub use database::DatabaseConfiguration;
pub use listen::AdminListener;
pub use memory::Memory;
pub use problem::Problem;

/// Everything that `serve --config` needs to know.
#[derive(Debug, Clone)]
pub struct Configuration {
    /// The address by which clients know the service, without a slash at its end.
    pub base_url: String,
    /// Where FHIR is served, over TLS.
    pub fhir: SocketAddr,
    /// Where probes and metrics are served, plain HTTP.
    pub metrics: Option<SocketAddr>,
    /// The server's own certificate.
    pub tls: TlsFiles,
    /// Where policies are pushed to.
    pub admin: Option<AdminListener>,
    /// How the PostgreSQL database is reached.
    pub database: DatabaseConfiguration,
    /// The policy document to begin with.
    pub access_file: PathBuf,
    /// Whose tokens count.
    pub authentication: AuthenticationConfiguration,
    /// Whether clients may choose the ids of new resources, <http://hl7.org/fhir/R4/http.html#upsert>.
    pub update_create: bool,
    /// How much memory the server may use.
    pub memory: Memory,
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigurationError {
    /// The file is missing or unreadable.
    #[error("failed to read {path}: {source}")]
    Read {
        /// Path of the configuration file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// It is not YAML of the right shape; the message names the field.
    #[error("{path}: {source}")]
    Syntax {
        /// Path of the configuration file.
        path: String,
        /// What the YAML reader said.
        source: serde_yaml_ng::Error,
    },
    /// Fields have values that cannot be used.
    #[error("{path}: {}", lines(problems))]
    Invalid {
        /// Path of the configuration file.
        path: String,
        /// All mistakes in the file, each with its field.
        problems: Vec<Problem>,
    },
}

fn lines(problems: &[Problem]) -> String {
    let lines: Vec<_> = problems.iter().map(Problem::to_string).collect();
    lines.join("\n")
}

impl Configuration {
    /// Reads the file at `path`, and the certificates, keys and passwords that it names.
    pub fn load(path: &Path) -> Result<Configuration, ConfigurationError> {
        file::for_serving(path)
    }

    /// Reads of the file at `path` what `migrate` needs: the database, and the role that will use its tables.
    pub fn load_for_migration(
        path: &Path,
    ) -> Result<(DatabaseConfiguration, Option<String>), ConfigurationError> {
        file::for_migration(path)
    }
}
