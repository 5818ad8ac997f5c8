//! Principal × data action × resource type → decision. Denied by default: what no role assignment allows is refused.
//!
//! The policy document is compiled by whoever manages the role assignments (in a cluster the operator); the server
//! reads it from a file at start and takes changes over its admin listener.

pub mod data_action;
pub mod document;
pub mod file;
pub mod handle;
pub mod policy;
#[cfg(test)]
mod tests;

pub use data_action::DataAction;
pub use document::DocumentError;
pub use file::{PolicyFile, PolicyFileError};
pub use handle::PolicyHandle;
pub use policy::{AccessPolicy, Decision};
