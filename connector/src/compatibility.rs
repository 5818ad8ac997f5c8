//! The two readings of the mapping language: as microsoft/iomt-fhir reads it, traps included, or with the traps mended.

use serde::Deserialize;

/// How mapping files and messages are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Compatibility {
    /// Texts stay texts, numbers keep their digits, what cannot be right is an error.
    #[default]
    #[serde(alias = "Strict")]
    Strict,
    /// Exactly as microsoft/iomt-fhir, so that mapping files written for it give the same Observations.
    #[serde(alias = "IomtFhir")]
    IomtFhir,
}
