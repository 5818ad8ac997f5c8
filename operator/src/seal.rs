//! A mark that nobody but the operator can make. What outlives its owner has no owner reference to be known by, and labels
//! can be written by anybody: a password is taken up again only if it carries the seal of its name and its content.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac, digest::InvalidLength};
use rustls::crypto::{GetRandomFailed, SecureRandom};
use sha2::Sha256;

/// Annotation that holds the seal.
pub const ANNOTATION: &str = "brazier.dev/seal";

/// Bytes of a key.
const KEY_LENGTH: usize = 32;

/// The key with which seals are made and checked; kept beside the certificate authority.
#[derive(Clone)]
pub struct SealKey(Vec<u8>);

impl std::fmt::Debug for SealKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("SealKey").finish_non_exhaustive()
    }
}

impl SealKey {
    /// A new key.
    ///
    /// # Errors
    /// If the system gives no random numbers.
    pub fn create() -> Result<Self, GetRandomFailed> {
        let mut bytes = [0_u8; KEY_LENGTH];
        let generator: &dyn SecureRandom = rustls::crypto::ring::default_provider().secure_random;
        generator.fill(&mut bytes)?;
        Ok(SealKey(bytes.to_vec()))
    }

    /// The key that these bytes are; `None` if they are too few to be one.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        (bytes.len() >= KEY_LENGTH).then(|| SealKey(bytes.to_vec()))
    }

    /// The key as it is kept.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The seal of `parts`, in their order.
    ///
    /// # Errors
    /// Never with a key of the length that keys have.
    pub fn seal(&self, parts: &[&[u8]]) -> Result<String, InvalidLength> {
        Ok(URL_SAFE_NO_PAD.encode(self.code(parts)?.finalize().into_bytes()))
    }

    /// Whether `seal` is the seal of `parts`. It takes as long whether it is or not.
    pub fn holds(&self, seal: &str, parts: &[&[u8]]) -> bool {
        let (Ok(seal), Ok(code)) = (URL_SAFE_NO_PAD.decode(seal), self.code(parts)) else {
            return false;
        };
        code.verify_slice(&seal).is_ok()
    }

    /// Every part counts with its length, so that none can lend its end to the next.
    fn code(&self, parts: &[&[u8]]) -> Result<Hmac<Sha256>, InvalidLength> {
        let mut code = Hmac::<Sha256>::new_from_slice(&self.0)?;
        for part in parts {
            code.update(&(part.len() as u64).to_be_bytes());
            code.update(part);
        }
        Ok(code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_holds_for_what_it_was_made_for_and_nothing_else() {
        let key = SealKey::create().unwrap();
        let seal = key.seal(&[b"team-a", b"ward-db-owner", b"secret"]).unwrap();
        assert!(key.holds(&seal, &[b"team-a", b"ward-db-owner", b"secret"]));
        assert!(!key.holds(&seal, &[b"team-b", b"ward-db-owner", b"secret"]));
        assert!(!key.holds(&seal, &[b"team-a", b"ward-db-owner", b"other"]));
        assert!(!key.holds(&seal, &[b"team-", b"award-db-owner", b"secret"]));
        assert!(!key.holds("", &[b"team-a", b"ward-db-owner", b"secret"]));
        assert!(
            !SealKey::create()
                .unwrap()
                .holds(&seal, &[b"team-a", b"ward-db-owner", b"secret"])
        );
    }

    #[test]
    fn a_key_that_is_too_short_is_none() {
        assert!(SealKey::from_bytes(&[1; 31]).is_none());
        let key = SealKey::create().unwrap();
        let again = SealKey::from_bytes(key.as_bytes()).unwrap();
        assert_eq!(key.seal(&[b"a"]).unwrap(), again.seal(&[b"a"]).unwrap());
    }
}
