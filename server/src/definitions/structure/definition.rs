//! What a StructureDefinition says, in the form in which the element model takes it in: a profile or an extension
//! (constraint), or a new data type (specialization). <http://hl7.org/fhir/R4/structuredefinition.html>

use crate::resource::Json;

/// A structure to be added.
#[derive(Debug, Clone, PartialEq)]
pub struct StructureDefinition {
    /// The canonical URL.
    pub url: String,
    /// The type: that which is constrained, such as `Patient` or `Extension`, or the new one's own name.
    pub type_name: String,
    /// The canonical URL of the definition that it starts from.
    pub base: String,
    /// How it comes from its base.
    pub derivation: Derivation,
    /// The elements, of a differential or of a snapshot. The root may be among them and says nothing.
    pub elements: Vec<ElementDefinition>,
}

/// How a structure comes from its base, <http://hl7.org/fhir/R4/valueset-type-derivation-rule.html>.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Derivation {
    /// A new type with elements of its own.
    Specialization,
    /// The same type with narrower rules.
    Constraint,
}

/// What is said of one element; what is not said is as in the base.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ElementDefinition {
    /// The path from the type: `Patient.contact.name`, `Extension.value[x]`, `Observation.valueQuantity`.
    pub path: String,
    /// How often it must be there.
    pub minimum: Option<u32>,
    /// How often it may be there.
    pub maximum: Option<Maximum>,
    /// The types that it may have; empty: those of the base.
    pub types: Vec<TypeReference>,
    /// The canonical URL of the value set whose codes are required.
    pub required_binding: Option<String>,
    /// What its value must be.
    pub expected: Option<Expected>,
    /// Whether `_summary=true` keeps it.
    pub is_summary: Option<bool>,
}

/// How often an element may be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Maximum {
    /// `*`
    Any,
    /// So often; not at all for 0.
    Times(u32),
}

/// A type of an element.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TypeReference {
    /// The type's name, such as `string` or `Reference`.
    pub code: String,
    /// For references: the resource types that may be pointed at; empty: those of the base.
    pub targets: Vec<String>,
}

/// What the value of an element must be.
#[derive(Debug, Clone, PartialEq)]
pub enum Expected {
    /// Exactly this. <http://hl7.org/fhir/R4/elementdefinition-definitions.html#ElementDefinition.fixed_x_>
    Fixed(Json),
    /// At least this. <http://hl7.org/fhir/R4/elementdefinition-definitions.html#ElementDefinition.pattern_x_>
    Pattern(Json),
}

impl Expected {
    /// Whether `value` is what is expected.
    pub fn is_met(&self, value: &Json) -> bool {
        match self {
            Expected::Fixed(expected) => value == expected,
            Expected::Pattern(pattern) => contains(value, pattern),
        }
    }

    /// What is expected.
    pub fn json(&self) -> &Json {
        let (Expected::Fixed(json) | Expected::Pattern(json)) = self;
        json
    }
}

/// Whether all that `pattern` says is in `value`: members with what they hold, and for each item one that has it.
fn contains(value: &Json, pattern: &Json) -> bool {
    match (value, pattern) {
        (Json::Object(value), Json::Object(pattern)) => pattern
            .iter()
            .all(|(name, pattern)| value.get(name).is_some_and(|value| contains(value, pattern))),
        (Json::Array(values), Json::Array(patterns)) => patterns
            .iter()
            .all(|pattern| values.iter().any(|value| contains(value, pattern))),
        (value, pattern) => value == pattern,
    }
}
