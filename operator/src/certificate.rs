//! Certificates: the operator's own authority and the leaves that it signs, and when each is renewed.

mod authority;
mod leaf;

pub use authority::{Authority, load_or_create};
pub use leaf::{Leaf, Purpose, needs_renewal};

/// What can go wrong with a certificate.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It could not be made or signed.
    #[error("{0}")]
    Make(#[from] rcgen::Error),
    /// It is not what it should be.
    #[error("{0}")]
    Read(String),
    /// The authority's Secret could not be read or written.
    #[error("{0}")]
    Secret(#[from] kube::Error),
}
