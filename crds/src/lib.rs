//! The custom resources of Brazier: what users write (`spec`) and what they read (`status`).
//!
//! The types are the one source of the schemas that the API server enforces: `definitions` turns them
//! into CustomResourceDefinitions, and `print_crds` writes those into the Helm chart.

pub mod condition;
pub mod definition;
pub mod fhir_service;
pub mod iot_connector;
pub mod reference;
pub mod resources;
pub mod role;
pub mod role_assignment;

pub use definition::definitions;
pub use fhir_service::{FhirService, FhirServiceSpec, FhirServiceStatus};
pub use iot_connector::{IotConnector, IotConnectorSpec, IotConnectorStatus};
pub use role_assignment::{RoleAssignment, RoleAssignmentSpec, RoleAssignmentStatus};

/// The API group of every kind.
pub const GROUP: &str = "brazier.dev";
