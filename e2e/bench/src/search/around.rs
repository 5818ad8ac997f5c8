//! Searches around one patient that name no type: what is in the patient's compartment, everything about the patient, and
//! by an element of whatever a reference points at. They take as long in a large database as in a small one.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use super::observations::grouped_by_patient;
use super::patients::patients;
use super::query::{QUERIES_OF_A_KIND, Query, encoded};
use crate::data::{Facts, folded};
use crate::population::{Index, Population};

/// Synthea's types that the patient compartment holds by `subject`, `patient` or, for Provenance, `target`.
/// <http://hl7.org/fhir/R4/compartmentdefinition-patient.html>
const IN_COMPARTMENT: [&str; 18] = [
    "AllergyIntolerance",
    "CarePlan",
    "CareTeam",
    "Claim",
    "Condition",
    "DiagnosticReport",
    "DocumentReference",
    "Encounter",
    "ExplanationOfBenefit",
    "Goal",
    "ImagingStudy",
    "Immunization",
    "MedicationAdministration",
    "MedicationRequest",
    "Observation",
    "Procedure",
    "Provenance",
    "SupplyDelivery",
];

/// A patient's resources: those of the compartment, each with what it refers to.
struct Around {
    patient: Index,
    references: HashMap<Index, Vec<Index>>,
}

/// The patients with the shortest records, who are the same in a part of the data.
fn with_short_records(population: &Population<'_>) -> Vec<Index> {
    let mut by_length: Vec<(usize, Index)> = patients(population)
        .map(|(index, _)| (population.get(index).bundle.entries.len(), index))
        .collect();
    by_length.sort_by_key(|(length, index)| (*length, &population.get(*index).bundle.name));
    by_length
        .into_iter()
        .take(QUERIES_OF_A_KIND)
        .map(|(_, index)| index)
        .collect()
}

fn around(population: &Population<'_>, patient: Index) -> Around {
    let own = &population.get(patient).bundle.name;
    let of_the_same_bundle = population.iter().filter(|(_, held)| held.bundle.name == *own);
    let references = of_the_same_bundle
        .filter_map(|(index, held)| {
            let json: Value = serde_json::from_slice(held.bundle.json(held.entry)).ok()?;
            let elements = ["subject", "patient", "target"];
            let mut elements = elements.iter().filter_map(|name| json.get(*name));
            let is_member = index == patient
                || IN_COMPARTMENT.contains(&held.entry.resource_type.as_str())
                    && elements.any(|element| referred(population, element).contains(&patient));
            is_member.then(|| (index, referred(population, &json).into_iter().collect()))
        })
        .collect();
    Around { patient, references }
}

/// What the references in a part of a resource mean.
fn referred(population: &Population<'_>, json: &Value) -> BTreeSet<Index> {
    match json {
        Value::Object(members) => {
            let own = members.get("reference").and_then(Value::as_str);
            let own = own.and_then(|reference| population.referred(reference));
            let inner = members.values().flat_map(|value| referred(population, value));
            own.into_iter().chain(inner).collect()
        }
        Value::Array(items) => items.iter().flat_map(|item| referred(population, item)).collect(),
        _ => BTreeSet::new(),
    }
}

/// `Patient/[id]/$everything`
pub(super) fn everything(population: &Population<'_>) -> Vec<Query> {
    let query = |patient| {
        let Around { patient, references } = around(population, patient);
        let search = format!("Patient/{}/$everything", population.get(patient).id());
        Query {
            // What is referred to comes along where a search parameter looks at the reference.
            may_include: true,
            includes: Some(references.clone()),
            ..Query::new(search, references.into_keys().collect())
        }
    };
    with_short_records(population).into_iter().map(query).collect()
}

/// `Patient/[id]/*`
pub(super) fn compartment(population: &Population<'_>) -> Vec<Query> {
    let query = |patient| {
        let Around { patient, references } = around(population, patient);
        let search = format!("Patient/{}/*", population.get(patient).id());
        Query::new(search, references.into_keys().collect())
    };
    with_short_records(population).into_iter().map(query).collect()
}

/// Through `subject`, which may be a Patient, a Group, a Device or a Location, by name.
pub(super) fn untyped_chain(population: &Population<'_>) -> Vec<Query> {
    let observations_of: HashMap<Index, Vec<Index>> = grouped_by_patient(population).into_iter().collect();
    let names: BTreeSet<String> = with_short_records(population)
        .into_iter()
        .filter_map(|index| match population.get(index).facts() {
            Facts::Patient(patient) => patient.families().next().map(folded),
            _ => None,
        })
        .collect();
    let query = |name: String| {
        let named = patients(population)
            .filter(|(_, patient)| patient.name_parts().any(|part| folded(part).starts_with(&name)));
        let matches = named
            .filter_map(|(index, _)| observations_of.get(&index))
            .flatten();
        Query::new(
            format!("Observation?subject.name={}", encoded(&name)),
            matches.copied().collect(),
        )
    };
    names.into_iter().map(query).collect()
}
