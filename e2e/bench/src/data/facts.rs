//! What the expectations need to know of a resource: the elements that the benchmark's searches look at, read
//! here from the data, independently of how any server reads them.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Deserializer};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The facts of a resource, by its type.
#[derive(Debug, Clone)]
pub enum Facts {
    /// Of a Patient.
    Patient(Patient),
    /// Of an Observation.
    Observation(Observation),
    /// Of a Condition.
    Condition(Condition),
    /// Of an Encounter.
    Encounter(Encounter),
    /// Of an Organization.
    Organization {
        /// Organization.name, as the data has it.
        name: String,
    },
    /// Of a type that no search looks at.
    Other,
}

/// `system` and `code` of a Coding.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
pub struct Code {
    /// The code system.
    #[serde(default)]
    pub system: String,
    /// The code in it.
    #[serde(default)]
    pub code: String,
}

/// What searches look at in a Patient.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Patient {
    /// Patient.name: all names, in the order of the data.
    pub name: Vec<HumanName>,
    /// Its day of birth.
    pub birth_date: Date,
    /// Its administrative gender.
    pub gender: String,
}

/// A HumanName (<https://hl7.org/fhir/R4/datatypes.html#HumanName>); what the data leaves out is empty.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct HumanName {
    /// The whole name.
    pub text: Option<String>,
    /// The family name.
    pub family: Option<String>,
    /// The given names.
    pub given: Vec<String>,
    /// What stands before, such as `Dr.`.
    pub prefix: Vec<String>,
    /// What stands behind.
    pub suffix: Vec<String>,
}

/// What searches look at in an Observation.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Observation {
    /// What was observed.
    #[serde(deserialize_with = "codings")]
    pub code: Vec<Code>,
    /// The codings of all concepts in Observation.category.
    #[serde(default, deserialize_with = "codings_of_all")]
    pub category: Vec<Code>,
    /// Who it is about.
    #[serde(deserialize_with = "reference")]
    pub subject: String,
    /// When it was made known.
    #[serde(deserialize_with = "reference")]
    pub encounter: String,
    /// When it holds; to the second.
    pub effective_date_time: Timestamp,
    /// The value, where it is a Quantity.
    pub value_quantity: Option<Quantity>,
}

/// What searches look at in a Quantity.
#[derive(Debug, Clone, Deserialize)]
pub struct Quantity {
    /// Quantity.value, read as a double.
    pub value: f64,
    /// Quantity.system and Quantity.code of the unit.
    #[serde(flatten)]
    pub unit: Code,
}

/// What searches look at in a Condition.
#[derive(Debug, Clone, Deserialize)]
pub struct Condition {
    /// What it is.
    #[serde(deserialize_with = "codings")]
    pub code: Vec<Code>,
    /// Who has it.
    #[serde(deserialize_with = "reference")]
    pub subject: String,
    /// Where it was found.
    #[serde(deserialize_with = "reference")]
    pub encounter: String,
}

/// What searches look at in an Encounter.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Encounter {
    /// The organization that provided it.
    #[serde(deserialize_with = "reference")]
    pub service_provider: String,
}

impl Facts {
    /// Reads the facts of a resource.
    pub(super) fn read(resource_type: &str, json: &str) -> Result<Facts, serde_json::Error> {
        #[derive(Deserialize)]
        struct OrganizationJson {
            name: String,
        }
        Ok(match resource_type {
            "Patient" => Facts::Patient(serde_json::from_str(json)?),
            "Observation" => Facts::Observation(serde_json::from_str(json)?),
            "Condition" => Facts::Condition(serde_json::from_str(json)?),
            "Encounter" => Facts::Encounter(serde_json::from_str(json)?),
            "Organization" => Facts::Organization {
                name: serde_json::from_str::<OrganizationJson>(json)?.name,
            },
            _ => Facts::Other,
        })
    }
}

impl Patient {
    /// The strings that the search parameter `name` looks at (HumanName: all of its string parts).
    pub fn name_parts(&self) -> impl Iterator<Item = &str> {
        self.name.iter().flat_map(|name| {
            let lists = name.given.iter().chain(&name.prefix).chain(&name.suffix);
            lists.chain(&name.text).chain(&name.family).map(String::as_str)
        })
    }

    /// The family names.
    pub fn families(&self) -> impl Iterator<Item = &str> {
        self.name.iter().filter_map(|name| name.family.as_deref())
    }
}

/// A string as the default string search compares it: without case and accents.
/// See <https://hl7.org/fhir/R4/search.html#string>.
pub fn folded(text: &str) -> String {
    text.nfkd()
        .filter(|character| !is_combining_mark(*character))
        .flat_map(char::to_lowercase)
        .collect()
}

fn codings<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Code>, D::Error> {
    Ok(CodeableConcept::deserialize(deserializer)?.coding)
}

fn codings_of_all<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Code>, D::Error> {
    let concepts = Vec::<CodeableConcept>::deserialize(deserializer)?;
    Ok(concepts.into_iter().flat_map(|concept| concept.coding).collect())
}

fn reference<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(Reference::deserialize(deserializer)?.reference)
}

#[derive(Deserialize)]
struct CodeableConcept {
    #[serde(default)]
    coding: Vec<Code>,
}

#[derive(Deserialize)]
struct Reference {
    reference: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_forgets_case_and_accents() {
        assert_eq!(folded("Sáenz811 ÅNGSTRÖM"), "saenz811 angstrom");
    }

    #[test]
    fn an_observation_is_read() {
        let facts = Facts::read(
            "Observation",
            r#"{"code":{"coding":[{"system":"s","code":"c"}]},"category":[{"coding":[{"system":"t","code":"laboratory"}]}],
               "subject":{"reference":"urn:uuid:1"},"encounter":{"reference":"urn:uuid:2"},
               "effectiveDateTime":"2019-04-30T11:51:29+00:00","valueQuantity":{"value":72.19,"unit":"mg","system":"u","code":"mg/dL"}}"#,
        )
        .unwrap();
        let Facts::Observation(observation) = facts else {
            panic!("{facts:?}")
        };
        assert_eq!(observation.effective_date_time.as_second(), 1_556_625_089);
        assert_eq!(observation.category[0].code, "laboratory");
        assert_eq!(observation.value_quantity.unwrap().unit.code, "mg/dL");
    }
}
