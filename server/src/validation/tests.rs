//! Resources with one mistake each, and where and how it is reported.

use proptest::prelude::*;

use super::*;
use crate::definitions::fixture;
use crate::resource::Json;

mod profiles;
mod refused_elements;
mod refused_resources;

fn issues(text: &str) -> Vec<Issue> {
    let json = Json::parse(text.as_bytes()).unwrap();
    let resource = json.as_object().unwrap();
    let resource_type = resource.get("resourceType").and_then(Json::as_str).unwrap();
    validate(
        fixture::r4(),
        ResourceType::parse(resource_type).unwrap(),
        resource,
    )
}

#[test]
fn a_resource_with_a_bit_of_everything_is_valid() {
    let text = r##"{
        "resourceType": "Patient", "id": "p-1.A", "language": "de",
        "meta": {"lastUpdated": "2020-01-01T00:00:00.000Z", "versionId": "1", "profile": ["http://example.org/p"]},
        "implicitRules": "http://example.org/rules",
        "text": {"status": "generated", "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\"><p class='a'>x &amp; y&#160;&#xa0;&nbsp;<br/></p></div>"},
        "contained": [{"resourceType": "Organization", "id": "o", "name": "Ward", "partOf": {"reference": "#"}}],
        "extension": [{"url": "http://example.org/e", "valueString": "x"},
                      {"url": "http://example.org/n", "extension": [{"url": "a", "valueBoolean": false}]}],
        "modifierExtension": [{"url": "http://example.org/m", "_valueDate": {"extension": [{"url": "u", "valueCode": "unknown"}]}}],
        "active": true,
        "name": [{"family": "Ödegård", "given": ["A", null, "C"], "_given": [null, {"id": "x", "extension": [{"url": "u", "valueInteger": 1}]}, null]}],
        "gender": "female",
        "_birthDate": {"extension": [{"url": "u", "valueTime": "12:00:00"}]},
        "deceasedDateTime": "2020-02-29T23:00:00+01:00", "_deceasedDateTime": {"id": "d"},
        "multipleBirthInteger": 2,
        "managingOrganization": {"reference": "#o"},
        "generalPractitioner": [{"reference": "Practitioner/1/_history/2"}, {"reference": "urn:uuid:c757873d-ec9a-4326-a141-556f43239520"},
            {"reference": "https://other.example/fhir/Practitioner/9"}, {"display": "Dr. X"}],
        "link": [{"other": {"reference": "RelatedPerson/r"}, "type": "seealso"}]
    }"##;
    assert_eq!(issues(text), []);
}

#[test]
fn a_conditional_reference_is_for_transactions() {
    let text =
        r#"{"resourceType":"Patient","generalPractitioner":[{"reference":"Practitioner?identifier=a|b c"}]}"#;
    let Json::Object(patient) = Json::parse(text.as_bytes()).unwrap() else {
        panic!("{text}");
    };
    let patient_type = ResourceType::parse("Patient").unwrap();
    assert_eq!(validate_in_transaction(fixture::r4(), patient_type, &patient), []);
    let [issue] = validate(fixture::r4(), patient_type, &patient)
        .try_into()
        .unwrap();
    assert_eq!(issue.expression, "Patient.generalPractitioner[0].reference");
    assert!(
        issue.diagnostics.contains("write Type/id"),
        "{}",
        issue.diagnostics
    );
    let entry = format!(
        r#"{{"resourceType":"Bundle","type":"transaction","entry":[{{"resource":{text},"request":{{"method":"POST","url":"Patient"}}}}]}}"#
    );
    assert_eq!(issues(&entry), []);
    assert_eq!(issues(&text.replace("identifier=a|b c", "")).len(), 1);
}

#[test]
fn resources_in_bundles_and_parameters_are_checked_by_their_own_type() {
    let text = r##"{"resourceType": "Bundle", "type": "collection", "entry": [{"fullUrl": "urn:uuid:1",
        "resource": {"resourceType": "Encounter", "status": "finished", "class": {"code": "AMB"},
            "contained": [{"resourceType": "Patient", "id": "p"}], "subject": {"reference": "#p"}}}]}"##;
    assert_eq!(issues(text), []);
    let text = r#"{"resourceType": "Parameters", "parameter": [{"name": "a", "resource": {"resourceType": "Patient"}},
        {"name": "b", "part": [{"name": "c", "valueUuid": "urn:uuid:c757873d-ec9a-4326-a141-556f43239520"}]}]}"#;
    assert_eq!(issues(text), []);
}

#[test]
fn all_mistakes_are_told_at_once_in_the_order_of_the_text() {
    let found = issues(
        r#"{"resourceType": "Patient", "gender": "f", "birthDate": "x", "name": {"family": "A"}, "colour": 1}"#,
    );
    let places: Vec<&str> = found.iter().map(|issue| issue.expression.as_str()).collect();
    assert_eq!(
        places,
        [
            "Patient.gender",
            "Patient.birthDate",
            "Patient.name",
            "Patient.colour"
        ]
    );
    assert!(found.iter().all(|issue| issue.severity == Severity::Error));
}

#[test]
fn no_more_than_a_hundred_mistakes_are_told() {
    let names = vec![r#"{"colour": 1}"#; 5_000].join(",");
    let found = issues(&format!(r#"{{"resourceType": "Patient", "name": [{names}]}}"#));
    assert_eq!(found.len(), MAXIMUM_ISSUES);
}

#[test]
fn a_resource_of_another_type_is_refused() {
    for (text, code) in [
        (r#"{"resourceType": "Group"}"#, IssueCode::Invalid),
        (r#"{"resourceType": 7}"#, IssueCode::Structure),
        (r#"{"id": "a"}"#, IssueCode::Required),
    ] {
        let json = Json::parse(text.as_bytes()).unwrap();
        let found = validate(
            fixture::r4(),
            ResourceType::parse("Patient").unwrap(),
            json.as_object().unwrap(),
        );
        assert_eq!(found[0].code, code, "{text}");
        assert_eq!(found[0].expression, "Patient.resourceType", "{text}");
    }
}

#[test]
fn messages_say_what_to_write_instead() {
    for (text, message) in [
        (
            r#"{"resourceType":"Patient","brithDate":"2020"}"#,
            "Patient has no element \"brithDate\"; did you mean \"birthDate\"?",
        ),
        (
            r#"{"resourceType":"Patient","gender":"m"}"#,
            "\"m\" is not a code of administrative-gender; write one of female, male, other, unknown",
        ),
        (
            r#"{"resourceType":"Patient","active":"true"}"#,
            "the string \"true\" found; expected true or false, without quotes",
        ),
        (
            r#"{"resourceType":"Patient","name":{}}"#,
            "\"name\" repeats: write an array, [ … ]",
        ),
        (
            r#"{"resourceType":"Patient","deceased":true}"#,
            "Patient has no element \"deceased\"; deceased[x] is one of deceasedBoolean, deceasedDateTime",
        ),
        (
            r#"{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Practitioner/1"}}"#,
            "a reference to Practitioner is not allowed here; write a reference to Device, Group, Location, Patient",
        ),
    ] {
        let found = issues(text);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].diagnostics, message);
    }
}

/// Any JSON, with the names that the walk looks for among its members.
fn any_json() -> impl Strategy<Value = Json> {
    let name = prop_oneof![
        prop::sample::select(vec![
            "resourceType",
            "id",
            "_id",
            "meta",
            "text",
            "div",
            "contained",
            "extension",
            "url",
            "valueString",
            "valueReference",
            "_valueString",
            "reference",
            "name",
            "given",
            "_given",
            "period",
            "start",
            "end",
            "entry",
            "resource",
            "parameter",
            "part",
            "coding",
            "gender",
            "_gender",
            "status",
            "link",
            "_",
            "",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,8}",
    ];
    let text = prop_oneof![
        prop::sample::select(vec![
            "Patient",
            "Bundle",
            "Parameters",
            "Observation",
            "#",
            "#a",
            "Patient/é",
            "2020-02-30",
            "<div",
            "<div xmlns='",
            "é",
            "",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,24}",
    ];
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<u64>().prop_map(Json::from),
        text.prop_map(Json::from),
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Json::Array),
            prop::collection::vec((name.clone(), inner), 0..6)
                .prop_map(|members| Json::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn nothing_makes_validation_panic(json in any_json(), number in 1_i16..=146) {
        let resource_type = ResourceType::from_number(number).unwrap();
        let mut resource = json.as_object().cloned().unwrap_or_default();
        resource.set("resourceType", Json::from(resource_type.name()));
        prop_assert!(validate(fixture::r4(), resource_type, &resource).len() <= MAXIMUM_ISSUES);
    }
}

#[test]
fn the_deepest_document_that_is_taken_can_be_walked() {
    let depth = crate::resource::json::MAXIMUM_DEPTH / 2 - 2;
    let open = r#"{"url":"u","extension":["#.repeat(depth);
    let close = "]}".repeat(depth);
    let text =
        format!(r#"{{"resourceType":"Patient","extension":[{open}{{"url":"u","valueString":""}}{close}]}}"#);
    let found = issues(&text);
    assert_eq!(found.len(), 1);
    assert!(found[0].expression.ends_with(".value"), "{}", found[0].expression);
}
