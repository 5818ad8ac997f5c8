//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::compatibility::Compatibility;
use crate::identity::IdentityResolution;

/// Turns device messages into FHIR Observations.
#[derive(Debug, Parser)]
#[command(name = "brazier-connector", version)]
pub struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Take device messages and write Observations until SIGTERM.
    Run(RunArguments),
    /// Check mapping files. Exits with 0, or with 2 and messages on stderr.
    Validate(ValidateArguments),
    /// Read one JSON message a line from stdin and print its measurements. Exits with 0, or with 1 if any line had errors.
    Normalize(NormalizeArguments),
    /// Read one JSON message a line from stdin and print the Observations that an empty FHIR service would contain afterwards.
    Map(MapArguments),
}

#[derive(Debug, clap::Args)]
pub(crate) struct RunArguments {
    /// The configuration file (YAML).
    #[arg(long)]
    pub(crate) config: PathBuf,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ValidateArguments {
    /// The device mapping file (CollectionContent).
    #[arg(long)]
    pub(crate) device_mapping: PathBuf,
    /// The FHIR mapping file (CollectionFhir).
    #[arg(long)]
    pub(crate) fhir_mapping: Option<PathBuf>,
    /// How mappings are read.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) compatibility: Compatibility,
}

#[derive(Debug, clap::Args)]
pub(crate) struct NormalizeArguments {
    /// The device mapping file (CollectionContent).
    #[arg(long)]
    pub(crate) device_mapping: PathBuf,
    /// How mappings and messages are read.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) compatibility: Compatibility,
}

#[derive(Debug, clap::Args)]
pub(crate) struct MapArguments {
    /// The device mapping file (CollectionContent).
    #[arg(long)]
    pub(crate) device_mapping: PathBuf,
    /// The FHIR mapping file (CollectionFhir).
    #[arg(long)]
    pub(crate) fhir_mapping: PathBuf,
    /// How devices and patients are found.
    #[arg(long, value_parser = identity_resolution)]
    pub(crate) identity: IdentityResolution,
    /// How mappings and messages are read.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) compatibility: Compatibility,
}

/// The name of an identity resolution, in any case, with or without hyphens.
fn identity_resolution(text: &str) -> Result<IdentityResolution, String> {
    match text.replace('-', "").to_ascii_lowercase().as_str() {
        "create" => Ok(IdentityResolution::Create),
        "lookup" => Ok(IdentityResolution::Lookup),
        "lookupwithencounter" => Ok(IdentityResolution::LookupWithEncounter),
        _ => Err("expected create, lookup or lookup-with-encounter".to_owned()),
    }
}
