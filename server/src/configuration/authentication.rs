//! Whose tokens count: the `authentication` section of the configuration file.

use std::path::PathBuf;

use brazier_service::trust;
use serde::Deserialize;

use super::Problem;

/// Whose tokens count; at least one issuer.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AuthenticationConfiguration {
    /// The cluster, for service accounts.
    pub kubernetes: Option<KubernetesIssuer>,
    /// OpenID Connect issuers.
    #[serde(default)]
    pub issuers: Vec<OpenIdIssuer>,
}

/// The cluster's own issuer of service account tokens.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KubernetesIssuer {
    /// The `iss` claim, such as `https://kubernetes.default.svc`.
    pub issuer: String,
    /// The cluster's public keys, a JSON Web Key Set; read again when the file changes.
    pub jwks_file: PathBuf,
    /// The `aud` claim that tokens for this service have: its URL.
    pub audience: String,
}

/// An OpenID Connect issuer.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OpenIdIssuer {
    /// The `iss` claim, and where discovery starts.
    pub issuer: String,
    /// The `aud` claim must hold one of these.
    pub audiences: Vec<String>,
    /// Where the keys are; found by discovery when left out.
    pub jwks_uri: Option<String>,
    /// The certificate authorities of the issuer's web site, PEM; those of the system when left out.
    pub ca_file: Option<PathBuf>,
    /// Which claims name user, groups and client.
    #[serde(default)]
    pub claims: ClaimNames,
}

/// Which claims of an issuer's tokens name the principal.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ClaimNames {
    /// The user, default `sub`.
    pub user: String,
    /// The user's groups, default `groups`.
    pub groups: String,
    /// The application; by default `azp`, `client_id` or `appid`, whichever is there first.
    pub client: Option<String>,
}

impl Default for ClaimNames {
    fn default() -> ClaimNames {
        ClaimNames {
            user: "sub".to_owned(),
            groups: "groups".to_owned(),
            client: None,
        }
    }
}

impl AuthenticationConfiguration {
    /// Puts every mistake of the section into `problems`.
    pub(super) fn check(&self, problems: &mut Vec<Problem>) {
        let mut seen = Vec::new();
        if let Some(kubernetes) = &self.kubernetes {
            check_kubernetes(kubernetes, problems);
            seen.push(kubernetes.issuer.as_str());
        }
        for (position, issuer) in self.issuers.iter().enumerate() {
            let field = format!("authentication.issuers[{position}]");
            check_open_id(&field, issuer, problems);
            if seen.contains(&issuer.issuer.as_str()) {
                problems.push(Problem::new(format!("{field}.issuer"), "is there twice"));
            }
            seen.push(&issuer.issuer);
        }
        if seen.is_empty() {
            let message = "name kubernetes or at least one of issuers; else nobody can get in";
            problems.push(Problem::new("authentication", message));
        }
    }
}

fn check_kubernetes(kubernetes: &KubernetesIssuer, problems: &mut Vec<Problem>) {
    let field = |name: &str| format!("authentication.kubernetes.{name}");
    for (name, value) in [("issuer", &kubernetes.issuer), ("audience", &kubernetes.audience)] {
        if value.is_empty() {
            problems.push(Problem::new(field(name), "must not be empty"));
        }
    }
    let read = std::fs::read(&kubernetes.jwks_file).map_err(|error| error.to_string());
    let keys = read.and_then(|document| {
        crate::authentication::check_key_set(&document).map_err(|error| error.to_string())
    });
    if let Err(error) = keys {
        let message = format!("failed to read {}: {error}", kubernetes.jwks_file.display());
        problems.push(Problem::new(field("jwksFile"), message));
    }
}

fn check_open_id(field: &str, issuer: &OpenIdIssuer, problems: &mut Vec<Problem>) {
    let urls = [
        ("issuer", Some(&issuer.issuer)),
        ("jwksUri", issuer.jwks_uri.as_ref()),
    ];
    for (name, url) in urls {
        if url.is_some_and(|url| !url.starts_with("https://")) {
            problems.push(Problem::new(
                format!("{field}.{name}"),
                "must begin with https://",
            ));
        }
    }
    if issuer.audiences.is_empty() || issuer.audiences.iter().any(String::is_empty) {
        let message = "name at least one audience, such as this service's URL";
        problems.push(Problem::new(format!("{field}.audiences"), message));
    }
    if let Some(Err(error)) = issuer.ca_file.as_deref().map(trust::authorities) {
        problems.push(Problem::new(format!("{field}.caFile"), error.to_string()));
    }
}
