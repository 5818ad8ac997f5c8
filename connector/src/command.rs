//! The commands. `validate`, `normalize` and `map` work on files and standard input alone; `run` serves.

mod map;
mod normalize;
mod run;
mod validate;

use std::io::{self, BufRead};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::arguments::{Arguments, Command};
use crate::compatibility::Compatibility;
use crate::fhir_service::FhirError;
use crate::mapping::device::DeviceMapping;
use crate::mapping::fhir::FhirMapping;
use crate::mapping::file::InvalidMapping;

/// Why a command could not be carried out at all (exit status 2).
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// A file cannot be read.
    #[error("failed to read {}: {source}", path.display())]
    ReadFile {
        /// Path of the file that could not be read.
        path: PathBuf,
        /// What the operating system answered.
        source: io::Error,
    },
    /// A mapping does not compile.
    #[error("{}", located(path, source))]
    InvalidMapping {
        /// Path of the mapping file that does not compile.
        path: PathBuf,
        /// What is wrong.
        source: InvalidMapping,
    },
    /// The pipeline did not take a message.
    #[error(transparent)]
    Fhir(#[from] FhirError),
    /// The connector does not run.
    #[error(transparent)]
    Run(#[from] run::RunError),
    /// Standard input or output failed.
    #[error("failed to read or write the standard streams: {0}")]
    Stream(#[from] io::Error),
}

fn located(path: &Path, invalid: &InvalidMapping) -> String {
    let lines = invalid
        .errors
        .iter()
        .map(|error| format!("{}: {error}", path.display()));
    lines.collect::<Vec<_>>().join("\n")
}

/// Carries out the command of the command line.
///
/// Exit status: 0 if all went well, 1 if a message had errors, 2 if the command itself or a mapping file is wrong.
pub fn run(arguments: Arguments) -> ExitCode {
    let result = match arguments.command {
        Command::Run(arguments) => run::run(&arguments),
        Command::Validate(arguments) => validate::run(&arguments),
        Command::Normalize(arguments) => normalize::run(&arguments),
        Command::Map(arguments) => map::run(&arguments),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        // A reader that has seen enough (`… | head`) is no failure.
        Err(CommandError::Stream(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

fn read_file(path: &Path) -> Result<String, CommandError> {
    std::fs::read_to_string(path).map_err(|source| CommandError::ReadFile {
        path: path.to_owned(),
        source,
    })
}

fn device_mapping(path: &Path, compatibility: Compatibility) -> Result<DeviceMapping, CommandError> {
    DeviceMapping::compile(&read_file(path)?, compatibility).map_err(|source| CommandError::InvalidMapping {
        path: path.to_owned(),
        source,
    })
}

fn fhir_mapping(path: &Path, compatibility: Compatibility) -> Result<FhirMapping, CommandError> {
    FhirMapping::compile(&read_file(path)?, compatibility).map_err(|source| CommandError::InvalidMapping {
        path: path.to_owned(),
        source,
    })
}

/// The lines of standard input with their numbers, without their ends.
fn lines(input: impl BufRead) -> impl Iterator<Item = io::Result<(usize, Vec<u8>)>> {
    let lines = input.split(b'\n').enumerate();
    lines.map(|(index, line)| {
        let mut line = line?;
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        Ok((index + 1, line))
    })
}
