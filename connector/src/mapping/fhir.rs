//! A compiled FHIR mapping: which Observation a type of measurement becomes.

mod compile;
mod period;

use indexmap::IndexMap;

use crate::compatibility::Compatibility;
use crate::json::Number;
use crate::mapping::file::InvalidMapping;
pub use period::{Boundary, PeriodInterval};

/// The templates of a FHIR mapping file by type.
#[derive(Clone, Debug)]
pub struct FhirMapping {
    /// By type in lower case, in the order of the file.
    templates: IndexMap<String, FhirTemplate>,
    /// How the file is read.
    pub compatibility: Compatibility,
}

impl FhirMapping {
    /// Compiles a FHIR mapping file (`CollectionFhir`). All errors of the file are found at once.
    pub fn compile(text: &str, compatibility: Compatibility) -> Result<Self, InvalidMapping> {
        let templates = compile::compile(text, compatibility)?;
        let templates = templates
            .into_iter()
            .map(|template| (lookup_key(&template.type_name), template))
            .collect();
        Ok(Self {
            templates,
            compatibility,
        })
    }

    /// The type of each template, in the order of the file.
    pub fn type_names(&self) -> Vec<&str> {
        let names = self
            .templates
            .values()
            .map(|template| template.type_name.as_str());
        names.collect()
    }

    /// The template for a type of measurement, compared without case.
    pub fn template(&self, type_name: &str) -> Option<&FhirTemplate> {
        self.templates.get(&lookup_key(type_name))
    }
}

fn lookup_key(type_name: &str) -> String {
    type_name.to_lowercase()
}

/// `CodeValueFhir`: the outline of an Observation (<https://hl7.org/fhir/R4/observation.html>).
#[derive(Clone, Debug)]
pub struct FhirTemplate {
    /// The type of measurement.
    pub type_name: String,
    /// Codings of Observation.code.
    pub codes: Vec<Coding>,
    /// The concepts of Observation.category; may be empty.
    pub category: Vec<Concept>,
    /// Which measurements share one Observation.
    pub period_interval: PeriodInterval,
    /// The template of `Observation.value[x]`; without it the Observation has no value of its own.
    pub value: Option<ValueTemplate>,
    /// One template for each Observation.component; may be empty.
    pub components: Vec<ComponentTemplate>,
}

impl FhirTemplate {
    /// Observation.value and the values of the components.
    pub fn values(&self) -> impl Iterator<Item = &ValueTemplate> {
        let of_components = self.components.iter().map(|component| &component.value);
        self.value.iter().chain(of_components)
    }

    /// Is there a value of that name?
    pub fn wants(&self, name: &str) -> bool {
        self.values().any(|value| value.name == name)
    }

    /// Does the value of that name say something in the Observation? A concept of the mapping is the same whatever the value.
    pub fn uses(&self, name: &str) -> bool {
        self.values()
            .any(|value| value.name == name && !matches!(value.kind, ValueKind::CodeableConcept(_)))
    }
}

/// One element of Observation.component: a code and a value.
#[derive(Clone, Debug)]
pub struct ComponentTemplate {
    /// Codings of its code.
    pub codes: Vec<Coding>,
    /// The template of the component's `value[x]`.
    pub value: ValueTemplate,
}

/// A Coding (<https://hl7.org/fhir/R4/datatypes.html#Coding>).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coding {
    /// Coding.system: URI of the code system.
    pub system: Option<String>,
    /// Coding.code: the symbol that the code system defines.
    pub code: Option<String>,
    /// Coding.display: what the code means, for people to read.
    pub display: Option<String>,
}

/// A CodeableConcept (<https://hl7.org/fhir/R4/datatypes.html#CodeableConcept>).
#[derive(Clone, Debug, Default)]
pub struct Concept {
    /// CodeableConcept.text: the concept in plain words.
    pub text: Option<String>,
    /// CodeableConcept.coding: the concept as code systems define it.
    pub codes: Vec<Coding>,
}

impl Concept {
    /// Does it say nothing? FHIR has no empty elements.
    pub fn is_empty(&self) -> bool {
        self.text.is_none() && self.codes.iter().all(|coding| *coding == Coding::default())
    }
}

/// How the values of one name become a FHIR value.
#[derive(Clone, Debug)]
pub struct ValueTemplate {
    /// The name of the measurement's value.
    pub name: String,
    /// The FHIR type.
    pub kind: ValueKind,
}

/// The FHIR types of values.
#[derive(Clone, Debug)]
pub enum ValueKind {
    /// A series on a grid (<https://hl7.org/fhir/R4/datatypes.html#SampledData>).
    SampledData {
        /// Milliseconds between two samples, as written.
        default_period: Number,
        /// The same in steps of 100 ns; at least 1.
        step_ticks: i64,
        /// The unit of the values.
        unit: Option<String>,
    },
    /// One number with a unit (<https://hl7.org/fhir/R4/datatypes.html#Quantity>).
    Quantity {
        /// Quantity.unit: the unit for people to read.
        unit: Option<String>,
        /// Quantity.system: URI of the system that the unit's code is from.
        system: Option<String>,
        /// Quantity.code: the unit as that system codes it.
        code: Option<String>,
    },
    /// One value as text (<https://hl7.org/fhir/R4/datatypes.html#string>).
    String,
    /// The concept of the mapping, whatever the value.
    CodeableConcept(Concept),
}

#[cfg(test)]
mod tests;
