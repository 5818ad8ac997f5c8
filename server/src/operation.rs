//! The operations, one file each: what is asked for by `$name`. <http://hl7.org/fhir/R4/operations.html>

pub mod everything;
pub mod parameters;
pub mod validate;

use crate::resource::ResourceType;

/// An operation that a resource type has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operation {
    /// The name, without the `$`.
    pub name: &'static str,
    /// The canonical URL of its definition.
    pub definition: &'static str,
}

const VALIDATE: Operation = Operation {
    name: "validate",
    definition: "http://hl7.org/fhir/OperationDefinition/Resource-validate",
};

const EVERYTHING: Operation = Operation {
    name: "everything",
    definition: "http://hl7.org/fhir/OperationDefinition/Patient-everything",
};

/// The operations of a resource type.
pub fn of(resource_type: ResourceType) -> &'static [Operation] {
    match resource_type.name() {
        "Patient" => &[EVERYTHING, VALIDATE],
        _ => &[VALIDATE],
    }
}
