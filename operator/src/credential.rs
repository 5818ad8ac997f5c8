//! Passwords and certificates in Secrets: made once, read ever after.
//!
//! Secrets are read by name and never listed or watched: the operator sees the ones that it made, not those of
//! tenants.

use std::{collections::BTreeMap, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use brazier_crds::condition::reason;
use k8s_openapi::api::core::v1::Secret;
use kube::{
    Api,
    api::{Patch, PatchParams, PostParams},
};
use rustls::crypto::{GetRandomFailed, SecureRandom};
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use crate::{
    apply::{self, may_write},
    certificate::{self, needs_renewal},
    context::Context,
    error::{Category, Failure, Verdict},
    labels::MANAGER,
    manifest::Owner,
    request::{self, RequestError},
    seal::{self, SealKey},
};

/// Why there is no password or certificate.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A request failed.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The Secret of the name belongs to somebody else, or is still going away.
    #[error(transparent)]
    NotOurs(#[from] apply::Error),
    /// A password is not there any more, or another one, and the database knows the one that was.
    #[error(
        "Secret {name} does not hold what Brazier put into it: restore the values that the database uses"
    )]
    Lost {
        /// Name of the Secret.
        name: String,
    },
    /// There is a database from before, and no Secret with its password.
    #[error(
        "{data} is there from before, and the Secret {name} with its password is not: restore the Secret, or delete that \
         {data}"
    )]
    Gone {
        /// Name of the Secret.
        name: String,
        /// Kind and name of what the database has left.
        data: String,
    },
    /// A certificate could not be made.
    #[error("failed to provide the certificate {name}")]
    Certificate {
        /// Name of the Secret.
        name: String,
        /// What kept the certificate from being made.
        source: certificate::Error,
    },
    /// A certificate that was just made is not good.
    #[error("the certificate {name} that was just made is not good: {why}")]
    Useless {
        /// Name of the Secret.
        name: String,
        /// What is wrong with it.
        why: String,
    },
    /// A Secret was built wrongly.
    #[error("Secret {name} was built wrongly: {source}")]
    Malformed {
        /// Name of the Secret.
        name: String,
        /// What does not fit.
        source: serde_json::Error,
    },
    /// The system gives no random numbers.
    #[error("the system gives no random numbers for a password")]
    NoRandomNumbers,
    /// A password could not be marked as ours.
    #[error("Secret {name} could not be sealed")]
    NoSeal {
        /// Name of the Secret.
        name: String,
    },
}

impl Failure for Error {
    fn verdict(&self) -> Verdict {
        match self {
            Error::Request(error) => error.verdict(),
            Error::NotOurs(error) => error.verdict(),
            Error::Lost { .. } | Error::Gone { .. } => {
                Verdict::new(Category::Unreadable, reason::CREDENTIALS_LOST)
            }
            Error::Certificate { .. } | Error::Useless { .. } => {
                Verdict::new(Category::Internal, reason::CERTIFICATE_NOT_MADE)
            }
            Error::Malformed { .. } | Error::NoRandomNumbers | Error::NoSeal { .. } => {
                Verdict::new(Category::Internal, reason::OPERATOR_FAULT)
            }
        }
    }

    fn message(&self) -> String {
        match self {
            Error::Request(error) => error.message(),
            Error::NotOurs(error) => error.message(),
            Error::Certificate { source, .. } => format!("{self}: {source}"),
            _ => self.to_string(),
        }
    }
}

/// Whether the Secret `name` with a password is there, as it was made.
///
/// # Errors
/// If the request fails, the Secret was made by somebody else, or it does not hold what was put into it.
pub async fn has_password(context: &Context, owner: &Owner, name: &str) -> Result<bool, Error> {
    let secrets: Api<Secret> = Api::namespaced(context.client.clone(), &owner.namespace);
    match request::find(&secrets, name).await? {
        Some(live) => check_password(&context.seal_key, owner, &live, name).map(|()| true),
        None => Ok(false),
    }
}

/// Makes the Secret `name` with `username` and a random `password`. It outlives its owner, as the volumes do that need
/// it.
///
/// # Errors
/// If a request fails, as it does when there is one already.
pub async fn make_password(
    context: &Context,
    owner: &Owner,
    name: &str,
    username: &str,
) -> Result<(), Error> {
    let secrets: Api<Secret> = Api::namespaced(context.client.clone(), &owner.namespace);
    let password = password()?;
    let sealed = context
        .seal_key
        .seal(&sealed_parts(
            owner,
            name,
            username.as_bytes(),
            password.as_bytes(),
        ))
        .map_err(|_| Error::NoSeal {
            name: name.to_string(),
        })?;
    let mut metadata = owner.retained_metadata(name);
    metadata.insert("annotations".into(), json!({seal::ANNOTATION: sealed}));
    let document = json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": metadata,
        "type": "kubernetes.io/basic-auth",
        "data": encode([("username", username), ("password", password.as_str())]),
    });
    let secret: Secret = serde_json::from_value(document).map_err(|source| Error::Malformed {
        name: name.to_string(),
        source,
    })?;
    // Created, not applied: a password that exists must never be overwritten, whatever races.
    let parameters = PostParams {
        field_manager: Some(MANAGER.to_string()),
        ..PostParams::default()
    };
    secrets
        .create(&parameters, &secret)
        .await
        .map_err(request::write(format!("Secret {name}")))?;
    Ok(())
}

/// What a password's seal is about: nobody can move it to another name, or put another password under it.
fn sealed_parts<'a>(
    owner: &'a Owner,
    name: &'a str,
    username: &'a [u8],
    password: &'a [u8],
) -> [&'a [u8]; 4] {
    [owner.namespace.as_bytes(), name.as_bytes(), username, password]
}

fn check_password(key: &SealKey, owner: &Owner, live: &Secret, name: &str) -> Result<(), Error> {
    let annotations = live.metadata.annotations.as_ref();
    let Some(sealed) = annotations.and_then(|all| all.get(seal::ANNOTATION)) else {
        return Err(Error::NotOurs(apply::Error::NameTaken {
            kind: "Secret".to_string(),
            name: name.to_string(),
            whose: "was not made by Brazier".to_string(),
        }));
    };
    let bytes = |key: &str| live.data.as_ref()?.get(key).map(|bytes| bytes.0.as_slice());
    let whole = bytes("username").zip(bytes("password"));
    if whole.is_some_and(|(user, password)| key.holds(sealed, &sealed_parts(owner, name, user, password))) {
        Ok(())
    } else {
        Err(Error::Lost {
            name: name.to_string(),
        })
    }
}

/// Makes or renews the Secret `name` with a server certificate for `names`, and says how long it is good.
///
/// # Errors
/// If a request fails or the certificate cannot be signed.
pub async fn ensure_certificate(
    context: &Context,
    owner: &Owner,
    name: &str,
    names: &[String],
) -> Result<Duration, Error> {
    let authority = &context.authority;
    let secrets: Api<Secret> = Api::namespaced(context.client.clone(), &owner.namespace);
    let now = OffsetDateTime::now_utc();
    if let Some(live) = &request::find(&secrets, name).await? {
        may_write(owner, "Secret", name, &json!(live.metadata))?;
        let owned = live
            .metadata
            .owner_references
            .iter()
            .flatten()
            .any(|reference| reference.uid == owner.uid);
        let good = entry(live, "tls.crt")
            .ok_or_else(|| "it is not there".to_string())
            .and_then(|certificate| needs_renewal(&certificate, names, now));
        match good {
            Ok(left) if owned && entry(live, "ca.crt").as_deref() == Some(&authority.bundle) => {
                return Ok(whole(left));
            }
            Ok(_) => {}
            Err(why) => tracing::info!(
                namespace = owner.namespace,
                secret = name,
                why,
                "renewing a certificate"
            ),
        }
    }
    let leaf = authority
        .sign_server(names, now)
        .map_err(|source| Error::Certificate {
            name: name.to_string(),
            source,
        })?;
    let document = json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": owner.metadata(name),
        "type": "kubernetes.io/tls",
        "data": encode([
            ("tls.crt", leaf.certificate.as_str()),
            ("tls.key", leaf.key.as_str()),
            ("ca.crt", authority.bundle.as_str()),
        ]),
    });
    let parameters = PatchParams::apply(MANAGER).force();
    secrets
        .patch(name, &parameters, &Patch::Apply(&document))
        .await
        .map_err(request::write(format!("Secret {name}")))?;
    needs_renewal(&leaf.certificate, names, now)
        .map(whole)
        .map_err(|why| Error::Useless {
            name: name.to_string(),
            why,
        })
}

/// A certificate that is due already is good for no time at all.
fn whole(left: time::Duration) -> Duration {
    Duration::try_from(left).unwrap_or_default()
}

fn entry(secret: &Secret, key: &str) -> Option<String> {
    let bytes = secret.data.as_ref()?.get(key)?;
    String::from_utf8(bytes.0.clone()).ok()
}

fn encode<'a>(entries: impl IntoIterator<Item = (&'a str, &'a str)>) -> Map<String, Value> {
    let encoded: BTreeMap<&str, String> = entries
        .into_iter()
        .map(|(name, text)| (name, STANDARD.encode(text)))
        .collect();
    encoded
        .into_iter()
        .map(|(name, text)| (name.to_string(), json!(text)))
        .collect()
}

/// 192 random bits as 32 letters, digits and two signs that need no escaping anywhere.
fn password() -> Result<String, Error> {
    let mut bytes = [0_u8; 24];
    let generator: &dyn SecureRandom = rustls::crypto::ring::default_provider().secure_random;
    generator
        .fill(&mut bytes)
        .map_err(|GetRandomFailed| Error::NoRandomNumbers)?;
    Ok(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_long_and_differ() {
        let (one, other) = (password().unwrap(), password().unwrap());
        assert_eq!(one.len(), 32);
        assert_ne!(one, other);
    }
}
