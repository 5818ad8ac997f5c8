//! The operations, one file each, and the one table of them. <http://hl7.org/fhir/R4/operations.html>
//!
//! A file states all there is to know of its operation in an [`Operation`]; a line in [`ALL`] brings it to life: from then on
//! the router knows its URLs, the CapabilityStatement claims it, and its data action is asked for. Operations are made of the
//! words of [`crate::exchange`] and of what [`crate::retrieval`] finds; they know no interaction's handler.

mod everything;
mod parameters;
#[cfg(test)]
mod tests;
mod validate;

use crate::exchange::operation::{Level, Operation};
use crate::resource::ResourceType;

/// All operations that this server has.
pub static ALL: [&Operation; 2] = [&everything::EVERYTHING, &validate::VALIDATE];

/// The operation `$code` at `level`, for `resource_type` if the level has one.
pub fn find(code: &str, level: Level, resource_type: Option<ResourceType>) -> Option<&'static Operation> {
    let mut all = ALL.iter().copied();
    all.find(|operation| operation.code == code && operation.is_at(level, resource_type))
}
