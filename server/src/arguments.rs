//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// A FHIR R4 server over PostgreSQL.
#[derive(Debug, Parser)]
#[command(name = "brazier-server", version, about)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve FHIR until told to stop.
    Serve(ServeArguments),
    /// Bring the database to this version's schema.
    Migrate(FileArgument),
    /// Say what is wrong with a configuration file; exits with 2 if anything is.
    CheckConfig(FileArgument),
}

/// A configuration file.
#[derive(Debug, Args)]
pub struct FileArgument {
    /// The configuration file (YAML).
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
}

/// Either a configuration file, or what a trial on one machine needs.
#[derive(Debug, Args)]
pub struct ServeArguments {
    /// The configuration file (YAML).
    #[arg(long, value_name = "FILE", required_unless_present = "database_url")]
    pub config: Option<PathBuf>,

    /// Without a configuration file: the database, as postgres://USER:PASSWORD@HOST:PORT/DATABASE; its schema is
    /// brought to this version first.
    #[arg(
        long,
        value_name = "URL",
        conflicts_with = "config",
        requires = "no_authentication"
    )]
    pub database_url: Option<String>,

    /// Without a configuration file: where to serve plain HTTP.
    #[arg(
        long,
        value_name = "ADDRESS",
        default_value = "127.0.0.1:8080",
        conflicts_with = "config"
    )]
    pub http: SocketAddr,

    /// Without a configuration file: where to serve /livez, /readyz and /metrics; nowhere if left out.
    #[arg(long, value_name = "ADDRESS", conflicts_with = "config")]
    pub metrics: Option<SocketAddr>,

    /// Let everybody in. Only together with --database-url, and only on a loopback address.
    #[arg(long, conflicts_with = "config")]
    pub no_authentication: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Arguments, clap::Error> {
        Arguments::try_parse_from(line.split(' '))
    }

    #[test]
    fn the_documented_command_lines_are_accepted() {
        for line in [
            "brazier-server serve --config FILE",
            "brazier-server migrate --config FILE",
            "brazier-server check-config --config FILE",
            "brazier-server serve --database-url URL --http 127.0.0.1:8080 --no-authentication",
            "brazier-server serve --database-url URL --no-authentication --metrics 127.0.0.1:0",
        ] {
            parse(line).unwrap();
        }
    }

    #[test]
    fn contradictions_are_refused() {
        for line in [
            "brazier-server serve",
            "brazier-server serve --config FILE --no-authentication",
            "brazier-server serve --config FILE --database-url URL --no-authentication",
            "brazier-server serve --config FILE --http 127.0.0.1:8080",
            "brazier-server serve --database-url URL",
            "brazier-server migrate",
        ] {
            assert_eq!(parse(line).unwrap_err().exit_code(), 2, "{line}");
        }
    }
}
