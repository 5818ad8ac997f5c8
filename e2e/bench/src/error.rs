//! What can keep the benchmark from running. Wrong answers of the server are results, not errors.

use std::path::PathBuf;

/// Why the benchmark could not go on.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// Reading, writing or starting something failed.
    #[error("cannot {what}: {source}")]
    Io {
        /// What was tried.
        what: String,
        /// Why it failed.
        source: std::io::Error,
    },
    /// A program is not installed.
    #[error("{program} is not installed; {advice}")]
    Missing {
        /// What is missing: a program, or a user to run it as.
        program: &'static str,
        /// How to get it.
        advice: &'static str,
    },
    /// A program ran and failed.
    #[error("{command} failed:\n{output}")]
    Command {
        /// Its command line.
        command: String,
        /// What it wrote to standard error.
        output: String,
    },
    /// A program said something we do not understand.
    #[error("{command} printed no {wanted}:\n{output}")]
    Output {
        /// Name of the program that was run.
        command: &'static str,
        /// What we looked for.
        wanted: &'static str,
        /// What it printed.
        output: String,
    },
    /// A bundle is not what Synthea writes.
    #[error("{}: {source}", file.display())]
    Bundle {
        /// Path of the bundle's file.
        file: PathBuf,
        /// Where it is wrong.
        source: serde_json::Error,
    },
    /// The directory has no bundles.
    #[error("{} has no bundles; make them with e2e/bench/synthea/generate", .0.display())]
    NoData(PathBuf),
    /// `--url` is not a base URL.
    #[error("--url {0} is not a base URL; write for example http://127.0.0.1:8080/fhir")]
    Url(String),
    /// The HTTP exchange failed below HTTP.
    #[error("{method} {path}: {reason}")]
    Http {
        /// HTTP method of the request that failed.
        method: http::Method,
        /// The path and query.
        path: String,
        /// What the connection reported, or how long was waited.
        reason: String,
    },
    /// The server ended, or did not answer in time.
    #[error("the server does not answer {path}: {reason}")]
    NotServing {
        /// What was asked.
        path: String,
        /// What it did instead.
        reason: String,
    },
    /// Expectations hold for an empty server only.
    #[error("the server at {0} already holds patients; the answers can only be checked on an empty one")]
    NotEmpty(String),
    /// Nothing could be imported, so there is nothing to measure.
    #[error("no bundle could be imported; the first answer was: {0}")]
    NothingImported(String),
    /// SIGINT or SIGTERM.
    #[error("interrupted")]
    Interrupted,
}

impl BenchError {
    /// Says what an input or output operation was for; to be given to `map_err`.
    pub fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> BenchError {
        let what = what.into();
        |source| BenchError::Io { what, source }
    }
}
