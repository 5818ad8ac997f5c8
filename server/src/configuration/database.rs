//! Where the database is and how to log in: from the `database` section of the file, or from a URL.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use brazier_service::trust;
use serde::Deserialize;
use tokio_postgres::config::{Host, SslMode};

use super::Problem;

/// Connections a server keeps to its database at most, when the configuration does not say.
const DEFAULT_MAX_CONNECTIONS: usize = 16;

/// How long the database works on one statement at most: a little less than a request may take, so that the client hears that
/// this is what took too long.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(55);

/// How to reach and enter the database.
#[derive(Debug, Clone)]
pub struct DatabaseConfiguration {
    /// Name or address; a text that begins with `/` is the directory of a Unix socket.
    pub host: String,
    /// TCP port; for a Unix socket the number in the socket's name.
    pub port: u16,
    /// The database's name.
    pub name: String,
    /// The role to log in as.
    pub user: String,
    /// The role's password, any characters; `None` where the database asks for none.
    pub password: Option<Password>,
    /// TLS towards the database: required when present, and then the server must prove that it is `host`.
    /// Without it the connection is in the clear.
    pub tls: Option<rustls::ClientConfig>,
    /// How many connections the pool may hold.
    pub max_connections: usize,
    /// How long the database works on one statement at most, and waits for the next one of a transaction.
    pub statement_timeout: Duration,
}

/// A password that does not show itself in logs.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// The password itself, to hand to the database.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[password]")
    }
}

/// Why a database URL cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseUrlError {
    /// It is not a URL of PostgreSQL.
    #[error("not a database URL: {0}; write postgres://USER:PASSWORD@HOST:PORT/DATABASE")]
    Syntax(tokio_postgres::Error),
    /// It leaves out something that we do not guess.
    #[error("the database URL names no {0}; write postgres://USER:PASSWORD@HOST:PORT/DATABASE")]
    Missing(&'static str),
    /// It asks for something that only the configuration file can say.
    #[error("the database URL asks for {0}, which a URL cannot set here; use serve --config FILE")]
    Unsupported(&'static str),
}

impl DatabaseConfiguration {
    /// Reads `postgres://USER:PASSWORD@HOST:PORT/DATABASE`, or libpq's `host=… user=…` form. The connection is in
    /// the clear, so this is for trials on one machine.
    pub fn from_url(url: &str) -> Result<DatabaseConfiguration, DatabaseUrlError> {
        use DatabaseUrlError::{Missing, Syntax, Unsupported};
        let parsed: tokio_postgres::Config = url.parse().map_err(Syntax)?;
        if parsed.get_ssl_mode() == SslMode::Require {
            return Err(Unsupported("TLS"));
        }
        if parsed.get_options().is_some() {
            return Err(Unsupported("session options"));
        }
        let host = match parsed.get_hosts() {
            [Host::Tcp(name)] => name.clone(),
            [Host::Unix(directory)] => directory.display().to_string(),
            [] => return Err(Missing("host")),
            _ => return Err(Unsupported("several hosts")),
        };
        let password = parsed.get_password().map(String::from_utf8_lossy);
        let user = parsed.get_user().ok_or(Missing("user"))?;
        Ok(DatabaseConfiguration {
            host,
            port: parsed.get_ports().first().copied().unwrap_or(default_port()),
            name: parsed.get_dbname().unwrap_or(user).to_owned(),
            user: user.to_owned(),
            password: password.map(|password| Password(password.into_owned())),
            tls: None,
            max_connections: DEFAULT_MAX_CONNECTIONS,
            statement_timeout: STATEMENT_TIMEOUT,
        })
    }
}

/// The `database` section of the configuration file.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct DatabaseSection {
    host: String,
    #[serde(default = "default_port")]
    port: u16,
    name: String,
    user: String,
    password_file: Option<PathBuf>,
    ca_file: Option<PathBuf>,
    #[serde(default = "default_max_connections")]
    max_connections: usize,
    /// The role that `migrate` allows to use the tables it makes.
    pub(super) runtime_role: Option<String>,
}

fn default_port() -> u16 {
    5432
}

fn default_max_connections() -> usize {
    DEFAULT_MAX_CONNECTIONS
}

impl DatabaseSection {
    /// Reads the files that the section names; `None` when there is a mistake, which is then in `problems`.
    pub(super) fn resolve(self, problems: &mut Vec<Problem>) -> Option<DatabaseConfiguration> {
        let before = problems.len();
        for (field, value) in [("host", &self.host), ("name", &self.name), ("user", &self.user)] {
            if value.is_empty() {
                problems.push(Problem::new(format!("database.{field}"), "must not be empty"));
            }
        }
        if self.max_connections < 2 {
            let problem = "must be at least 2: requests and the audit trail each need one";
            problems.push(Problem::new("database.maxConnections", problem));
        }
        let password = self.password_file.and_then(|path| {
            let read = std::fs::read_to_string(&path);
            read.map_err(|error| {
                let message = format!("failed to read {}: {error}", path.display());
                problems.push(Problem::new("database.passwordFile", message));
            })
            .ok()
        });
        let tls = self.ca_file.and_then(|path| {
            trust::client(&path)
                .map_err(|error| problems.push(Problem::new("database.caFile", error.to_string())))
                .ok()
        });
        (problems.len() == before).then_some(DatabaseConfiguration {
            host: self.host,
            port: self.port,
            name: self.name,
            user: self.user,
            password: password.map(|text| Password(without_line_end(&text).to_owned())),
            tls,
            max_connections: self.max_connections,
            statement_timeout: STATEMENT_TIMEOUT,
        })
    }
}

/// Editors end a file with a line feed that is no part of the password.
fn without_line_end(text: &str) -> &str {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_gives_host_port_name_user_and_decoded_password() {
        let read =
            DatabaseConfiguration::from_url("postgres://me:p%40ss%2Fw%3A@db.example:5433/fhir").unwrap();
        assert_eq!((read.host.as_str(), read.port), ("db.example", 5433));
        assert_eq!((read.name.as_str(), read.user.as_str()), ("fhir", "me"));
        assert_eq!(read.password.unwrap().expose(), "p@ss/w:");
        assert!(read.tls.is_none());
    }

    #[test]
    fn a_url_may_name_the_directory_of_a_unix_socket() {
        for url in [
            "postgres://me@%2Frun%2Fpg/fhir",
            "host=/run/pg user=me dbname=fhir",
        ] {
            let read = DatabaseConfiguration::from_url(url).unwrap();
            assert_eq!((read.host.as_str(), read.port), ("/run/pg", 5432), "{url}");
            assert_eq!(read.password, None);
        }
    }

    #[test]
    fn a_url_that_cannot_be_honoured_is_refused() {
        for (url, word) in [
            ("mysql", "not a database URL"),
            ("postgres://db/fhir", "names no user"),
            ("user=me", "names no host"),
            ("postgres://me@a,b/fhir", "several hosts"),
            ("postgres://me@a/fhir?sslmode=require", "TLS"),
        ] {
            let refused = DatabaseConfiguration::from_url(url).unwrap_err().to_string();
            assert!(refused.contains(word), "{url}: {refused}");
        }
    }

    #[test]
    fn a_password_file_is_taken_as_it_is_but_for_one_line_end() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        for (content, password) in [
            ("p'a\"s\\s @:/% ", "p'a\"s\\s @:/% "),
            ("abc\n", "abc"),
            ("a\r\n", "a"),
        ] {
            std::fs::write(&file, content).unwrap();
            let section: DatabaseSection = serde_yaml_ng::from_str(&format!(
                "{{host: h, name: n, user: u, passwordFile: {}}}",
                file.display()
            ))
            .unwrap();
            let read = section.resolve(&mut Vec::new()).unwrap();
            assert_eq!(read.password.clone().unwrap().expose(), password);
            assert_eq!(format!("{:?}", read.password), "Some([password])");
        }
    }

    #[test]
    fn every_mistake_of_the_section_is_reported() {
        let section: DatabaseSection = serde_yaml_ng::from_str(
            "{host: '', name: n, user: u, passwordFile: /nowhere/p, caFile: /nowhere/c, maxConnections: 0}",
        )
        .unwrap();
        let mut problems = Vec::new();
        assert!(section.resolve(&mut problems).is_none());
        let fields: Vec<_> = problems.iter().map(|problem| problem.field.as_str()).collect();
        assert_eq!(
            fields,
            [
                "database.host",
                "database.maxConnections",
                "database.passwordFile",
                "database.caFile"
            ]
        );
    }
}
