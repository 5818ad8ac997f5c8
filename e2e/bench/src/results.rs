//! What a run measured, as it is written to the JSON file.

use serde::Serialize;

use crate::environment::ProcessorShare;
use crate::limits::Limit;
use crate::load::Measured;

/// What is added to the name of a phase on a small part of the data.
pub const SMALL: &str = " (small)";

/// Everything that a run measured.
#[derive(Debug, Default, Serialize)]
pub struct Results {
    /// Clients at the same time.
    pub clients: u16,
    /// Processors that the client, the server and the database share.
    pub processors: usize,
    /// What was imported.
    pub data: Data,
    /// The server's process, if it was ours.
    pub server: Option<Process>,
    /// Its database, if it was ours.
    pub database: Option<DatabaseSize>,
    /// What PostgreSQL itself reaches.
    pub floor: Option<FloorRates>,
    /// The phases, in the order they ran.
    pub phases: Vec<Phase>,
    /// Every promise, beside what was measured.
    pub limits: Vec<Limit>,
    /// The first wrong answers of each check, in words; empty when all were right.
    pub wrong: Vec<String>,
}

/// What was imported.
#[derive(Debug, Default, Serialize)]
pub struct Data {
    /// How many bundles.
    pub bundles: usize,
    /// How many resources they hold.
    pub resources: usize,
    /// The size of the bundles as they were sent, in MB (10^6 bytes).
    pub megabytes: f64,
}

/// The server's process.
#[derive(Debug, Serialize)]
pub struct Process {
    /// From exec, on an empty database, to the first answer of /metadata.
    pub start_seconds: f64,
    /// Resident memory before the first request.
    pub idle_mib: f64,
    /// Resident memory at its highest, over the whole run.
    pub peak_mib: f64,
    /// Resident memory a few seconds after the last request.
    pub rest_mib: f64,
}

/// The database after the import.
#[derive(Debug, Serialize)]
pub struct DatabaseSize {
    /// After a checkpoint, in MB (10^6 bytes), without the write-ahead log.
    pub megabytes: f64,
    /// The largest tables (with TOAST) and indexes, in MB.
    pub largest: Vec<(String, f64)>,
}

/// What PostgreSQL itself reaches, by pgbench.
#[derive(Debug, Serialize)]
pub struct FloorRates {
    /// Rows of 1.2 kB with eight index rows inserted, a second.
    pub inserts: f64,
    /// Such rows selected by key, a second.
    pub selects: f64,
}

/// What one phase of the run measured.
#[derive(Debug, Serialize)]
pub struct Phase {
    /// Name of the phase, for example `read` or `search mix`.
    pub name: String,
    /// Right answers a second; for the import, resources a second.
    pub rate: f64,
    /// The rate as a share of the floor it is compared with.
    pub floor_ratio: Option<f64>,
    /// Latencies of the requests in milliseconds: median, 95th and 99th percentile.
    pub milliseconds: [f64; 3],
    /// Requests that failed or were answered wrongly while the clock ran.
    pub failures: u64,
    /// How many processors client, server and database kept busy.
    pub processors: ProcessorShare,
    /// Whether the check found wrong answers.
    pub wrong: bool,
}

impl Phase {
    /// A phase by its measurement.
    pub fn new(name: impl Into<String>, measured: &Measured, floor: Option<f64>) -> Phase {
        let rate = measured.rate();
        Phase {
            name: name.into(),
            rate,
            floor_ratio: floor.map(|floor| rate / floor),
            milliseconds: [0.5, 0.95, 0.99].map(|share| measured.percentile(share)),
            failures: measured.failures,
            processors: ProcessorShare::default(),
            wrong: false,
        }
    }
}
