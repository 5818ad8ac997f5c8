//! A compiled device mapping: which measurements a device message contains, and where in the message their parts are.

mod compile;
pub mod expression;
mod jmes_path;
mod json_path;

use crate::compatibility::Compatibility;
use crate::mapping::file::InvalidMapping;
use expression::Expression;

/// The templates of a device mapping file, in its order.
#[derive(Clone, Debug)]
pub struct DeviceMapping {
    /// The compiled templates; errors name one by its position here, counted from 0.
    pub templates: Vec<DeviceTemplate>,
    /// How the file and the messages are read.
    pub compatibility: Compatibility,
}

impl DeviceMapping {
    /// Compiles a device mapping file (`CollectionContent`). All errors of the file are found at once.
    pub fn compile(text: &str, compatibility: Compatibility) -> Result<Self, InvalidMapping> {
        compile::compile(text, compatibility)
    }

    /// The type of each template, in the order of the file.
    pub fn type_names(&self) -> Vec<&str> {
        let names = self.templates.iter().map(|template| template.type_name.as_str());
        names.collect()
    }
}

/// One template: measurements of one type.
#[derive(Clone, Debug)]
pub struct DeviceTemplate {
    /// Index in the file's collection.
    pub index: usize,
    /// The type of its measurements, which chooses the FHIR template.
    pub type_name: String,
    /// What its expressions see.
    pub view: View,
    /// Each match is a measurement.
    pub type_match: FieldExpression,
    /// The device's identifier.
    pub device_id: FieldExpression,
    /// The time of the measurement: the first expression that gives one.
    pub timestamps: Vec<FieldExpression>,
    /// Groups measurements into one Observation when the FHIR template says so.
    pub correlation_id: Option<FieldExpression>,
    /// The patient's identifier.
    pub patient_id: Option<FieldExpression>,
    /// The encounter's identifier.
    pub encounter_id: Option<FieldExpression>,
    /// The values of the measurement.
    pub values: Vec<ValueTemplate>,
}

/// What the expressions of a template see once it has matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// The match itself is `$`.
    Match,
    /// The whole message, with the match as `matchedToken`.
    MessageWithMatch,
}

/// A compiled expression and where it stands in the file.
#[derive(Clone, Debug)]
pub struct FieldExpression {
    /// The field as a path such as `values[0].valueExpression`.
    pub field: String,
    /// Line, counted from 1; 0 for the built-in expressions of the IoT templates.
    pub line: usize,
    /// Column, counted from 1.
    pub column: usize,
    /// The compiled expression, in JSONPath or JMESPath.
    pub expression: Expression,
}

/// One value of a measurement.
#[derive(Clone, Debug)]
pub struct ValueTemplate {
    /// The name under which the FHIR mapping finds it.
    pub name: String,
    /// Is it an error when it is missing?
    pub required: bool,
    /// Where it is.
    pub expression: FieldExpression,
}
