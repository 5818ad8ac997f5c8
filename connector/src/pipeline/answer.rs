//! What a sender is told about its messages: what was stored where, and what went wrong.

use serde::{Serialize, Serializer};

use crate::normalize::NormalizeError;
use crate::write::Outcome;

/// What became of one message.
#[derive(Debug, Serialize)]
pub struct MessageAnswer {
    /// Its position in the request, counted from 0.
    pub message: usize,
    /// How many measurements it contains.
    pub measurements: usize,
    /// Where they are stored.
    pub observations: Vec<StoredObservation>,
    /// What is not stored, and why.
    pub errors: Vec<ErrorAnswer>,
}

/// An Observation that holds what a message says.
#[derive(Debug, Serialize)]
pub struct StoredObservation {
    /// The name of the FHIR service.
    pub destination: String,
    /// The reference, relative to the service's base URL.
    pub reference: String,
    /// created, updated or unchanged.
    #[serde(serialize_with = "name")]
    pub outcome: Outcome,
}

fn name<S: Serializer>(outcome: &Outcome, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(outcome.name())
}

/// Something that is not stored.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ErrorAnswer {
    #[serde(skip_serializing_if = "Option::is_none")]
    template: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mapping_line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mapping_column: Option<usize>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    type_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    destination: Option<String>,
    message: String,
}

impl MessageAnswer {
    /// Nothing yet about the message at that position.
    pub fn of(message: usize) -> Self {
        Self {
            message,
            measurements: 0,
            observations: Vec::new(),
            errors: Vec::new(),
        }
    }

    /// It is no device message.
    pub fn unreadable(&mut self, message: &str) {
        self.errors.push(ErrorAnswer {
            message: message.to_owned(),
            ..ErrorAnswer::default()
        });
    }

    /// A measurement could not be extracted.
    pub fn not_extracted(&mut self, error: &NormalizeError) {
        let placed = error.line > 0;
        self.errors.push(ErrorAnswer {
            template: Some(error.template),
            field: Some(error.field.clone()),
            mapping_line: placed.then_some(error.line),
            mapping_column: placed.then_some(error.column),
            message: error.to_string(),
            ..ErrorAnswer::default()
        });
    }

    /// The FHIR mapping does not know the type.
    pub fn no_template(&mut self, template: usize, type_name: &str) {
        self.errors.push(ErrorAnswer {
            template: Some(template),
            type_name: Some(type_name.to_owned()),
            message: format!("the FHIR mapping has no template for type {type_name:?}"),
            ..ErrorAnswer::default()
        });
    }

    /// A measurement is not part of an Observation: in this FHIR service, or in none.
    pub fn not_stored(&mut self, template: usize, type_name: &str, destination: Option<&str>, message: &str) {
        self.errors.push(ErrorAnswer {
            template: Some(template),
            type_name: Some(type_name.to_owned()),
            destination: destination.map(ToOwned::to_owned),
            message: message.to_owned(),
            ..ErrorAnswer::default()
        });
    }
}
