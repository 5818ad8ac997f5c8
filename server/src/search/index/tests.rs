//! Resources in, index entries out.

use super::*;
use crate::definitions::fixture;
use crate::resource::{Json, ResourceType};

/// The entries of a resource, one line each: `code kind values`, sorted.
#[expect(clippy::too_many_lines, reason = "an arm for each kind of entry")]
fn lines(resource: &str) -> Vec<String> {
    let resource = Json::parse(resource.as_bytes()).unwrap();
    let resource = resource.as_object().unwrap();
    let name = resource.get("resourceType").unwrap().as_str().unwrap();
    let registry = fixture::r4().search_parameters();
    let entries = extract(registry, ResourceType::parse(name).unwrap(), resource);
    let code = |id| registry.get(id).code.as_str();
    let or_none = |text: &Option<CompactString>| text.as_deref().unwrap_or("-").to_owned();
    let target = |target: &ReferenceTarget| match target {
        ReferenceTarget::Local {
            resource_type,
            id,
            version: None,
        } => format!("{resource_type}/{id}"),
        ReferenceTarget::Local {
            resource_type,
            id,
            version: Some(version),
        } => format!("{resource_type}/{id} version {version}"),
        ReferenceTarget::Url { url, version } => format!("{url} {}", or_none(version)),
    };
    let mut lines = Vec::new();
    for token in &entries.tokens {
        lines.push(format!(
            "{} token {} {}",
            code(token.parameter),
            or_none(&token.system),
            or_none(&token.code)
        ));
    }
    for string in &entries.strings {
        lines.push(format!("{} string {}", code(string.parameter), string.folded));
    }
    for reference in &entries.references {
        lines.push(format!(
            "{} reference {}",
            code(reference.parameter),
            target(&reference.target)
        ));
    }
    for date in &entries.dates {
        lines.push(format!(
            "{} date {} {}",
            code(date.parameter),
            date.low,
            date.high
        ));
    }
    for number in &entries.numbers {
        lines.push(format!(
            "{} number {} {}",
            code(number.parameter),
            number.low,
            number.high
        ));
    }
    for quantity in &entries.quantities {
        lines.push(format!(
            "{} quantity {} {} {} {} {}",
            code(quantity.parameter),
            quantity.low,
            quantity.high,
            or_none(&quantity.system),
            or_none(&quantity.code),
            or_none(&quantity.unit)
        ));
    }
    for uri in &entries.uris {
        lines.push(format!("{} uri {}", code(uri.parameter), uri.value));
    }
    for composite in &entries.composites {
        let values: Vec<String> = composite
            .components
            .iter()
            .map(|value| match value {
                CompositeValue::Token { system, code } => format!("{}|{}", or_none(system), or_none(code)),
                CompositeValue::String { folded } => folded.to_string(),
                CompositeValue::Reference(reference) => target(reference),
                CompositeValue::Date { low, high } => format!("{low}..{high}"),
                CompositeValue::Quantity {
                    low,
                    high,
                    code,
                    unit,
                    ..
                } => format!("{low}..{high}{} {}", or_none(code), or_none(unit)),
                CompositeValue::Uri(uri) => uri.to_string(),
            })
            .collect();
        lines.push(format!(
            "{} composite {}",
            code(composite.parameter),
            values.join(" $ ")
        ));
    }
    lines.sort();
    lines
}

#[test]
fn a_patient_says_this() {
    insta::assert_snapshot!(lines(
        r##"{"resourceType":"Patient","active":true,"gender":"female","birthDate":"1970-05",
        "identifier":[{"type":{"coding":[{"system":"http://v2","code":"MR"}],"text":"Record"},"system":"urn:s","value":"12"},
            {"system":"urn:s","value":"12"}],
        "name":[{"text":"Ann Ö. Lee","family":"Lee","given":["Ann","Ö."],"_given":[null,{"id":"x"}]}],
        "telecom":[{"system":"phone","value":"555"},{"system":"email","value":"a@b.example"}],
        "address":[{"use":"home","line":["1 Main St"],"city":"Ulm","country":"DE"}],
        "generalPractitioner":[{"reference":"Practitioner/1/_history/3"},{"reference":"#p","display":"Dr Who"},
            {"identifier":{"system":"urn:gp","value":"7"}}],
        "meta":{"tag":[{"system":"urn:t","code":"x"}],"profile":["http://p|1.0"],"source":"urn:source#1"},
        "managingOrganization":{"reference":"https://elsewhere.example/Organization/9"}}"##
    )
    .join("\n"));
}

#[test]
fn an_observation_says_this() {
    insta::assert_snapshot!(lines(
        r#"{"resourceType":"Observation","status":"final",
        "code":{"coding":[{"system":"http://loinc.org","code":"85354-9","display":"Blood pressure"},{"code":"bp"}]},
        "effectivePeriod":{"start":"1970-01-01T00:00:01Z"},
        "valueQuantity":{"value":1.50,"comparator":"<","unit":"beats","system":"http://unitsofmeasure.org","code":"/min"},
        "component":[{"code":{"coding":[{"code":"sys"}]},"valueQuantity":{"value":120,"unit":"mmHg","code":"mmHg"}},
            {"code":{"coding":[{"code":"wave"}]},"valueSampledData":{"origin":{"value":2,"code":"mV"},"factor":0.5,
                "lowerLimit":-8,"data":"1 E 10 L"}}]}"#
    )
    .join("\n"));
}

#[test]
fn other_kinds_of_values() {
    for (resource, expected) in [
        (
            r#"{"resourceType":"Patient","deceasedDateTime":"2020"}"#,
            vec![
                "death-date date 1577836800000000 1609459200000000",
                "deceased token - true",
            ],
        ),
        (
            r#"{"resourceType":"Condition","onsetRange":{"low":{"value":2,"code":"a"},"high":{"value":3,"code":"a"}}}"#,
            vec!["onset-age quantity 2 3 - a -"],
        ),
        (
            r#"{"resourceType":"Invoice","totalNet":{"value":9.5,"currency":"EUR"}}"#,
            vec!["totalnet quantity 9.5 9.5 urn:iso:std:iso:4217 EUR -"],
        ),
        (
            r#"{"resourceType":"RiskAssessment","prediction":[{"probabilityRange":{"low":{"value":0.2}}},
                {"probabilityDecimal":1e-1}]}"#,
            vec!["probability number 0.1 0.1", "probability number 0.2 Infinity"],
        ),
        (
            r#"{"resourceType":"Location","position":{"longitude":4.9,"latitude":52.37}}"#,
            vec!["near composite 52.37..52.37- - $ 4.9..4.9- -"],
        ),
        (
            r#"{"resourceType":"Bundle","type":"document","entry":[{"resource":{"resourceType":"Composition","id":"c"}}]}"#,
            vec![
                "composition reference Composition/c",
                "type token http://hl7.org/fhir/bundle-type document",
            ],
        ),
        (
            r#"{"resourceType":"CarePlan","activity":[{"detail":{"scheduledTiming":{"event":["1970","1971-01-01"]}}}]}"#,
            vec!["activity-date date 0 31622400000000"],
        ),
        (
            r#"{"resourceType":"Group","characteristic":[{"code":{"coding":[{"code":"g"}]},"valueBoolean":false},
                {"code":{"coding":[{"code":"h"}]},"valueRange":{"low":{"value":1}}}]}"#,
            vec![
                "characteristic token - g",
                "characteristic token - h",
                "characteristic-value composite -|g $ -|false",
                "value token - false",
            ],
        ),
        (
            r#"{"resourceType":"MolecularSequence","referenceSeq":{"chromosome":{"coding":[{"code":"2"}]},"windowStart":1},
                "variant":[{"start":5,"end":7}]}"#,
            vec![
                "chromosome token - 2",
                "chromosome-variant-coordinate composite -|2 $ 5..5- - $ 7..7- -",
                "variant-end number 7 7",
                "variant-start number 5 5",
                "window-start number 1 1",
            ],
        ),
    ] {
        assert_eq!(lines(resource), expected, "{resource}");
    }
}

#[test]
fn what_is_not_of_the_right_type_is_left_out() {
    assert_eq!(
        lines(
            r#"{"resourceType":"Patient","active":"yes","birthDate":1970,"gender":{"a":1},"name":"x","telecom":[1,null],
            "identifier":{"value":{}},"meta":[],"address":[[{"city":7}]],"deceasedBoolean":false}"#
        ),
        ["deceased token - false"]
    );
}

#[test]
fn entries_do_not_repeat_and_combinations_are_bounded() {
    let codings = |count: usize| {
        let codings: Vec<String> = (0..count)
            .map(|code| format!(r#"{{"code":"{code}"}},{{"code":"{code}"}}"#))
            .collect();
        format!(r#"{{"coding":[{}]}}"#, codings.join(","))
    };
    let resource = format!(
        r#"{{"resourceType":"Observation","code":{},"valueCodeableConcept":{}}}"#,
        codings(400),
        codings(3)
    );
    let lines = lines(&resource);
    let count = |start: &str| lines.iter().filter(|line| line.starts_with(start)).count();
    assert_eq!(count("code token"), 400);
    assert_eq!(count("value-concept token"), 3);
    assert_eq!(count("code-value-concept composite"), 1200);
}
