//! Request → principal, or 401: whose token a request carries, and whether it was issued for this service.

pub mod authenticator;
pub mod error;
pub mod principal;

pub use authenticator::Authenticator;
pub use error::AuthenticationError;
pub use principal::{Principal, ServiceAccount};
