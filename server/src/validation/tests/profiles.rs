//! Resources against profiles that the definitions were extended by.

use super::*;
use crate::definitions::structure::definition::{
    Derivation, ElementDefinition, Expected, Maximum, StructureDefinition,
};

const PROFILE: &str = "http://a.example/p";

fn element(path: &str) -> ElementDefinition {
    ElementDefinition {
        path: path.to_owned(),
        ..ElementDefinition::default()
    }
}

fn json(text: &str) -> Json {
    Json::parse(text.as_bytes()).unwrap()
}

/// Diagnostics of a Patient by a profile that says this of its elements.
fn told(elements: Vec<ElementDefinition>, members: &str) -> Vec<String> {
    let definition = StructureDefinition {
        url: PROFILE.to_owned(),
        type_name: "Patient".to_owned(),
        base: "http://hl7.org/fhir/StructureDefinition/Patient".to_owned(),
        derivation: Derivation::Constraint,
        elements,
    };
    let definitions = fixture::r4().with_structure(&definition).unwrap();
    let text = format!(r#"{{"resourceType":"Patient","meta":{{"profile":["{PROFILE}|1"]}},{members}}}"#);
    let patient = ResourceType::parse("Patient").unwrap();
    let found = validate(&definitions, patient, json(&text).as_object().unwrap());
    found
        .into_iter()
        .map(|issue| format!("{} {}", issue.expression, issue.diagnostics))
        .collect()
}

#[test]
fn an_element_may_have_to_be_there_more_than_once_and_not_too_often() {
    let twice = || {
        vec![ElementDefinition {
            minimum: Some(2),
            maximum: Some(Maximum::Times(3)),
            ..element("Patient.name")
        }]
    };
    let names = |count: usize| format!(r#""name":[{}]"#, vec![r#"{"text":"x"}"#; count].join(","));
    assert_eq!(told(twice(), &names(2)), Vec::<String>::new());
    assert_eq!(told(twice(), &names(3)), Vec::<String>::new());
    assert_eq!(
        told(twice(), &names(1)),
        [format!(
            "Patient.name there are 1: write 2 to 3 (profile {PROFILE}|1)"
        )]
    );
    assert_eq!(told(twice(), &names(4)).len(), 1);
    assert_eq!(
        told(twice(), r#""active":true"#),
        [format!("Patient.name \"name\" is required (profile {PROFILE}|1)")]
    );
}

#[test]
fn a_value_must_be_what_is_fixed_and_have_what_is_its_pattern() {
    let expecting = || {
        vec![
            ElementDefinition {
                expected: Some(Expected::Fixed(Json::from("female"))),
                ..element("Patient.gender")
            },
            ElementDefinition {
                expected: Some(Expected::Pattern(json(
                    r#"{"coding":[{"system":"s","code":"M"}]}"#,
                ))),
                ..element("Patient.maritalStatus")
            },
        ]
    };
    let met = r#""gender":"female","maritalStatus":{"text":"x","coding":[{"code":"a"},{"code":"M","system":"s","display":"d"}]}"#;
    assert_eq!(told(expecting(), met), Vec::<String>::new());
    let missed = r#""gender":"male","maritalStatus":{"coding":[{"system":"s","code":"S"}]}"#;
    assert_eq!(
        told(expecting(), missed),
        [
            format!("Patient.gender write \"female\" (profile {PROFILE}|1)"),
            format!(
                "Patient.maritalStatus write what has {{\"coding\":[{{\"system\":\"s\",\"code\":\"M\"}}]}} (profile {PROFILE}|1)"
            ),
        ]
    );
}

#[test]
fn what_is_wrong_anyway_is_told_once_and_a_profile_of_another_type_does_not_fit() {
    let nothing = vec![element("Patient")];
    assert_eq!(told(nothing.clone(), r#""nome":1"#).len(), 1);
    let definition = StructureDefinition {
        url: PROFILE.to_owned(),
        type_name: "Group".to_owned(),
        base: "http://hl7.org/fhir/StructureDefinition/Group".to_owned(),
        derivation: Derivation::Constraint,
        elements: Vec::new(),
    };
    let definitions = fixture::r4().with_structure(&definition).unwrap();
    let text = format!(r#"{{"resourceType":"Patient","meta":{{"profile":["{PROFILE}"]}}}}"#);
    let patient = ResourceType::parse("Patient").unwrap();
    let [issue] = validate(&definitions, patient, json(&text).as_object().unwrap())
        .try_into()
        .unwrap();
    assert!(
        issue
            .diagnostics
            .starts_with("the profile is for Group, not for Patient")
    );
}
