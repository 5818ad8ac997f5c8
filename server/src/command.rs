//! What each command of the command line does, and with which code the program ends if it fails:
//! 1: it could not be done; 2: what was asked for makes no sense.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use brazier_access::AccessPolicy;
use brazier_access::policy::PolicyFileError;

use crate::arguments::{Command, ServeArguments};
use crate::authorization;
use crate::configuration::database::DatabaseUrlError;
use crate::configuration::{Configuration, ConfigurationError, DatabaseConfiguration};
use crate::definitions::{Definitions, DefinitionsError};
use crate::serve::{self, ServeError, Trial};
use crate::storage::{self, StorageError};

/// How long a migration waits for its database: the way to a primary that was just made opens a moment later.
const DATABASE_PATIENCE: Duration = Duration::from_secs(30);

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The configuration file cannot be used.
    #[error(transparent)]
    Configuration(#[from] ConfigurationError),
    /// The policy document that the configuration names cannot be used.
    #[error("accessFile: {0}")]
    Policy(#[from] PolicyFileError),
    /// The database URL cannot be used.
    #[error("--database-url: {0}")]
    DatabaseUrl(#[from] DatabaseUrlError),
    /// `serve` with neither a file nor a URL.
    #[error("write serve --config FILE, or serve --database-url URL --no-authentication")]
    NothingToServe,
    /// The server could not run.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// What the service knows of FHIR cannot be used.
    #[error(transparent)]
    Definitions(#[from] DefinitionsError),
    /// The database could not be migrated.
    #[error("failed to migrate the database: {0}")]
    Migrate(#[from] StorageError),
}

impl CommandError {
    /// The code to end with.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            CommandError::Serve(ServeError::NotLoopback { .. })
            | CommandError::Configuration(_)
            | CommandError::Policy(_)
            | CommandError::DatabaseUrl(_)
            | CommandError::NothingToServe => ExitCode::from(2),
            CommandError::Serve(_) | CommandError::Definitions(_) | CommandError::Migrate(_) => {
                ExitCode::FAILURE
            }
        }
    }
}

/// Does what the command line asks for.
pub async fn run(command: Command) -> Result<(), CommandError> {
    match command {
        Command::Serve(arguments) => serve(arguments).await,
        Command::Migrate(file) => migrate(&file.config).await,
        Command::CheckConfig(file) => check_config(&file.config),
    }
}

async fn serve(arguments: ServeArguments) -> Result<(), CommandError> {
    match (arguments.config, arguments.database_url) {
        (Some(path), _) => serve::serve(Configuration::load(&path)?).await?,
        (None, Some(url)) => {
            let trial = Trial {
                database: DatabaseConfiguration::from_url(&url)?,
                http: arguments.http,
                metrics: arguments.metrics,
            };
            serve::serve_trial(trial).await?;
        }
        (None, None) => return Err(CommandError::NothingToServe),
    }
    Ok(())
}

async fn migrate(path: &Path) -> Result<(), CommandError> {
    let (database, runtime_role) = Configuration::load_for_migration(path)?;
    storage::wait_until_reachable(&database, DATABASE_PATIENCE).await?;
    let definitions = Definitions::r4()?;
    storage::migrate(&database, &definitions, runtime_role.as_deref()).await?;
    tracing::info!(database = database.name, "the database has this version's schema");
    Ok(())
}

fn check_config(path: &Path) -> Result<(), CommandError> {
    let configuration = Configuration::load(path)?;
    let policy = authorization::handle(AccessPolicy::deny_all());
    policy.load(&configuration.access_file)?;
    println!("{} can be used", path.display());
    Ok(())
}
