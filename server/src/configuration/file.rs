//! The configuration file as it is written: YAML, no field unknown. `docs/server.md` describes it.

use std::path::{Path, PathBuf};

use brazier_service::listen::AcceptedClient;
use brazier_service::trust::TlsFiles;
use serde::Deserialize;

use super::authentication::AuthenticationConfiguration;
use super::database::{DatabaseConfiguration, DatabaseSection};
use super::listen::{self, ListenSection};
use super::memory::{Amount, Memory};
use super::{Configuration, ConfigurationError, Problem, base_url};

/// Sections are optional here, because `migrate` needs the database alone; serving asks for the others.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Document {
    base_url: Option<String>,
    listen: Option<ListenSection>,
    tls: Option<TlsFiles>,
    admin: Option<AcceptedClient>,
    database: Option<DatabaseSection>,
    access_file: Option<PathBuf>,
    authentication: Option<AuthenticationConfiguration>,
    #[serde(default = "update_create_by_default")]
    update_create: bool,
    memory: Option<Amount>,
}

fn update_create_by_default() -> bool {
    true
}

/// Reads the file at `path` for `serve`, with every file it names.
pub(super) fn for_serving(path: &Path) -> Result<Configuration, ConfigurationError> {
    let document = read(path)?;
    let mut problems = Vec::new();
    let configuration = check(document, &mut problems);
    match configuration {
        Some(configuration) if problems.is_empty() => Ok(configuration),
        _ => Err(invalid(path, problems)),
    }
}

/// Reads of the file at `path` what `migrate` needs: the database, and the role that will use it.
pub(super) fn for_migration(
    path: &Path,
) -> Result<(DatabaseConfiguration, Option<String>), ConfigurationError> {
    let document = read(path)?;
    let mut problems = Vec::new();
    let database = required(document.database, "database", &mut problems);
    let runtime_role = database
        .as_ref()
        .and_then(|database| database.runtime_role.clone());
    let database = database.and_then(|database| database.resolve(&mut problems));
    match database {
        Some(database) if problems.is_empty() => Ok((database, runtime_role)),
        _ => Err(invalid(path, problems)),
    }
}

fn read(path: &Path) -> Result<Document, ConfigurationError> {
    let text = std::fs::read_to_string(path).map_err(|source| ConfigurationError::Read {
        path: path.display().to_string(),
        source,
    })?;
    serde_yaml_ng::from_str(&text).map_err(|source| ConfigurationError::Syntax {
        path: path.display().to_string(),
        source,
    })
}

fn check(document: Document, problems: &mut Vec<Problem>) -> Option<Configuration> {
    let Document {
        base_url,
        listen,
        tls,
        admin,
        database,
        access_file,
        authentication,
        update_create,
        memory,
    } = document;
    let base_url = required(base_url, "baseUrl", problems);
    let base_url = base_url.and_then(|url| base_url::check(&url, problems));
    let listen = required(listen, "listen", problems);
    let tls = required(tls, "tls", problems);
    if let Some(tls) = &tls {
        listen::check_tls(tls, problems);
    }
    let admin = listen::admin(admin, listen.as_ref(), problems);
    let database = required(database, "database", problems);
    let database = database.and_then(|database| database.resolve(problems));
    let access_file = required(access_file, "accessFile", problems);
    let authentication = required(authentication, "authentication", problems);
    if let Some(authentication) = &authentication {
        authentication.check(problems);
    }
    let memory = Memory::of_configuration(memory.as_ref(), problems);
    let listen = listen?;
    Some(Configuration {
        base_url: base_url?,
        fhir: listen.fhir,
        metrics: listen.metrics,
        tls: tls?,
        admin,
        database: database?,
        access_file: access_file?,
        authentication: authentication?,
        update_create,
        memory,
    })
}

fn required<T>(section: Option<T>, field: &str, problems: &mut Vec<Problem>) -> Option<T> {
    if section.is_none() {
        problems.push(Problem::new(field, "is missing"));
    }
    section
}

fn invalid(path: &Path, problems: Vec<Problem>) -> ConfigurationError {
    let path = path.display().to_string();
    ConfigurationError::Invalid { path, problems }
}
