//! `start` and `end` of `$everything`: when care was given, not when it was recorded.
//! <http://hl7.org/fhir/R4/patient-operation-everything.html>

use crate::exchange::{Context, InteractionError};
use crate::resource::ResourceType;
use crate::search::query::{Criterion, DateComparison, Matches, Prefix};
use crate::search::value::date;

/// The search parameters that tell when care was given, by resource type. What has none of them relates to no time, and is
/// part of every answer: allergies, coverages, care teams without a period.
const CARE_DATES: &[(&str, &[&str])] = &[
    ("AdverseEvent", &["date"]),
    ("Appointment", &["date"]),
    ("CarePlan", &["date"]),
    ("CareTeam", &["date"]),
    ("ChargeItem", &["occurrence"]),
    ("Claim", &["created"]),
    ("ClinicalImpression", &["date"]),
    ("Communication", &["sent", "received"]),
    ("CommunicationRequest", &["occurrence", "authored"]),
    ("Composition", &["date"]),
    ("Condition", &["onset-date", "abatement-date"]),
    ("DetectedIssue", &["identified"]),
    ("DeviceRequest", &["event-date", "authored-on"]),
    ("DiagnosticReport", &["date"]),
    ("DocumentManifest", &["created"]),
    ("DocumentReference", &["period", "date"]),
    ("Encounter", &["date"]),
    ("EpisodeOfCare", &["date"]),
    ("ExplanationOfBenefit", &["created"]),
    ("Flag", &["date"]),
    ("Goal", &["start-date"]),
    ("ImagingStudy", &["started"]),
    ("Immunization", &["date"]),
    ("ImmunizationEvaluation", &["date"]),
    ("ImmunizationRecommendation", &["date"]),
    ("Invoice", &["date"]),
    ("List", &["date"]),
    ("MeasureReport", &["period"]),
    ("Media", &["created"]),
    ("MedicationAdministration", &["effective-time"]),
    ("MedicationDispense", &["whenhandedover", "whenprepared"]),
    ("MedicationRequest", &["authoredon", "date"]),
    ("MedicationStatement", &["effective"]),
    ("NutritionOrder", &["datetime"]),
    ("Observation", &["date"]),
    ("Procedure", &["date"]),
    ("QuestionnaireResponse", &["authored"]),
    ("RequestGroup", &["authored"]),
    ("ResearchSubject", &["date"]),
    ("RiskAssessment", &["date"]),
    ("Schedule", &["date"]),
    ("ServiceRequest", &["occurrence", "authored"]),
    ("Specimen", &["collected"]),
    ("SupplyRequest", &["date"]),
    ("VisionPrescription", &["datewritten"]),
];

/// What resources meet whose care dates lie between `start` and `end`, or which have none; `None` without either.
///
/// # Errors
/// When one of them is no date.
pub fn between(
    context: &Context,
    start: Option<&str>,
    end: Option<&str>,
) -> Result<Option<Criterion>, InteractionError> {
    let registry = context.definitions.search_parameters();
    let of_type = |(name, codes): &(&str, &'static [&'static str])| {
        let resource_type = ResourceType::parse(name)?;
        Some(
            codes
                .iter()
                .filter_map(move |code| registry.find(resource_type, code)),
        )
    };
    let dates = CARE_DATES.iter().filter_map(of_type).flatten();
    let parameters: Vec<_> = dates.map(|parameter| parameter.id).collect();
    let mut bounds = Vec::new();
    for (name, value, prefix) in [
        ("start", start, Prefix::GreaterOrEqual),
        ("end", end, Prefix::LessOrEqual),
    ] {
        let Some(value) = value else { continue };
        let span = date::span(value).ok_or_else(|| InteractionError::Parameter {
            name: name.to_owned(),
            value: value.to_owned(),
            expected: "write a date such as 2024, 2024-05 or 2024-05-31",
        })?;
        bounds.push(Criterion::Parameter {
            parameters: parameters.clone(),
            matches: Matches::Dates(vec![DateComparison {
                prefix,
                low: span.low,
                high: span.high,
            }]),
        });
    }
    if bounds.is_empty() {
        return Ok(None);
    }
    let undated = Criterion::Missing {
        parameters,
        missing: true,
    };
    Ok(Some(Criterion::Any(vec![undated, Criterion::All(bounds)])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definitions::{compartment, fixture, search_parameter};

    #[test]
    fn every_care_date_is_a_date_of_a_type_in_the_compartment() {
        let patient = ResourceType::parse("Patient").unwrap();
        let compartment: &compartment::Compartment = fixture::r4().compartments().of(patient).unwrap();
        for (name, codes) in CARE_DATES {
            let resource_type = ResourceType::parse(name).unwrap();
            assert!(compartment.parameters(resource_type).is_some(), "{name}");
            for code in *codes {
                let parameter = fixture::r4().search_parameters().find(resource_type, code);
                let kind = parameter.unwrap_or_else(|| panic!("{name} has no {code}")).kind;
                assert_eq!(kind, search_parameter::ParameterKind::Date, "{name} {code}");
            }
        }
    }
}
