//! Resources with one mistake in an element: where it is seen, and as what.

use super::super::IssueCode::{self, CodeInvalid, Invariant, Required, Structure, TooLong, Value};
use super::issues;

/// The members of a resource besides `resourceType`, the place of the mistake, its kind.
pub type Case = (&'static str, &'static str, IssueCode);

pub fn check(resource_type: &str, always: &str, cases: &[Case]) {
    for (members, place, code) in cases {
        let text = format!("{{\"resourceType\":\"{resource_type}\"{always},{members}}}");
        let found = issues(&text);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        assert_eq!(
            (found[0].expression.as_str(), found[0].code),
            (*place, *code),
            "{text}"
        );
        assert!(!found[0].diagnostics.is_empty());
    }
}

#[test]
fn wrong_structure() {
    check(
        "Patient",
        "",
        &[
            (r#""brithDate":"2020""#, "Patient.brithDate", Structure),
            (r#""name":[{"first":"A"}]"#, "Patient.name[0].first", Structure),
            (r#""name":{"family":"A"}"#, "Patient.name", Structure),
            (r#""name":"A""#, "Patient.name", Structure),
            (r#""name":["A"]"#, "Patient.name[0]", Structure),
            (r#""name":[[{"family":"A"}]]"#, "Patient.name[0]", Structure),
            (r#""name":[]"#, "Patient.name", Structure),
            (r#""name":[{}]"#, "Patient.name[0]", Structure),
            (r#""name":[null]"#, "Patient.name[0]", Structure),
            (r#""name":null"#, "Patient.name", Structure),
            (
                r#""name":[{"family":"A","given":"B"}]"#,
                "Patient.name[0].given",
                Structure,
            ),
            (
                r#""name":[{"family":["A"]}]"#,
                "Patient.name[0].family",
                Structure,
            ),
            (
                r#""name":[{"given":["A",7]}]"#,
                "Patient.name[0].given[1]",
                Structure,
            ),
            (
                r#""name":[{"family":"A"},{"given":["A",""]}]"#,
                "Patient.name[1].given[1]",
                Value,
            ),
            (r#""birthDate":null"#, "Patient.birthDate", Structure),
            (r#""birthDate":["2020"]"#, "Patient.birthDate", Structure),
            (r#""birthDate":2020"#, "Patient.birthDate", Structure),
            (r#""birthDate":{"value":"2020"}"#, "Patient.birthDate", Structure),
            (r#""active":"true""#, "Patient.active", Structure),
            (
                r#""multipleBirthInteger":"1""#,
                "Patient.multipleBirth",
                Structure,
            ),
            (
                r#""maritalStatus":{"coding":{"code":"M"}}"#,
                "Patient.maritalStatus.coding",
                Structure,
            ),
            (
                r#""managingOrganization":"Organization/1""#,
                "Patient.managingOrganization",
                Structure,
            ),
            (r#""meta":{"tags":[]}"#, "Patient.meta.tags", Structure),
            (
                r#""name":[{"resourceType":"HumanName","family":"A"}]"#,
                "Patient.name[0].resourceType",
                Structure,
            ),
            (r#""_name":[{"id":"a"}]"#, "Patient._name", Structure),
            (r#""fhir_comments":["a"]"#, "Patient.fhir_comments", Structure),
            (r#""":1"#, "Patient.", Structure),
        ],
    );
}

#[test]
fn wrong_choices() {
    check(
        "Patient",
        "",
        &[
            (r#""deceased":true"#, "Patient.deceased", Structure),
            (r#""deceasedString":"yes""#, "Patient.deceasedString", Structure),
            (r#""deceasedboolean":true"#, "Patient.deceasedboolean", Structure),
            (
                r#""deceasedBoolean":true,"deceasedDateTime":"2020""#,
                "Patient.deceased",
                Structure,
            ),
            (
                r#""deceasedBoolean":true,"_deceasedDateTime":{"extension":[{"url":"u","valueCode":"x"}]}"#,
                "Patient.deceased",
                Structure,
            ),
            (
                r#""_deceasedBoolean":{"extension":[{"url":"u","valueCode":"x"}]},"deceasedDateTime":"2020""#,
                "Patient.deceased",
                Structure,
            ),
        ],
    );
    let observation = r#","status":"final","code":{"text":"x"}"#;
    check(
        "Observation",
        observation,
        &[
            (
                r#""valueQuantity":{"value":1},"valueString":"x""#,
                "Observation.value",
                Structure,
            ),
            (r#""valueDecimal":1"#, "Observation.valueDecimal", Structure),
            (
                r#""valueQuantity":{"value":"1"}"#,
                "Observation.value.value",
                Structure,
            ),
            (
                r#""valueQuantity":{"value":1,"comparator":"=="}"#,
                "Observation.value.comparator",
                CodeInvalid,
            ),
            (
                r#""component":[{"valueString":"x"}]"#,
                "Observation.component[0].code",
                Required,
            ),
            (
                r#""referenceRange":[{"low":{"value":true}}]"#,
                "Observation.referenceRange[0].low.value",
                Structure,
            ),
            (
                r#""subject":{"reference":"Practitioner/1"}"#,
                "Observation.subject.reference",
                Value,
            ),
            (
                r#""valueString":"x","dataAbsentReason":{"text":"x"}"#,
                "Observation",
                Invariant,
            ),
        ],
    );
}

#[test]
fn wrong_primitives() {
    check(
        "Patient",
        "",
        &[
            (r#""id":"a_b""#, "Patient.id", Value),
            (r#""id":"""#, "Patient.id", Value),
            (r#""birthDate":"1970-02-30""#, "Patient.birthDate", Value),
            (r#""birthDate":"01/02/1970""#, "Patient.birthDate", Value),
            (
                r#""deceasedDateTime":"2020-01-01T10:00:00""#,
                "Patient.deceased",
                Value,
            ),
            (r#""multipleBirthInteger":1.5"#, "Patient.multipleBirth", Value),
            (
                r#""multipleBirthInteger":2147483648"#,
                "Patient.multipleBirth",
                Value,
            ),
            (
                r#""meta":{"lastUpdated":"2020-01-01"}"#,
                "Patient.meta.lastUpdated",
                Value,
            ),
            (r#""meta":{"profile":["a b"]}"#, "Patient.meta.profile[0]", Value),
            (r#""photo":[{"data":"%%%"}]"#, "Patient.photo[0].data", Value),
            (r#""telecom":[{"rank":0}]"#, "Patient.telecom[0].rank", Value),
            (r#""photo":[{"size":-1}]"#, "Patient.photo[0].size", Value),
            (r#""name":[{"text":"a\u0007"}]"#, "Patient.name[0].text", Value),
            (
                r#""identifier":[{"system":""}]"#,
                "Patient.identifier[0].system",
                Value,
            ),
            (
                r#""extension":[{"url":"u","valueOid":"1.2"}]"#,
                "Patient.extension[0].value",
                Value,
            ),
            (
                r#""extension":[{"url":"u","valueUuid":"urn:uuid:1"}]"#,
                "Patient.extension[0].value",
                Value,
            ),
            (
                r#""extension":[{"url":"u","valueTime":"25:00:00"}]"#,
                "Patient.extension[0].value",
                Value,
            ),
            (
                r#""extension":[{"url":"u","valueCode":" x"}]"#,
                "Patient.extension[0].value",
                Value,
            ),
        ],
    );
    let long = "x".repeat(1024 * 1024 + 1);
    let found = issues(&format!(
        r#"{{"resourceType":"Patient","name":[{{"text":"{long}"}}]}}"#
    ));
    assert_eq!((found.len(), found[0].code), (1, TooLong));
}

#[test]
fn wrong_codes() {
    check(
        "Patient",
        "",
        &[
            (r#""gender":"Female""#, "Patient.gender", CodeInvalid),
            (
                r#""telecom":[{"system":"telegram"}]"#,
                "Patient.telecom[0].system",
                CodeInvalid,
            ),
            (
                r#""text":{"status":"done","div":"<div xmlns='http://www.w3.org/1999/xhtml'>x</div>"}"#,
                "Patient.text.status",
                CodeInvalid,
            ),
        ],
    );
    check(
        "AllergyIntolerance",
        r#","patient":{"reference":"Patient/1"}"#,
        &[
            (
                r#""category":["food","drink"]"#,
                "AllergyIntolerance.category[1]",
                CodeInvalid,
            ),
            (
                r#""clinicalStatus":{"coding":[{"system":"http://example.org","code":"active"}]}"#,
                "AllergyIntolerance.clinicalStatus.coding",
                CodeInvalid,
            ),
        ],
    );
}

#[test]
fn missing_elements() {
    for (text, places) in [
        (
            r#"{"resourceType":"Observation"}"#,
            &["Observation.status", "Observation.code"][..],
        ),
        (
            r#"{"resourceType":"Patient","link":[{"type":"refer"}]}"#,
            &["Patient.link[0].other"],
        ),
        (
            r#"{"resourceType":"Patient","text":{"status":"empty"}}"#,
            &["Patient.text.div"],
        ),
        (
            r#"{"resourceType":"Patient","extension":[{"valueString":"x"}]}"#,
            &["Patient.extension[0].url"],
        ),
        (
            r#"{"resourceType":"MedicationRequest","status":"active","intent":"order","subject":{"reference":"Patient/1"}}"#,
            &["MedicationRequest.medication"],
        ),
    ] {
        let found = issues(text);
        let found: Vec<_> = found
            .iter()
            .map(|issue| (issue.expression.as_str(), issue.code))
            .collect();
        let expected: Vec<_> = places.iter().map(|place| (*place, Required)).collect();
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn wrong_siblings_and_extensions() {
    check(
        "Patient",
        "",
        &[
            (r#""_birthDate":[{"id":"a"}]"#, "Patient.birthDate", Structure),
            (r#""_birthDate":null"#, "Patient.birthDate", Structure),
            (r#""_birthDate":{"id":"a"}"#, "Patient.birthDate", Invariant),
            (
                r#""birthDate":"2020","_birthDate":{"id":7}"#,
                "Patient.birthDate.id",
                Structure,
            ),
            (r#""_birthDate":{}"#, "Patient.birthDate", Structure),
            (
                r#""_birthDate":{"value":"x"}"#,
                "Patient.birthDate.value",
                Structure,
            ),
            (
                r#""_birthDate":{"extension":[{"url":"u"}]}"#,
                "Patient.birthDate.extension[0]",
                Invariant,
            ),
            (
                r#""name":[{"given":["A","B"],"_given":[null]}]"#,
                "Patient.name[0].given",
                Structure,
            ),
            (
                r#""name":[{"given":["A",null],"_given":[{"id":"a"},null]}]"#,
                "Patient.name[0].given[1]",
                Structure,
            ),
            (
                r#""name":[{"given":["A",null]}]"#,
                "Patient.name[0].given[1]",
                Structure,
            ),
            (
                r#""name":[{"_given":[null]}]"#,
                "Patient.name[0].given[0]",
                Structure,
            ),
            (
                r#""name":[{"_given":["A"]}]"#,
                "Patient.name[0].given[0]",
                Structure,
            ),
            (
                r#""name":[{"_given":{"id":"a"}}]"#,
                "Patient.name[0].given",
                Structure,
            ),
            (r#""extension":[{"url":"u"}]"#, "Patient.extension[0]", Invariant),
            (
                r#""extension":[{"url":"u","valueCode":"a","extension":[{"url":"v","valueCode":"b"}]}]"#,
                "Patient.extension[0]",
                Invariant,
            ),
            (
                r#""extension":[{"url":"u","valueFoo":"a"}]"#,
                "Patient.extension[0].valueFoo",
                Structure,
            ),
            (
                r#""extension":{"url":"u","valueCode":"a"}"#,
                "Patient.extension",
                Structure,
            ),
            (r#""name":[{"id":"a"}]"#, "Patient.name[0]", Invariant),
            (
                r#""name":[{"period":{"start":"2021","end":"2020"}}]"#,
                "Patient.name[0].period",
                Invariant,
            ),
        ],
    );
}
