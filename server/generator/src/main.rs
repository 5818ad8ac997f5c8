//! Reads the official FHIR R4 package and writes the facts that the server is built with, one compact
//! text file for each kind of definition. `--check` only tells which files are out of date.

mod compartments;
mod package;
mod primitive_regexes;
mod resource_types;
mod search_parameters;
mod structures;
mod value_sets;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;

use package::{Package, PackageError};

/// Writes the definitions that the server is built with.
#[derive(Parser)]
struct Arguments {
    /// The unpacked npm package hl7.fhir.r4.examples 4.0.1 (its folder `package`).
    #[arg(long)]
    package: PathBuf,
    /// The folder that the files are written to.
    #[arg(long, default_value = "server/definitions")]
    output: PathBuf,
    /// Write nothing; fail when a file is not what would be written.
    #[arg(long)]
    check: bool,
}

/// Makes the text of one file from the package.
type Facts = fn(&Package) -> Result<String, PackageError>;

/// All files, with what makes them.
const FILES: &[(&str, Facts)] = &[
    ("resource-types.txt", resource_types::facts),
    ("search-parameters.tsv", search_parameters::facts),
    ("compartments.tsv", compartments::facts),
    ("structures.txt", structures::facts),
    ("value-sets.tsv", value_sets::facts),
    ("primitive-regexes.tsv", primitive_regexes::facts),
];

/// Why the files could not be written.
#[derive(Debug, thiserror::Error)]
enum GenerateError {
    #[error("failed to read the package")]
    Package(#[from] PackageError),
    #[error("failed to write {path}")]
    Write { path: PathBuf, source: std::io::Error },
    #[error("{0} is not what the package says; run `make generate`")]
    Stale(PathBuf),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let mut cause: Option<&dyn std::error::Error> = Some(&error);
            while let Some(current) = cause {
                eprintln!("{current}");
                cause = current.source();
            }
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), GenerateError> {
    let package = Package::open(&arguments.package)?;
    for (name, facts) in FILES {
        let path = arguments.output.join(name);
        let text = facts(&package)?;
        if arguments.check {
            check(&path, &text)?;
        } else {
            std::fs::write(&path, text).map_err(|source| GenerateError::Write { path, source })?;
        }
    }
    Ok(())
}

fn check(path: &Path, text: &str) -> Result<(), GenerateError> {
    match std::fs::read_to_string(path) {
        Ok(present) if present == text => Ok(()),
        _ => Err(GenerateError::Stale(path.to_path_buf())),
    }
}
