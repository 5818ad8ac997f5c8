//! Synthea's bundles as they go over the wire, and what the benchmark has to know of them to judge answers.
//! No server is involved here: text in, values out.

pub use bundle::{Bundle, Entry, read_bundles, small_part};
pub use facts::{Code, Condition, Facts, Observation, Patient, folded};
pub use reference::with_server_references;

#[cfg(test)]
pub use bundle::bundle_of;

mod bundle;
mod compact;
mod facts;
mod reference;
