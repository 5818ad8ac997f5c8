//! The interactions, one file each, <http://hl7.org/fhir/R4/http.html>: who carries out what is asked for. An interaction
//! comes alone, as a request, or as an entry of a Bundle; both ways lead through [`perform_recorded`].
//!
//! They are made of the words of [`crate::exchange`] and of what [`crate::retrieval`] finds.

mod batch;
mod bundle;
mod capabilities;
mod conditional;
mod create;
mod delete;
mod history;
mod patch;
mod perform;
mod prepare;
mod read;
mod search;
mod transaction;
mod update;
mod vread;

pub use capabilities::capabilities;
pub use perform::perform_recorded;
