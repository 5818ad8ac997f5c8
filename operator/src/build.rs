//! Parts of the build stage that are the same whichever kind an object is made for. Pure.

pub mod account;
pub mod configuration;
pub mod connection;
pub mod disruption_budget;
pub mod network_policy;
pub mod pod;
pub mod service;

use brazier_crds::condition::reason;

use crate::error::{Category, Failure, Verdict};

/// Why objects were not built.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A configuration file cannot be written as YAML.
    #[error("failed to write the configuration file {file}: {source}")]
    Configuration {
        /// Name of the file.
        file: &'static str,
        /// What the YAML writer answered.
        source: serde_yaml_ng::Error,
    },
}

impl Failure for Error {
    fn verdict(&self) -> Verdict {
        match self {
            Error::Configuration { .. } => {
                Verdict::new(Category::Internal, reason::CONFIGURATION_NOT_WRITTEN)
            }
        }
    }
}

/// Writes a configuration file as YAML.
///
/// # Errors
/// If it cannot be.
pub fn configuration_file(file: &'static str, document: &serde_json::Value) -> Result<String, Error> {
    serde_yaml_ng::to_string(document).map_err(|source| Error::Configuration { file, source })
}
