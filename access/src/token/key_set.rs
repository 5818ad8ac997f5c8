//! The public keys of one issuer: a JSON Web Key Set, <https://www.rfc-editor.org/rfc/rfc7517>.
//!
//! Only keys that verify signatures are kept. Each knows which algorithms it may be used with, so that a token cannot
//! choose a weaker way to check it than its issuer meant.

use std::str::FromStr;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;

use super::AuthenticationError;

/// More keys than any issuer publishes at a time.
const MAX_KEYS: usize = 64;
/// RSA keys shorter than this are not safe, <https://www.rfc-editor.org/rfc/rfc7518#section-3.3>.
const MIN_RSA_BYTES: usize = 2048 / 8;

const RSA: [Algorithm; 6] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
];

/// The keys of an issuer.
#[derive(Debug, Default)]
pub struct KeySet {
    keys: Vec<Arc<Key>>,
}

/// A key and what it may verify.
#[derive(Debug)]
pub(super) struct Key {
    id: Option<String>,
    algorithms: Vec<Algorithm>,
    /// The key for the JSON Web Token library.
    pub(super) verifying: DecodingKey,
}

/// Why a key set was refused.
#[derive(Debug, thiserror::Error)]
pub enum KeySetError {
    /// It is not a JSON Web Key Set.
    #[error("not a JSON Web Key Set: {0}")]
    Syntax(#[from] serde_json::Error),
    /// There is no key in it that we could use.
    #[error("the JSON Web Key Set holds no RSA, P-256, P-384 or Ed25519 key for signatures")]
    NoUsableKey,
    /// There are far too many.
    #[error("the JSON Web Key Set holds more than {MAX_KEYS} keys")]
    TooMany,
}

impl KeySet {
    /// Reads a key set. Keys of kinds that we do not use are left out.
    ///
    /// # Errors
    /// When it is none, or holds no key that we could use, or far too many.
    pub fn parse(document: &[u8]) -> Result<KeySet, KeySetError> {
        #[derive(Deserialize)]
        struct Document {
            keys: Vec<Value>,
        }
        let document: Document = serde_json::from_slice(document)?;
        if document.keys.len() > MAX_KEYS {
            return Err(KeySetError::TooMany);
        }
        let keys: Vec<_> = document
            .keys
            .into_iter()
            .filter_map(usable)
            .map(Arc::new)
            .collect();
        if keys.is_empty() {
            return Err(KeySetError::NoUsableKey);
        }
        Ok(KeySet { keys })
    }

    /// Whether no keys have been read yet.
    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The key that a token names. A token that names none is accepted where there is no choice.
    pub(super) fn find(
        &self,
        id: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<Arc<Key>, AuthenticationError> {
        let named = |key: &&Arc<Key>| id.is_none() || key.id.as_deref() == id;
        let mut candidates = self.keys.iter().filter(named).peekable();
        if candidates.peek().is_none() {
            return Err(AuthenticationError::UnknownKey);
        }
        let mut fitting = candidates.filter(|key| key.algorithms.contains(&algorithm));
        match (fitting.next(), fitting.next()) {
            (None, _) => Err(AuthenticationError::Algorithm),
            (Some(key), None) => Ok(Arc::clone(key)),
            (Some(_), Some(_)) => Err(AuthenticationError::UnknownKey),
        }
    }
}

fn usable(value: Value) -> Option<Key> {
    let key: Jwk = serde_json::from_value(value).ok()?;
    let common = &key.common;
    if !matches!(common.public_key_use, None | Some(PublicKeyUse::Signature)) {
        return None;
    }
    let possible: &[Algorithm] = match &key.algorithm {
        AlgorithmParameters::RSA(rsa) if decoded_length(&rsa.n)? >= MIN_RSA_BYTES => &RSA,
        AlgorithmParameters::EllipticCurve(ec) => match ec.curve {
            EllipticCurve::P256 => &[Algorithm::ES256],
            EllipticCurve::P384 => &[Algorithm::ES384],
            _ => return None,
        },
        AlgorithmParameters::OctetKeyPair(pair) if pair.curve == EllipticCurve::Ed25519 => {
            &[Algorithm::EdDSA]
        }
        _ => return None,
    };
    let algorithms = match common.key_algorithm {
        None => possible.to_vec(),
        Some(stated) => {
            let stated = Algorithm::from_str(&stated.to_string()).ok()?;
            possible
                .iter()
                .copied()
                .filter(|algorithm| *algorithm == stated)
                .collect()
        }
    };
    if algorithms.is_empty() {
        return None;
    }
    let verifying = DecodingKey::from_jwk(&key).ok()?;
    Some(Key {
        id: key.common.key_id,
        algorithms,
        verifying,
    })
}

fn decoded_length(text: &str) -> Option<usize> {
    URL_SAFE_NO_PAD.decode(text).ok().map(|bytes| bytes.len())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ec(id: &str) -> Value {
        json!({"kty": "EC", "crv": "P-256", "kid": id,
            "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"})
    }

    fn set(keys: &[Value]) -> Result<KeySet, KeySetError> {
        KeySet::parse(json!({ "keys": keys }).to_string().as_bytes())
    }

    fn with(mut key: Value, field: &str, value: Value) -> Value {
        key[field] = value;
        key
    }

    #[test]
    fn a_key_is_found_by_its_id_and_only_for_its_algorithm() {
        let set = set(&[ec("one"), ec("two")]).unwrap();
        assert!(set.find(Some("one"), Algorithm::ES256).is_ok());
        let refused = |id, algorithm| set.find(id, algorithm).unwrap_err();
        assert_eq!(
            refused(Some("one"), Algorithm::ES384),
            AuthenticationError::Algorithm
        );
        assert_eq!(
            refused(Some("one"), Algorithm::HS256),
            AuthenticationError::Algorithm
        );
        assert_eq!(
            refused(Some("three"), Algorithm::ES256),
            AuthenticationError::UnknownKey
        );
        assert_eq!(refused(None, Algorithm::ES256), AuthenticationError::UnknownKey);
    }

    #[test]
    fn a_token_without_key_id_is_accepted_where_there_is_one_key() {
        assert!(set(&[ec("one")]).unwrap().find(None, Algorithm::ES256).is_ok());
    }

    #[test]
    fn keys_that_must_not_verify_are_left_out() {
        for unusable in [
            json!({"kty": "oct", "k": "c2VjcmV0", "kid": "shared"}),
            json!({"kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": "short"}),
            json!({"kty": "new", "kid": "unheard of"}),
            with(ec("encryption"), "use", json!("enc")),
            with(ec("other algorithm"), "alg", json!("RS256")),
            with(ec("other curve"), "crv", json!("P-521")),
            json!("not a key"),
        ] {
            let alone = set(std::slice::from_ref(&unusable));
            assert!(matches!(alone, Err(KeySetError::NoUsableKey)), "{unusable}");
            assert_eq!(set(&[unusable, ec("good")]).unwrap().keys.len(), 1);
        }
    }

    #[test]
    fn what_is_no_key_set_is_refused() {
        for document in ["", "[]", "{}", "{\"keys\": 1}"] {
            assert!(
                matches!(KeySet::parse(document.as_bytes()), Err(KeySetError::Syntax(_))),
                "{document}"
            );
        }
        let many = vec![ec("same"); MAX_KEYS + 1];
        assert!(matches!(set(&many), Err(KeySetError::TooMany)));
    }
}
