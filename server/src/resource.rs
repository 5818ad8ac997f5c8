//! A FHIR resource as JSON, and the words that belong to it: type, logical id, version.

pub mod json;
pub mod reference;
pub mod resource_type;
pub mod weight;

pub use json::{Json, Object};
pub use resource_type::ResourceType;
