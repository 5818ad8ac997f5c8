//! Principal × data action × resource type → decision. Denied by default: what no role assignment allows is refused.
//!
//! ```text
//! document → access_policy (compiled) → decision
//!     handle: the policy in force; file and pushes replace it
//! ```

pub mod access_policy;
pub mod decision;
pub mod document;
pub mod file;
pub mod handle;
#[cfg(test)]
mod tests;

pub use access_policy::AccessPolicy;
pub use decision::{Criterion, Decision};
pub use document::{Assignment, Condition, DocumentError, Grantee, PolicyDocument};
pub use file::PolicyFileError;
pub use handle::{Origin, PolicyChange, PolicyHandle};
