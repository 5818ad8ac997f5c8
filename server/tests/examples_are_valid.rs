//! Every example and every definition of the official package goes through validation. Those that break the
//! standard's own rules, or ours for narratives, are listed, each with the elements that are wrong.

use std::path::PathBuf;
use std::process::Command;

use brazier_server::definitions::Definitions;
use brazier_server::resource::{Json, Object, ResourceType};
use brazier_server::summary::{self, Summary};
use brazier_server::validation::validate;

/// File and places of the mistakes, `[*]` for any item. They were looked at one by one: the mistake is the example's.
const INVALID: &[(&str, &[&str])] = &[
    // A reference points at a type that the definition does not list.
    ("DeviceMetric-example", &["DeviceMetric.parent.reference"]),
    (
        "DeviceUseStatement-example",
        &["DeviceUseStatement.reasonReference[*].reference"],
    ),
    (
        "MedicationRequest-medrx0301",
        &["MedicationRequest.dispenseRequest.performer.reference"],
    ),
    (
        "Observation-clinical-gender",
        &["Observation.performer[*].reference"],
    ),
    // An id has more than 64 characters.
    (
        "SearchParameter-questionnaireresponse-extensions-QuestionnaireResponse-item-subject",
        &["SearchParameter.id"],
    ),
    (
        "ImplementationGuide-fhir",
        &[
            "ImplementationGuide.manifest.resource[*].reference.reference",
            "ImplementationGuide.name",
            "ImplementationGuide.status",
        ],
    ),
    (
        "ig-r4",
        &[
            "ImplementationGuide.manifest.resource[*].reference.reference",
            "ImplementationGuide.name",
            "ImplementationGuide.status",
        ],
    ),
    // A required element is missing.
    (
        "Questionnaire-qs1",
        &[
            "Questionnaire.item[*].item[*].item[*].item[*].linkId",
            "Questionnaire.item[*].item[*].item[*].linkId",
            "Questionnaire.item[*].item[*].linkId",
        ],
    ),
    (
        "SearchParameter-codesystem-extensions-CodeSystem-author",
        &["SearchParameter.base"],
    ),
    (
        "SearchParameter-codesystem-extensions-CodeSystem-effective",
        &["SearchParameter.base"],
    ),
    (
        "SearchParameter-codesystem-extensions-CodeSystem-end",
        &["SearchParameter.base"],
    ),
    (
        "SearchParameter-codesystem-extensions-CodeSystem-keyword",
        &["SearchParameter.base"],
    ),
    (
        "SearchParameter-codesystem-extensions-CodeSystem-workflow",
        &["SearchParameter.base"],
    ),
    (
        "SearchParameter-valueset-extensions-ValueSet-author",
        &["SearchParameter.base"],
    ),
    (
        "SearchParameter-valueset-extensions-ValueSet-effective",
        &["SearchParameter.base"],
    ),
    (
        "SearchParameter-valueset-extensions-ValueSet-end",
        &["SearchParameter.base"],
    ),
    (
        "SearchParameter-valueset-extensions-ValueSet-keyword",
        &["SearchParameter.base"],
    ),
    (
        "SearchParameter-valueset-extensions-ValueSet-workflow",
        &["SearchParameter.base"],
    ),
    // The narrative shows an image of another host, or has comments: the standard bears with both, and we do not.
    (
        "Media-1.2.840.11361907579238403408700.3.1.04.19970327150033",
        &["Media.text.div"],
    ),
    ("PlanDefinition-KDN5", &["PlanDefinition.text.div"]),
];

#[test]
fn examples_of_the_official_package_are_valid_or_listed() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/generator/fetch-package.sh");
    let fetched = Command::new("sh").arg(script).output().unwrap();
    assert!(
        fetched.status.success(),
        "{}",
        String::from_utf8_lossy(&fetched.stderr)
    );
    let folder = PathBuf::from(String::from_utf8(fetched.stdout).unwrap().trim());
    let definitions = Definitions::r4().unwrap();
    let mut checked = 0;
    let mut invalid = Vec::new();
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let json = Json::parse(&std::fs::read(&path).unwrap()).unwrap();
        let resource = json.as_object().unwrap();
        let Some(resource_type) = resource.get("resourceType") else {
            assert_eq!(name, "package");
            continue;
        };
        let resource_type = ResourceType::parse(resource_type.as_str().unwrap()).unwrap();
        let issues = validate(&definitions, resource_type, resource);
        checked += 1;
        if issues.is_empty() {
            check_parts(&definitions, &name, resource_type, resource);
        } else {
            let mut places: Vec<String> = issues
                .iter()
                .map(|issue| of_any_item(&issue.expression))
                .collect();
            places.sort();
            places.dedup();
            invalid.push((name, places));
        }
    }
    invalid.sort();
    let mut expected: Vec<(String, Vec<String>)> = INVALID
        .iter()
        .map(|(name, places)| {
            let places = places.iter().map(|place| (*place).to_owned()).collect();
            ((*name).to_owned(), places)
        })
        .collect();
    expected.sort();
    assert_eq!(invalid, expected);
    assert!(checked > 5_000, "only {checked} resources were there");
}

/// What `_summary` leaves of a valid resource is valid too, but for references to contained resources, which go.
fn check_parts(definitions: &Definitions, name: &str, resource_type: ResourceType, resource: &Object) {
    for summary in [Summary::True, Summary::Text, Summary::Data] {
        let mut part = resource.clone();
        summary::apply(definitions.structures(), &mut part, resource_type, summary, &[]);
        let mut issues = validate(definitions, resource_type, &part);
        issues.retain(|issue| !issue.diagnostics.starts_with("no contained resource has the id"));
        assert_eq!(issues, [], "{name} with {summary:?}");
    }
}

fn of_any_item(expression: &str) -> String {
    let mut parts = expression.split('[');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        text + "[*" + part.trim_start_matches(|character: char| character.is_ascii_digit())
    })
}
