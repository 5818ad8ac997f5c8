//! Passwords and certificates in Secrets: made once, read ever after.
//!
//! Secrets are read by name and never listed or watched: the operator sees the ones that it made, not those of
//! tenants.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use k8s_openapi::api::core::v1::Secret;
use kube::{
    Api, Client,
    api::{Patch, PatchParams, PostParams},
};
use rustls::crypto::SecureRandom;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use crate::{
    apply::may_write,
    certificate::{Authority, needs_renewal},
    error::Error,
    labels::MANAGER,
    manifest::Owner,
};

/// Makes the Secret `name` with `username` and a random `password`, unless it is there. It outlives its owner,
/// as the volumes do that need it.
///
/// # Errors
/// If a request fails, or a Secret of that name was made by somebody else.
pub async fn ensure_password(
    client: &Client,
    owner: &Owner,
    name: &str,
    username: &str,
) -> Result<(), Error> {
    let what = format!("Secret {name}");
    let secrets: Api<Secret> = Api::namespaced(client.clone(), &owner.namespace);
    let live = secrets.get_opt(name).await.map_err(|source| Error::Read {
        what: what.clone(),
        source,
    })?;
    if let Some(live) = live {
        return check_password(&live, name);
    }
    let document = json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": owner.retained_metadata(name),
        "type": "kubernetes.io/basic-auth",
        "data": encode([("username", username), ("password", password()?.as_str())]),
    });
    let secret: Secret = serde_json::from_value(document).map_err(|error| Error::Unreadable {
        what: what.clone(),
        message: error.to_string(),
    })?;
    // Created, not applied: a password that exists must never be overwritten, whatever races.
    let parameters = PostParams {
        field_manager: Some(MANAGER.to_string()),
        ..PostParams::default()
    };
    secrets
        .create(&parameters, &secret)
        .await
        .map_err(|source| Error::Write { what, source })?;
    Ok(())
}

fn check_password(live: &Secret, name: &str) -> Result<(), Error> {
    let made_by_us = live
        .metadata
        .labels
        .iter()
        .flatten()
        .any(|(label, value)| label == "app.kubernetes.io/managed-by" && value == MANAGER);
    if !made_by_us {
        return Err(Error::NameTaken {
            kind: "Secret".to_string(),
            name: name.to_string(),
            whose: "was not made by Brazier".to_string(),
        });
    }
    if live
        .data
        .as_ref()
        .is_none_or(|data| !data.contains_key("password") || !data.contains_key("username"))
    {
        return Err(Error::Invalid(format!(
            "Secret {name} has lost its username or password: put back the one that the database knows"
        )));
    }
    Ok(())
}

/// Makes or renews the Secret `name` with a server certificate for `names`, and says how long it is good.
///
/// # Errors
/// If a request fails or the certificate cannot be signed.
pub async fn ensure_certificate(
    client: &Client,
    authority: &Authority,
    owner: &Owner,
    name: &str,
    names: &[String],
) -> Result<time::Duration, Error> {
    let what = format!("Secret {name}");
    let secrets: Api<Secret> = Api::namespaced(client.clone(), &owner.namespace);
    let now = OffsetDateTime::now_utc();
    let live = secrets.get_opt(name).await.map_err(|source| Error::Read {
        what: what.clone(),
        source,
    })?;
    if let Some(live) = &live {
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
                return Ok(left);
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
            what: name.into(),
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
        .map_err(|source| Error::Write { what, source })?;
    needs_renewal(&leaf.certificate, names, now).map_err(|why| Error::Unreadable {
        what: format!("certificate {name}"),
        message: why,
    })
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
    random(&mut bytes).map_err(|message| Error::Unreadable {
        what: "the system's random numbers".into(),
        message,
    })?;
    Ok(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes))
}

fn random(bytes: &mut [u8]) -> Result<(), String> {
    let generator: &dyn SecureRandom = rustls::crypto::ring::default_provider().secure_random;
    generator
        .fill(bytes)
        .map_err(|_: rustls::crypto::GetRandomFailed| "they cannot be had".to_string())
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
