//! Device messages to FHIR Observations.
//!
//! ```text
//! source → device_message → measurement → measurement_group → identity → observation → write → acknowledgement → source
//!                               ▲                                             ▲
//!                        mapping/device                                  mapping/fhir
//! ```
//!
//! That is the order of `pipeline.rs`. `device_message`, `measurement`, `measurement_group` and `observation` are pure: no network, no
//! clock; `identity` and `write` speak to a `fhir_service`. A message is acknowledged only when all of its Observations are stored, so
//! each is delivered at least once; Observations have deterministic ids and are written with preconditions, so that a repeated message
//! changes nothing.

mod access;
mod acknowledgement;
pub mod arguments;
mod command;
mod compatibility;
mod configuration;
mod date_time;
mod device_message;
mod fhir_service;
mod health;
mod identity;
mod intake;
mod json;
mod json_answer;
mod mapping;
mod measurement;
mod measurement_group;
mod metrics;
mod observation;
mod pipeline;
mod source;
mod write;

pub use command::run;
