//! Whose tokens count, as configuration files name them.

use std::path::PathBuf;

use serde::Deserialize;

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
