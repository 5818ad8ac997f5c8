//! The certificate authority: one for each operator, kept in a Secret of the operator's namespace.
//!
//! Its certificate lives ten years. What clients are given to trust is a bundle (`ca.crt`): to change the
//! authority, the next certificate is put into the bundle first, leaves are signed by it only after every client
//! has had the time to read the bundle, and the old one leaves the bundle after the last leaf that it signed has
//! ended. Leaves are signed by `tls.crt`, so the two steps are two writes of this Secret.

use std::collections::BTreeMap;

use k8s_openapi::{ByteString, api::core::v1::Secret};
use kube::{
    Api, Client,
    api::{ObjectMeta, PostParams},
};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use time::{Duration, OffsetDateTime};

use super::{Error, Leaf, Purpose};
use crate::labels::{self, MANAGER};

/// Name of the Secret.
const SECRET: &str = "brazier-certificate-authority";
const LIFE: Duration = Duration::days(3650);

/// The operator's certificate authority, which signs all leaves.
#[derive(Debug)]
pub struct Authority {
    /// What clients trust (PEM, perhaps several certificates).
    pub bundle: String,
    issuer: Issuer<'static, KeyPair>,
    /// The client certificate that servers let push policies.
    pub operator: Leaf,
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

    /// Takes one up from what the Secret holds.
    ///
    /// # Errors
    /// If certificate or key cannot be read.
    pub fn from_pem(certificate: &str, key: &str, bundle: &str, now: OffsetDateTime) -> Result<Self, Error> {
        let issuer = Issuer::from_ca_cert_pem(certificate, KeyPair::from_pem(key)?)?;
        let operator = Leaf::sign(&issuer, labels::OPERATOR_NAME, &[], Purpose::Client, now)?;
        Ok(Authority {
            bundle: bundle.to_string(),
            issuer,
            operator,
        })
    }

    /// Signs a server certificate for `names`, of which the first is its common name.
    ///
    /// # Errors
    /// If a name cannot be in a certificate.
    pub fn sign_server(&self, names: &[String], now: OffsetDateTime) -> Result<Leaf, Error> {
        let common_name = names.first().map_or("brazier", String::as_str);
        Leaf::sign(&self.issuer, common_name, names, Purpose::Server, now)
    }
}

/// Reads the authority of this operator, or makes it when there is none. Two operators that start at once get the
/// same: the Secret is created, never overwritten.
///
/// # Errors
/// If the Secret cannot be read, written or understood.
pub async fn load_or_create(client: &Client, namespace: &str) -> Result<Authority, Error> {
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
    let entry = |key: &str| {
        let bytes = secret.data.as_ref().and_then(|data| data.get(key));
        bytes
            .and_then(|bytes| std::str::from_utf8(&bytes.0).ok())
            .ok_or_else(|| Error::Read(format!("Secret {namespace}/{SECRET} has no readable {key}")))
    };
    Authority::from_pem(entry("tls.crt")?, entry("tls.key")?, entry("ca.crt")?, now)
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
