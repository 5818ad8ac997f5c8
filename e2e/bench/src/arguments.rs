//! The command line.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

use crate::search::Kind;

/// Measures a FHIR server with Synthea patients, and checks its answers.
#[derive(Debug, Parser)]
#[command(name = "brazier-bench", version, about)]
pub struct Arguments {
    /// The directory of Synthea bundles that e2e/bench/synthea/generate prints.
    #[arg(long, value_name = "DIRECTORY")]
    pub data: PathBuf,

    /// The server to start on a PostgreSQL of its own.
    #[arg(long, value_name = "FILE", required_unless_present = "url")]
    pub server: Option<PathBuf>,

    /// Measure this running, empty FHIR server (its base URL) instead; memory, start and database size are not
    /// measured then.
    #[arg(long, value_name = "URL", conflicts_with = "server")]
    pub url: Option<String>,

    /// Clients that work at the same time, each with a connection of its own.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub clients: u16,

    /// How long create, read, the mix of searches, and each part of the floor are measured.
    #[arg(long, default_value_t = 10.0, value_parser = seconds)]
    pub seconds: f64,

    /// How long each kind of search is measured on its own.
    #[arg(long, default_value_t = 3.0, value_parser = seconds)]
    pub kind_seconds: f64,

    /// The longest wait, after the import, for PostgreSQL's own autovacuum to have analyzed what was imported.
    #[arg(long, default_value_t = 90.0, value_parser = seconds_or_none)]
    pub settle_seconds: f64,

    /// What to measure; the import and the checks of the answers always run.
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [Part::Floor, Part::Read, Part::Search, Part::Create])]
    pub parts: Vec<Part>,

    /// The kinds of search to check and measure; all of them if left out.
    #[arg(long, value_enum, value_delimiter = ',')]
    pub kinds: Vec<Kind>,

    /// Check the answers with short phases and measure no floor; the numbers mean nothing.
    #[arg(long)]
    pub quick: bool,

    /// Fail (exit code 1) when a limit is not met, too.
    #[arg(long)]
    pub enforce_limits: bool,

    /// Write the results to this file as JSON.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,

    /// Where the temporary database is made; a disk, since PostgreSQL runs with fsync on.
    #[arg(long, value_name = "DIRECTORY", default_value = "/var/tmp")]
    pub directory: PathBuf,

    /// A further setting of the temporary PostgreSQL, such as log_min_duration_statement=50.
    #[arg(long, value_name = "NAME=VALUE")]
    pub postgres_parameter: Vec<String>,

    /// Leave the temporary directory with the database and the logs of PostgreSQL and the server.
    #[arg(long)]
    pub keep: bool,
}

/// A part of the benchmark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// What PostgreSQL itself reaches.
    Floor,
    /// Reads by id.
    Read,
    /// The kinds of search and their mix.
    Search,
    /// Creates, one resource in each request.
    Create,
}

impl Arguments {
    /// Whether a part is to be measured.
    pub fn measures(&self, part: Part) -> bool {
        self.parts.contains(&part)
    }

    /// The kinds of search to check and measure.
    pub fn kinds(&self) -> Vec<Kind> {
        if self.kinds.is_empty() {
            Kind::value_variants().to_vec()
        } else {
            self.kinds.clone()
        }
    }

    /// How long the phases are, with `--quick` carried out.
    pub fn lengths(&self) -> Lengths {
        if self.quick {
            Lengths {
                phase: 1.0,
                kind: 0.3,
                settle: 0.0,
            }
        } else {
            Lengths {
                phase: self.seconds,
                kind: self.kind_seconds,
                settle: self.settle_seconds,
            }
        }
    }
}

/// How long the phases are, in seconds.
#[derive(Debug, Clone, Copy)]
pub struct Lengths {
    /// Create, read, the mix of searches, each part of the floor.
    pub phase: f64,
    /// Each kind of search.
    pub kind: f64,
    /// The wait for autovacuum.
    pub settle: f64,
}

fn seconds(text: &str) -> Result<f64, String> {
    match seconds_or_none(text) {
        Ok(value) if value >= 0.1 => Ok(value),
        _ => Err("write a number of seconds from 0.1 to 3600".to_owned()),
    }
}

fn seconds_or_none(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if (0.0..=3600.0).contains(&value) => Ok(value),
        _ => Err("write a number of seconds from 0 to 3600".to_owned()),
    }
}
