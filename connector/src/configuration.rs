//! The configuration file of `run`: YAML, written by the operator or by hand, read once at start. The files that it names are
//! followed while the connector runs.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use brazier_access::token::KubernetesIssuer;
use brazier_service::trust::TlsFiles;
use serde::Deserialize;

use crate::compatibility::Compatibility;
use crate::identity::IdentityResolution;

/// The whole file.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Configuration {
    /// Where device messages come from.
    pub source: Source,
    /// The device mapping (CollectionContent).
    pub device_mapping_file: PathBuf,
    /// The FHIR mapping (CollectionFhir).
    pub fhir_mapping_file: PathBuf,
    /// How mappings and messages are read.
    #[serde(default)]
    pub compatibility: Compatibility,
    /// The FHIR services that Observations are written to, each of them every one.
    pub destinations: Vec<Destination>,
    /// Where the connector itself is asked how it is.
    pub listen: Listen,
}

/// Where device messages come from.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Source {
    /// Devices or gateways push.
    pub http: HttpSource,
}

/// Device messages by `POST /`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HttpSource {
    /// Address and port.
    pub listen: SocketAddr,
    /// May be left out on a loopback address only.
    pub tls: Option<TlsFiles>,
    /// May be left out on a loopback address only.
    pub authentication: Option<Authentication>,
}

/// Who may push.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Authentication {
    /// Tokens of Kubernetes service accounts.
    pub kubernetes: KubernetesIssuer,
    /// The access policy that the operator compiles from RoleAssignments.
    pub access_file: PathBuf,
}

/// One FHIR service.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Destination {
    /// Its name in answers, metrics and logs.
    pub name: String,
    /// Its base URL.
    pub url: String,
    /// The authorities that its certificate is checked with; without it those of the system.
    pub ca_file: Option<PathBuf>,
    /// The token that is sent with every request.
    pub token_file: Option<PathBuf>,
    /// How devices and patients are found.
    pub identity_resolution: IdentityResolution,
}

/// Where the connector itself is asked how it is.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Listen {
    /// Probes, metrics and status.
    pub metrics: SocketAddr,
}

/// Why a configuration file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigurationError {
    /// It cannot be read.
    #[error("failed to read {}: {source}", path.display())]
    Read {
        /// Path of the configuration file that could not be read.
        path: PathBuf,
        /// What the operating system answered.
        source: std::io::Error,
    },
    /// It is not as documented.
    #[error("failed to understand {}: {source}", path.display())]
    Syntax {
        /// Path of the configuration file that is not as documented.
        path: PathBuf,
        /// Where and why.
        source: serde_yaml_ng::Error,
    },
    /// It asks for something that is not allowed.
    #[error("{}: {message}", path.display())]
    Refused {
        /// Path of the configuration file that asks for it.
        path: PathBuf,
        /// What is wrong and what to write instead.
        message: String,
    },
}

impl Configuration {
    /// Reads and checks a file.
    pub fn read(path: &Path) -> Result<Self, ConfigurationError> {
        let text = std::fs::read_to_string(path).map_err(|source| ConfigurationError::Read {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&text, path)
    }

    fn parse(text: &str, path: &Path) -> Result<Self, ConfigurationError> {
        let configuration: Self =
            serde_yaml_ng::from_str(text).map_err(|source| ConfigurationError::Syntax {
                path: path.to_owned(),
                source,
            })?;
        match configuration.refused() {
            Some(message) => Err(ConfigurationError::Refused {
                path: path.to_owned(),
                message,
            }),
            None => Ok(configuration),
        }
    }

    fn refused(&self) -> Option<String> {
        let http = &self.source.http;
        let loopback = http.listen.ip().to_canonical().is_loopback();
        if !loopback && http.tls.is_none() {
            return Some(format!(
                "source.http.tls is required, because {} is not a loopback address",
                http.listen
            ));
        }
        if !loopback && http.authentication.is_none() {
            let listen = http.listen;
            return Some(format!(
                "source.http.authentication is required, because {listen} is not a loopback address"
            ));
        }
        if self.destinations.is_empty() {
            return Some("destinations must name at least one FHIR service".to_owned());
        }
        let mut names = HashSet::new();
        for destination in &self.destinations {
            if destination.name.is_empty() || !names.insert(&destination.name) {
                return Some(format!(
                    "destinations: the name {:?} is empty or given twice",
                    destination.name
                ));
            }
            match reqwest::Url::parse(&destination.url) {
                Ok(url) if matches!(url.scheme(), "https" | "http") && url.has_host() => {
                    if url.scheme() == "http" && destination.token_file.is_some() && !is_loopback(&url) {
                        let name = &destination.name;
                        return Some(format!(
                            "destinations: {name}: a token is sent over https only; write https://…"
                        ));
                    }
                }
                _ => {
                    return Some(format!(
                        "destinations: {:?} is not an http or https URL",
                        destination.url
                    ));
                }
            }
        }
        None
    }
}

fn is_loopback(url: &reqwest::Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests;
