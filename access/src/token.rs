//! Request → principal, or 401: whose token a request carries, and whether it was issued for this service.
//!
//! ```text
//! bearer_token → issuer (key_source → key_set: signature; issuer, audience, time) → claims → principal
//!            └─ cache: whose a token is, remembered for a short time
//! ```

pub mod authenticator;
mod bearer_token;
mod cache;
mod claims;
pub mod configuration;
pub mod error;
pub mod issuer;
pub mod key_service;
pub mod key_set;
mod key_source;
mod purpose;

pub use authenticator::Authenticator;
pub use configuration::{ClaimNames, KubernetesIssuer, OpenIdIssuer};
pub use error::AuthenticationError;
pub use issuer::Issuer;
pub use key_service::KeyServiceError;
pub use key_set::{KeySet, KeySetError};
