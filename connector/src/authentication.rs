//! Who pushes: the token of a Kubernetes service account, checked against the cluster's public keys
//! (<https://kubernetes.io/docs/reference/access-authn-authz/authentication/#service-account-tokens>).

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use brazier_service::files::FollowedFiles;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;

use crate::configuration::KubernetesTokens;

/// A service account.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
pub struct ServiceAccount {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// Why a request has no principal; every one is answered with 401. Nothing of the token is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthenticationError {
    /// No token.
    #[error("the request carries no token; send Authorization: Bearer TOKEN")]
    Missing,
    /// No JSON Web Token, or one without the claims of a service account.
    #[error("the token is not one of a Kubernetes service account")]
    Malformed,
    /// Not signed by the cluster.
    #[error("the token is not signed with a key of the cluster")]
    Signature,
    /// Of another issuer.
    #[error("the token's issuer is not the cluster")]
    Issuer,
    /// For another service.
    #[error("the token was issued for another service; ask for one with this connector's audience")]
    Audience,
    /// Over, or not begun.
    #[error("the token has expired, or is not valid yet")]
    Time,
}

/// Why a key set cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeySetError {
    /// It cannot be read.
    #[error("failed to read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is no JSON Web Key Set.
    #[error("failed to understand {}: {source}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
}

/// Checks tokens with the keys that the file holds now.
pub struct Authenticator {
    settings: KubernetesTokens,
    keys: ArcSwap<Vec<Key>>,
}

struct Key {
    id: Option<String>,
    algorithms: &'static [Algorithm],
    verifying: DecodingKey,
}

impl Authenticator {
    /// Knows no keys until [`Self::follow`] has read them.
    pub fn new(settings: KubernetesTokens) -> Self {
        Self {
            settings,
            keys: ArcSwap::default(),
        }
    }

    /// Reads the key file whenever it changes. A file that cannot be used leaves the last keys in use.
    pub async fn follow(&self) {
        let mut file = FollowedFiles::new(vec![self.settings.jwks_file.clone()]);
        loop {
            file.changed().await;
            match read_keys(&self.settings.jwks_file) {
                Ok(keys) => {
                    tracing::info!(keys = keys.len(), "read the cluster's keys");
                    self.keys.store(Arc::new(keys));
                }
                Err(error) => tracing::warn!(%error, "the keys in use stay"),
            }
        }
    }

    /// The service account that an `Authorization` header speaks for.
    pub fn authenticate(&self, authorization: Option<&str>) -> Result<ServiceAccount, AuthenticationError> {
        let (scheme, token) = authorization
            .and_then(|header| header.split_once(' '))
            .ok_or(AuthenticationError::Missing)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(AuthenticationError::Missing);
        }
        let token = token.trim();
        let header = decode_header(token).map_err(|_malformed| AuthenticationError::Malformed)?;
        let keys = self.keys.load();
        let fitting = |key: &&Key| {
            let named = header.kid.is_none() || key.id.is_none() || key.id == header.kid;
            named && key.algorithms.contains(&header.alg)
        };
        let mut validation = Validation::new(header.alg);
        validation.set_audience(&[&self.settings.audience]);
        validation.set_issuer(&[&self.settings.issuer]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.validate_nbf = true;
        validation.leeway = 5;
        let mut refused = AuthenticationError::Signature;
        for key in keys.iter().filter(fitting) {
            match decode::<Claims>(token, &key.verifying, &validation) {
                Ok(token) => return token.claims.service_account(),
                Err(error) => refused = refusal(error.kind()),
            }
            if refused != AuthenticationError::Signature {
                break;
            }
        }
        Err(refused)
    }
}

fn refusal(kind: &ErrorKind) -> AuthenticationError {
    match kind {
        ErrorKind::InvalidSignature => AuthenticationError::Signature,
        ErrorKind::InvalidAudience => AuthenticationError::Audience,
        ErrorKind::InvalidIssuer => AuthenticationError::Issuer,
        ErrorKind::ExpiredSignature | ErrorKind::ImmatureSignature => AuthenticationError::Time,
        _ => AuthenticationError::Malformed,
    }
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
    #[serde(rename = "kubernetes.io")]
    kubernetes: KubernetesClaim,
}

#[derive(Deserialize)]
struct KubernetesClaim {
    namespace: String,
    serviceaccount: NamedObject,
}

#[derive(Deserialize)]
struct NamedObject {
    name: String,
}

impl Claims {
    fn service_account(self) -> Result<ServiceAccount, AuthenticationError> {
        let account = ServiceAccount {
            namespace: self.kubernetes.namespace,
            name: self.kubernetes.serviceaccount.name,
        };
        let subject = format!("system:serviceaccount:{}:{}", account.namespace, account.name);
        if self.sub == subject {
            Ok(account)
        } else {
            Err(AuthenticationError::Malformed)
        }
    }
}

fn read_keys(path: &Path) -> Result<Vec<Key>, KeySetError> {
    #[derive(Deserialize)]
    struct Document {
        keys: Vec<serde_json::Value>,
    }
    let text = std::fs::read(path).map_err(|source| KeySetError::Read {
        path: path.to_owned(),
        source,
    })?;
    let document: Document = serde_json::from_slice(&text).map_err(|source| KeySetError::Syntax {
        path: path.to_owned(),
        source,
    })?;
    Ok(document.keys.into_iter().filter_map(usable).collect())
}

/// A key that verifies signatures, with the algorithms that its kind is for; shared secrets are not among them.
fn usable(key: serde_json::Value) -> Option<Key> {
    let key: Jwk = serde_json::from_value(key).ok()?;
    if !matches!(key.common.public_key_use, None | Some(PublicKeyUse::Signature)) {
        return None;
    }
    let algorithms: &[Algorithm] = match &key.algorithm {
        AlgorithmParameters::RSA(_) => &[Algorithm::RS256, Algorithm::RS384, Algorithm::RS512],
        AlgorithmParameters::EllipticCurve(parameters) => match parameters.curve {
            EllipticCurve::P256 => &[Algorithm::ES256],
            EllipticCurve::P384 => &[Algorithm::ES384],
            _ => return None,
        },
        AlgorithmParameters::OctetKeyPair(_) => &[Algorithm::EdDSA],
        _ => return None,
    };
    let verifying = DecodingKey::from_jwk(&key).ok()?;
    Some(Key {
        id: key.common.key_id,
        algorithms,
        verifying,
    })
}
