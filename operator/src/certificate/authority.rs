//! The certificate authority: one for each operator, kept in a Secret of the operator's namespace.
//!
//! Its certificate lives ten years. What clients are given to trust is a bundle (`ca.crt`): to change the
//! authority, the next certificate is put into the bundle first, leaves are signed by it only after every client
//! has had the time to read the bundle, and the old one leaves the bundle after the last leaf that it signed has
//! ended. Leaves are signed by `tls.crt`, so the two steps are two writes of this Secret.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use k8s_openapi::{ByteString, api::core::v1::Secret};
use kube::{
    Api, Client,
    api::{ObjectMeta, Patch, PatchParams, PostParams},
};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use serde_json::json;
use time::{Duration, OffsetDateTime};

use super::{Error, Leaf, Purpose};
use crate::{
    labels::{self, MANAGER},
    seal::SealKey,
};

/// Name of the Secret.
const SECRET: &str = "brazier-certificate-authority";
const LIFE: Duration = Duration::days(3650);
/// Key of the Secret that holds the key of seals.
const SEAL_KEY: &str = "seal.key";

/// The operator's certificate authority, which signs all leaves.
#[derive(Debug)]
pub struct Authority {
    /// What clients trust (PEM, perhaps several certificates).
    pub bundle: String,
    issuer: Issuer<'static, KeyPair>,
    client_life: Duration,
    client: Mutex<ClientLeaf>,
}

/// The operator's own certificate, and when the next one is due.
#[derive(Debug)]
struct ClientLeaf {
    leaf: Leaf,
    due: OffsetDateTime,
}

impl Authority {
    /// Makes a new one.
    ///
    /// # Errors
    /// If the key or certificate cannot be made.
    pub fn create(now: OffsetDateTime) -> Result<(String, String), Error> {
        let key = KeyPair::generate()?;
        let mut parameters = CertificateParams::new(Vec::<String>::new())?;
        parameters
            .distinguished_name
            .push(DnType::CommonName, "Brazier certificate authority");
        parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        parameters.not_before = now - Duration::minutes(5);
        parameters.not_after = now + LIFE;
        Ok((parameters.self_signed(&key)?.pem(), key.serialize_pem()))
    }

    /// Takes one up from what the Secret holds. The operator's own certificates live for `client_life` each.
    ///
    /// # Errors
    /// If certificate or key cannot be read.
    pub fn from_pem(
        certificate: &str,
        key: &str,
        bundle: &str,
        client_life: Duration,
        now: OffsetDateTime,
    ) -> Result<Self, Error> {
        let issuer = Issuer::from_ca_cert_pem(certificate, KeyPair::from_pem(key)?)?;
        let client = ClientLeaf::sign(&issuer, client_life, now)?;
        Ok(Authority {
            bundle: bundle.to_string(),
            issuer,
            client_life,
            client: Mutex::new(client),
        })
    }

    /// The client certificate that servers let push policies, another one once two thirds of its life are over.
    ///
    /// # Errors
    /// If the next one cannot be signed.
    pub fn client(&self, now: OffsetDateTime) -> Result<Leaf, Error> {
        // A thread that panicked while it held the lock left a whole certificate behind.
        let mut client = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        if now >= client.due {
            *client = ClientLeaf::sign(&self.issuer, self.client_life, now)?;
            tracing::info!("renewed the operator's own certificate");
        }
        Ok(client.leaf.clone())
    }

    /// Signs a server certificate for `names`, of which the first is its common name.
    ///
    /// # Errors
    /// If a name cannot be in a certificate.
    pub fn sign_server(&self, names: &[String], now: OffsetDateTime) -> Result<Leaf, Error> {
        let common_name = names.first().map_or("brazier", String::as_str);
        Leaf::sign(
            &self.issuer,
            common_name,
            names,
            Purpose::Server,
            super::leaf::LIFE,
            now,
        )
    }
}

impl ClientLeaf {
    fn sign(issuer: &Issuer<'static, KeyPair>, life: Duration, now: OffsetDateTime) -> Result<Self, Error> {
        Ok(ClientLeaf {
            leaf: Leaf::sign(issuer, labels::OPERATOR_NAME, &[], Purpose::Client, life, now)?,
            due: now + life * 2 / 3,
        })
    }
}

/// Reads the authority of this operator and the key of its seals, or makes them when there are none. Two operators that
/// start at once get the same: what is there is never overwritten.
///
/// # Errors
/// If the Secret cannot be read, written or understood.
pub async fn load_or_create(
    client: &Client,
    namespace: &str,
    client_life: Duration,
) -> Result<(Authority, SealKey), Error> {
    let secrets: Api<Secret> = Api::namespaced(client.clone(), namespace);
    let now = OffsetDateTime::now_utc();
    let secret = match secrets.get_opt(SECRET).await? {
        Some(secret) => secret,
        None => {
            let (certificate, key) = Authority::create(now)?;
            match secrets.create(&parameters(), &secret(&certificate, &key)).await {
                Ok(secret) => secret,
                Err(kube::Error::Api(status)) if status.code == 409 => secrets.get(SECRET).await?,
                Err(error) => return Err(error.into()),
            }
        }
    };
    let (secret, seal_key) = seal_key(&secrets, secret).await?;
    let entry = |key: &str| {
        let bytes = secret.data.as_ref().and_then(|data| data.get(key));
        bytes
            .and_then(|bytes| std::str::from_utf8(&bytes.0).ok())
            .ok_or_else(|| Error::Read(format!("Secret {namespace}/{SECRET} has no readable {key}")))
    };
    let (certificate, key, bundle) = (entry("tls.crt")?, entry("tls.key")?, entry("ca.crt")?);
    let authority = Authority::from_pem(certificate, key, bundle, client_life, now)?;
    Ok((authority, seal_key))
}

/// The key of seals, which is put into the Secret if it is not in there.
async fn seal_key(secrets: &Api<Secret>, secret: Secret) -> Result<(Secret, SealKey), Error> {
    let kept = |secret: &Secret| {
        let bytes = secret.data.as_ref()?.get(SEAL_KEY)?;
        SealKey::from_bytes(&bytes.0)
    };
    if let Some(key) = kept(&secret) {
        return Ok((secret, key));
    }
    let key = SealKey::create().map_err(|_| Error::Read("the system gives no random numbers".into()))?;
    let bytes = ByteString(key.as_bytes().to_vec());
    // With the version that was read: whoever is first has made the key.
    let change =
        json!({"metadata": {"resourceVersion": secret.metadata.resource_version}, "data": {SEAL_KEY: bytes}});
    match secrets
        .patch(SECRET, &PatchParams::default(), &Patch::Merge(change))
        .await
    {
        Ok(secret) => Ok((secret, key)),
        Err(kube::Error::Api(status)) if status.code == 409 => {
            let secret = secrets.get(SECRET).await?;
            let key =
                kept(&secret).ok_or_else(|| Error::Read(format!("Secret {SECRET} has no {SEAL_KEY}")))?;
            Ok((secret, key))
        }
        Err(error) => Err(error.into()),
    }
}

fn parameters() -> PostParams {
    PostParams {
        field_manager: Some(MANAGER.to_string()),
        ..PostParams::default()
    }
}

fn secret(certificate: &str, key: &str) -> Secret {
    let data = [
        ("tls.crt", certificate),
        ("tls.key", key),
        ("ca.crt", certificate),
    ]
    .map(|(name, text)| (name.to_string(), ByteString(text.as_bytes().to_vec())));
    let label = ("app.kubernetes.io/managed-by".to_string(), MANAGER.to_string());
    Secret {
        metadata: ObjectMeta {
            name: Some(SECRET.to_string()),
            labels: Some(BTreeMap::from([label])),
            ..ObjectMeta::default()
        },
        type_: Some("kubernetes.io/tls".to_string()),
        data: Some(BTreeMap::from(data)),
        ..Secret::default()
    }
}
