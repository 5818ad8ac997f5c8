//! Keys of issuers, and tokens signed with them.

use jiff::Timestamp;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use rcgen::KeyPair;
use rsa::pkcs1::{EncodeRsaPrivateKey, LineEnding};
use serde_json::{Value, json};

/// A key that signs tokens.
pub struct SigningKey {
    pub id: String,
    algorithm: Algorithm,
    key: EncodingKey,
}

impl SigningKey {
    pub fn elliptic_curve(id: &str) -> SigningKey {
        let pair = KeyPair::generate().unwrap();
        let key = EncodingKey::from_ec_pem(pair.serialize_pem().as_bytes()).unwrap();
        SigningKey {
            id: id.to_owned(),
            algorithm: Algorithm::ES256,
            key,
        }
    }

    pub fn rsa(id: &str) -> SigningKey {
        let pair = rsa::RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048).unwrap();
        let pem = pair.to_pkcs1_pem(LineEnding::LF).unwrap();
        let key = EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap();
        SigningKey {
            id: id.to_owned(),
            algorithm: Algorithm::RS256,
            key,
        }
    }

    pub fn header(&self) -> Header {
        let mut header = Header::new(self.algorithm);
        header.kid = Some(self.id.clone());
        header
    }

    pub fn sign(&self, claims: &Value) -> String {
        self.sign_with_header(&self.header(), claims)
    }

    pub fn sign_with_header(&self, header: &Header, claims: &Value) -> String {
        encode(header, claims, &self.key).unwrap()
    }

    /// The public half.
    pub fn public(&self) -> Value {
        let mut key = Jwk::from_encoding_key(&self.key, self.algorithm).unwrap();
        key.common.key_id = Some(self.id.clone());
        serde_json::to_value(key).unwrap()
    }
}

/// The key set that an issuer with these keys publishes.
pub fn key_set(keys: &[&SigningKey]) -> String {
    let keys: Vec<_> = keys.iter().map(|key| key.public()).collect();
    json!({ "keys": keys }).to_string()
}

/// The claims of a token of a Kubernetes service account, good for an hour.
pub fn service_account_claims(audience: &str, namespace: &str, name: &str) -> Value {
    let now = Timestamp::now().as_second();
    json!({
        "iss": "https://kubernetes.default.svc",
        "aud": [audience],
        "sub": format!("system:serviceaccount:{namespace}:{name}"),
        "iat": now,
        "nbf": now,
        "exp": now + 3600,
        "kubernetes.io": {"namespace": namespace, "serviceaccount": {"name": name, "uid": "6f1a"}},
    })
}

/// The claims with one changed, or for null removed.
pub fn with(claims: &Value, name: &str, value: Value) -> Value {
    let mut claims = claims.clone();
    let object = claims.as_object_mut().unwrap();
    match value {
        Value::Null => object.remove(name),
        value => object.insert(name.to_owned(), value),
    };
    claims
}
