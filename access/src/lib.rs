//! Who may do what with a service's data: one reading of tokens and policy documents, for those who write and those who
//! enforce them.
//!
//! ```text
//! request → token → principal × data_action × resource type → policy → Decision
//! ```
//!
//! Denied by default: what no role assignment allows is refused, and an assignment that is not understood to its last
//! word grants nothing. The operator writes the document, servers and connectors enforce it.

pub mod data_action;
pub mod policy;
pub mod principal;
#[cfg(feature = "verification")]
pub mod token;

pub use data_action::{DataAction, DataActionPattern};
pub use policy::{AccessPolicy, Criterion, Decision, PolicyHandle};
pub use principal::{Principal, ServiceAccount};
