//! Writing Observations to FHIR services: what one service gets of a batch, and how one Observation is brought up to date there.

pub mod destination;
pub mod observation;
