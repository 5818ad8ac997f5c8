//! Device messages to FHIR Observations.
//!
//! ```text
//! source → device_message → (device_mapping) normalize → measurement → measurement_group
//!        → (identity) → (fhir_mapping) observation → write → acknowledge the source
//! ```
//!
//! Everything from `device_message` to `observation` is pure: no network, no clock. A message is acknowledged only when all of its
//! Observations are stored, so each is delivered at least once; Observations have deterministic ids and are written with
//! preconditions, so that a repeated message changes nothing.

mod access_policy;
pub mod arguments;
mod authentication;
mod command;
mod compatibility;
mod configuration;
mod date_time;
mod device_mapping;
mod device_message;
mod fhir_mapping;
mod fhir_service;
mod health;
mod identity;
mod intake;
mod json;
mod json_answer;
mod mapping_file;
mod mappings;
mod measurement;
mod measurement_group;
mod metrics;
mod normalize;
mod observation;
mod pipeline;
mod source;
mod write;

pub use command::run;
