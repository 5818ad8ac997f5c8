//! Request → principal, or 401: whose token a request carries, and whether it was issued for this service.

pub mod authenticator;
mod bearer_token;
mod claims;
pub mod error;
mod issuer;
pub mod key_service;
mod key_set;
mod key_source;
pub mod principal;
mod token_cache;

pub use authenticator::Authenticator;
pub use error::AuthenticationError;
pub use key_set::KeySetError;
pub use principal::{Principal, ServiceAccount};

/// Whether `document` is a JSON Web Key Set with at least one key that we can use.
pub fn check_key_set(document: &[u8]) -> Result<(), KeySetError> {
    key_set::KeySet::parse(document).map(drop)
}
