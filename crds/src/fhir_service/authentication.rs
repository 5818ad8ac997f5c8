//! Whom a FhirService believes: tokens of the cluster's service accounts, and those of OpenID Connect issuers.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::reference::ConfigMapKeyReference;

/// Where tokens may come from. Every token must be made for this service: its audience is checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("self.serviceAccounts || (has(self.issuers) && self.issuers.size() > 0)", "no token would be accepted: set serviceAccounts: true or add an issuer"))]
pub struct Authentication {
    /// Accept tokens of Kubernetes service accounts whose audience is the service's URL.
    #[serde(default = "yes")]
    pub service_accounts: bool,
    /// OpenID Connect issuers whose tokens are accepted, too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["issuer".into()]))]
    pub issuers: Vec<Issuer>,
}

impl Default for Authentication {
    fn default() -> Self {
        Authentication {
            service_accounts: true,
            issuers: Vec::new(),
        }
    }
}

/// One OpenID Connect issuer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Issuer {
    /// The issuer as its tokens name it in `iss`.
    #[schemars(length(max = 512))]
    #[x_kube(validation = ("self.matches('^https://[^/?# ]+[^?# ]*$')", "an issuer is a URL: write https://, the host, and no query or fragment"))]
    pub issuer: String,
    /// A token is accepted if one of its audiences is in this list.
    #[schemars(length(min = 1, max = 16))]
    #[x_kube(merge_strategy = ListMerge::Set, validation = ("self.all(audience, audience.size() > 0 && audience.size() <= 512)", "an audience is a text of 1 to 512 characters"))]
    #[schemars(inner(length(max = 512)))]
    pub audiences: Vec<String>,
    /// Where the issuer publishes its keys (JSON Web Key Set). Without it they are found by OpenID Connect discovery, at
    /// `/.well-known/openid-configuration` below the issuer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    #[x_kube(validation = ("self.matches('^https://[^/?# ]+[^# ]*$')", "keys are fetched over TLS only: write an https:// URL, or leave jwksUri out for discovery"))]
    pub jwks_uri: Option<String>,
    /// Which claims of the issuer's tokens name the principals of RoleAssignments.
    #[serde(default, skip_serializing_if = "ClaimNames::is_empty")]
    pub claims: ClaimNames,
    /// Certificates (PEM) to check the issuer's TLS certificate with, instead of the system's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_bundle_ref: Option<ConfigMapKeyReference>,
}

/// Which claims of an issuer's tokens name the principals of RoleAssignments.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClaimNames {
    /// The claim that names the user; without it, `sub`. `email` counts only with `email_verified`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256))]
    pub user: Option<String>,
    /// The claim that lists the user's groups; without it, `groups`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256))]
    pub groups: Option<String>,
    /// The claim that names the application; without it, `azp`, `client_id` or `appid`, whichever is there first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256))]
    pub client: Option<String>,
}

impl ClaimNames {
    /// True when every name is the default one.
    pub fn is_empty(&self) -> bool {
        *self == ClaimNames::default()
    }
}

fn yes() -> bool {
    true
}
