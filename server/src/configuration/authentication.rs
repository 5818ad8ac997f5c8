//! Whose tokens count: the `authentication` section of the configuration file.

use brazier_access::token::{KeySet, KubernetesIssuer, OpenIdIssuer};
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
                problems.push(Problem::new(format!("{field}.issuer"), "is listed twice"));
            }
            seen.push(&issuer.issuer);
        }
        if seen.is_empty() {
            let message = "name kubernetes or at least one of issuers; otherwise no token is accepted";
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
    let keys = read.and_then(|document| KeySet::parse(&document).map_err(|error| error.to_string()));
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
