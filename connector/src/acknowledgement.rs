//! What a sender is told about its messages: what was stored where, and what went wrong.

use serde::Serialize;

use crate::device_message::MessageError;
use crate::mapping::agreement;
use crate::mapping::fhir::FhirTemplate;
use crate::measurement::normalize::NormalizeError;
use crate::write::destination::{DeliveryError, StoredObservation};

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
    /// What looks like a mapping that does not fit, although nothing failed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<WarningAnswer>,
}

/// What nothing was made of although nothing failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silence {
    /// No template of the device mapping matches the message.
    NoMatch,
    /// A value of a measurement has a name that the FHIR mapping does not know.
    UnusedValue,
    /// There is another value of the same name and instant, which is stored instead (compatibility mode).
    LeftOutValue,
}

impl Silence {
    /// Its name in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::NoMatch => "no_match",
            Self::UnusedValue => "unused_value",
            Self::LeftOutValue => "left_out_value",
        }
    }
}

/// A warning about a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WarningAnswer {
    /// What it is about.
    #[serde(skip)]
    pub silence: Silence,
    #[serde(skip_serializing_if = "Option::is_none")]
    template: Option<usize>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    type_name: Option<String>,
    /// The warning in words; it names no value of the message.
    pub message: String,
}

/// Why something of a message was not stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It is no device message.
    Message,
    /// The device mapping could not extract it.
    Normalization,
    /// The FHIR mapping has no template for it.
    FhirMapping,
    /// Nobody knows whom it is about.
    Identity,
    /// It cannot become part of an Observation.
    Observation,
    /// The FHIR service refused it.
    Refused,
}

impl Failure {
    /// Its name in metrics and logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Normalization => "normalization",
            Self::FhirMapping => "fhir_mapping",
            Self::Identity => "identity",
            Self::Observation => "observation",
            Self::Refused => "refused",
        }
    }
}

impl From<&DeliveryError> for Failure {
    fn from(error: &DeliveryError) -> Self {
        match error {
            DeliveryError::Identity(_) => Self::Identity,
            DeliveryError::Observation(_) => Self::Observation,
            DeliveryError::Refused(_) => Self::Refused,
        }
    }
}

/// Something that is not stored.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ErrorAnswer {
    /// What kind of failure it is.
    #[serde(skip)]
    pub failure: Failure,
    /// Which measurement of the message, if it was one already.
    #[serde(skip)]
    position: Option<usize>,
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

/// A measurement as errors name it.
#[derive(Clone, Copy, Debug)]
pub struct NamedMeasurement<'m> {
    /// Its position among the measurements of its message.
    pub position: usize,
    /// The device template that found it.
    pub template: usize,
    /// Its `typeName`, by which the FHIR template is found.
    pub type_name: &'m str,
}

impl MessageAnswer {
    /// Nothing yet about the message at that position.
    pub fn of(message: usize) -> Self {
        Self {
            message,
            measurements: 0,
            observations: Vec::new(),
            errors: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// No template of the device mapping matches the message.
    pub fn no_match(&mut self) {
        self.warnings.push(WarningAnswer {
            silence: Silence::NoMatch,
            template: None,
            type_name: None,
            message: "no template of the device mapping matches the message".to_owned(),
        });
    }

    /// The FHIR template knows no value of that name.
    pub fn unused_value(&mut self, measurement: NamedMeasurement<'_>, name: &str, template: &FhirTemplate) {
        let message = agreement::unused_value(name, template);
        self.warn(Silence::UnusedValue, measurement, message);
    }

    /// Of several values of that name and instant only the first is stored.
    pub fn left_out_value(&mut self, measurement: NamedMeasurement<'_>, name: &str) {
        let message = format!("value {name:?}: of several values of one instant the first is stored");
        self.warn(Silence::LeftOutValue, measurement, message);
    }

    /// Said once for all measurements of a device template.
    fn warn(&mut self, silence: Silence, measurement: NamedMeasurement<'_>, message: String) {
        let warning = WarningAnswer {
            silence,
            template: Some(measurement.template),
            type_name: Some(measurement.type_name.to_owned()),
            message,
        };
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    /// It is no device message.
    pub fn unreadable(&mut self, error: &MessageError) {
        self.errors
            .push(ErrorAnswer::of(Failure::Message, error.to_string()));
    }

    /// A measurement could not be extracted.
    pub fn not_extracted(&mut self, error: &NormalizeError) {
        let placed = error.line > 0;
        self.errors.push(ErrorAnswer {
            template: Some(error.template),
            field: Some(error.field.clone()),
            mapping_line: placed.then_some(error.line),
            mapping_column: placed.then_some(error.column),
            ..ErrorAnswer::of(Failure::Normalization, error.to_string())
        });
    }

    /// The FHIR mapping does not know the type.
    pub fn no_template(&mut self, measurement: NamedMeasurement<'_>) {
        let type_name = measurement.type_name;
        let message = format!("the FHIR mapping has no template for type {type_name:?}");
        self.not_stored(measurement, Failure::FhirMapping, None, message);
    }

    /// A measurement is not part of an Observation: in this FHIR service, or in none.
    pub fn not_stored(
        &mut self,
        measurement: NamedMeasurement<'_>,
        failure: Failure,
        destination: Option<&str>,
        message: String,
    ) {
        self.errors.push(ErrorAnswer {
            position: Some(measurement.position),
            template: Some(measurement.template),
            type_name: Some(measurement.type_name.to_owned()),
            destination: destination.map(ToOwned::to_owned),
            ..ErrorAnswer::of(failure, message)
        });
    }

    /// Brings the errors into the order of the measurements; first is what is of none.
    pub fn order_errors(&mut self) {
        self.errors.sort_by_key(|error| error.position);
    }
}

impl ErrorAnswer {
    fn of(failure: Failure, message: String) -> Self {
        Self {
            failure,
            position: None,
            template: None,
            field: None,
            mapping_line: None,
            mapping_column: None,
            type_name: None,
            destination: None,
            message,
        }
    }

    /// The same where there is one FHIR service only.
    pub fn without_destination(self) -> Self {
        Self {
            destination: None,
            ..self
        }
    }

    /// Writes it into the log, without what may be about a patient.
    pub fn log(&self) {
        // Other failures may quote what a FHIR service said, or an identifier.
        let cause = (self.failure == Failure::Normalization).then_some(self.message.as_str());
        let what = match self.failure {
            Failure::Message => "a message could not be read",
            Failure::Normalization => "a measurement could not be extracted",
            Failure::FhirMapping => "a measurement's type has no template in the FHIR mapping",
            Failure::Identity | Failure::Observation | Failure::Refused => "a measurement was not stored",
        };
        tracing::warn!(
            failure = self.failure.name(),
            template = self.template,
            field = self.field,
            line = self.mapping_line,
            column = self.mapping_column,
            destination = self.destination,
            cause,
            "{what}"
        );
    }
}
