//! `brazier-bench`: loads a FHIR server with Synthea patients, checks its answers, and measures it beside the
//! floor that PostgreSQL itself sets on the same machine in the same run. See docs/benchmarks.md.

use std::process::ExitCode;

use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};

use crate::arguments::Arguments;
use crate::error::BenchError;

mod arguments;
mod client;
mod data;
mod environment;
mod error;
mod floor;
mod limits;
mod load;
mod phase;
mod population;
mod report;
mod results;
mod run;
mod search;
mod session;

/// One thread: the client shares the processors with the server and the database, so it has to be small.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match until_signal(&arguments).await {
        Ok(verdict) => verdict.exit_code(),
        Err(error) => {
            eprintln!("brazier-bench: {error}");
            ExitCode::from(2)
        }
    }
}

/// Runs the benchmark. A signal ends it early; whatever it started is stopped when its values are dropped.
async fn until_signal(arguments: &Arguments) -> Result<run::Verdict, BenchError> {
    let mut terminate = signal(SignalKind::terminate()).map_err(BenchError::io("listen for SIGTERM"))?;
    tokio::select! {
        verdict = run::run(arguments) => verdict,
        _ = tokio::signal::ctrl_c() => Err(BenchError::Interrupted),
        _ = terminate.recv() => Err(BenchError::Interrupted),
    }
}
