//! FHIR mapping files: what is accepted, and what is refused with which place and words. Device mapping files alike.

use super::*;
use crate::compatibility::Compatibility::{IomtFhir, Strict};
use crate::mapping::device::DeviceMapping;

fn fhir_errors(mode: Compatibility, text: &str) -> Vec<String> {
    FhirMapping::compile(text, mode)
        .err()
        .map_or_else(Vec::new, |invalid| {
            invalid.errors.iter().map(ToString::to_string).collect()
        })
}

fn fhir_template(members: &str) -> String {
    format!(
        "{{\"templateType\":\"CollectionFhir\",\"template\":[{{\"templateType\":\"CodeValueFhir\",\n\"template\":{{{members}}}}}]}}"
    )
}

fn device_errors(mode: Compatibility, text: &str) -> Vec<String> {
    let errors = |invalid: InvalidMapping| invalid.errors.iter().map(ToString::to_string).collect();
    DeviceMapping::compile(text, mode)
        .err()
        .map_or_else(Vec::new, errors)
}

fn device_template(kind: &str, members: &str) -> String {
    format!(
        "{{\"templateType\":\"CollectionContent\",\"template\":[{{\"templateType\":\"{kind}\",\n\"template\":{{{members}}}}}]}}"
    )
}

#[test]
fn fhir_mappings_that_are_accepted() {
    for mode in [Strict, IomtFhir] {
        for members in [
            r#""typeName":"t","codes":[]"#,
            r#""TYPENAME":"t","CODES":[{"Code":"1","system":"s","display":"d"}],"periodInterval":60"#,
            r#""typeName":"t","codes":[],"periodInterval":"60""#,
            r#""typeName":"t","codes":[],"periodInterval":"Hourly""#,
            r#""typeName":"t","codes":[],"value":{"ValueType":"quantity","valueName":"v","unknown":1}"#,
            r#""typeName":"t","codes":[],"value":{"valueType":"SAMPLEDDATA","valueName":"v","defaultPeriod":"5000","unit":""}"#,
            r#""typeName":"t","codes":[],"value":null,"components":[{"codes":[],"value":{"valueType":"String","valueName":"v"}}]"#,
            r#""typeName":"t","codes":[],"category":[{"codes":[{"code":"a"}],"text":"x"}], // comment"#,
        ] {
            let text = fhir_template(members).replace("// comment", "/* comment */");
            assert_eq!(fhir_errors(mode, &text), [""; 0], "{members}");
        }
        assert_eq!(
            fhir_errors(
                mode,
                r#"{"templatetype":"collectionFHIRtemplate","TEMPLATE":[],"x":1}"#
            ),
            [""; 0]
        );
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a list of cases")]
fn fhir_mappings_that_are_refused() {
    for mode in [Strict, IomtFhir] {
        for (members, expected) in [
            (
                r#""codes":[]"#,
                "line 2, column 12: template 0: typeName: \"typeName\" is required",
            ),
            (
                r#""typeName":" ","codes":[]"#,
                "typeName: \"typeName\" must not be blank",
            ),
            (
                r#""typeName":"t""#,
                "line 2, column 12: template 0: codes: \"codes\" is required",
            ),
            (r#""typeName":"t","codes":null"#, "codes: \"codes\" is required"),
            (r#""typeName":"t","codes":{}"#, "codes: expected an array"),
            (
                r#""typeName":"t","codes":[],"x":1"#,
                "line 2, column 39: template 0: x: unknown member \"x\"",
            ),
            (
                r#""typeName":"t","codes":[{"x":1}]"#,
                "codes[0].x: unknown member",
            ),
            (
                r#""typeName":"t","codes":[],"category":[{"x":1}]"#,
                "category[0].x: unknown member",
            ),
            (
                r#""typeName":"t","codes":[],"components":[{"codes":[],"x":1,"value":{"valueType":"String","valueName":"v"}}]"#,
                "components[0].x: unknown",
            ),
            (
                r#""typeName":"t","codes":[],"components":[{"codes":[]}]"#,
                "components[0].value: \"value\" is required",
            ),
            (
                r#""typeName":"t","codes":[],"components":[{"value":{"valueType":"String","valueName":"v"}}]"#,
                "components[0].codes",
            ),
            (
                r#""typeName":"t","codes":[],"periodInterval":30"#,
                "periodInterval: expected -1",
            ),
            (
                r#""typeName":"t","codes":[],"value":{"valueName":"v"}"#,
                "value.valueType: \"valueType\" is required",
            ),
            (
                r#""typeName":"t","codes":[],"value":{"valueType":"Range","valueName":"v"}"#,
                "unknown valueType \"Range\"",
            ),
            (
                r#""typeName":"t","codes":[],"value":{"valueType":"SampledData","valueName":"v"}"#,
                "value.defaultPeriod: \"defaultPeriod\" is required",
            ),
            (
                r#""typeName":"t","codes":[],"value":{"valueType":"SampledData","valueName":"v","defaultPeriod":0}"#,
                "value.defaultPeriod: expected milliseconds",
            ),
            (
                r#""typeName":"t","codes":[],"value":{"valueType":"SampledData","valueName":"v","defaultPeriod":-5}"#,
                "more than 0",
            ),
        ] {
            let errors = fhir_errors(mode, &fhir_template(members));
            assert!(
                errors.iter().any(|error| error.contains(expected)),
                "{members}: {errors:?}"
            );
        }
        for (text, expected) in [
            ("", "line 1, column 1: not valid JSON"),
            ("[]", "expected an object with templateType"),
            (
                r#"{"templateType":"CollectionContent","template":[]}"#,
                "expected \"CollectionFhir\", found \"CollectionContent\"",
            ),
            (
                r#"{"templateType":"CollectionFhir"}"#,
                "expected an array of templates",
            ),
            (
                r#"{"templateType":"CollectionFhir","template":[5]}"#,
                "expected an object with templateType",
            ),
            (
                r#"{"templateType":"CollectionFhir","template":[{"templateType":"Other","template":{}}]}"#,
                "unknown templateType \"Other\"",
            ),
        ] {
            let errors = fhir_errors(mode, text);
            assert!(
                errors.iter().any(|error| error.contains(expected)),
                "{text}: {errors:?}"
            );
        }
    }
}

#[test]
fn a_value_without_a_name_is_none_for_the_original() {
    let text = fhir_template(r#""typeName":"t","codes":[],"value":{"valueType":"String"}"#);
    assert_eq!(fhir_errors(IomtFhir, &text), [""; 0]);
    assert_eq!(fhir_errors(Strict, &text).len(), 1);
}

#[test]
fn codes_of_a_value_may_have_unknown_members_for_the_original() {
    let codes = r#""value":{"valueType":"CodeableConcept","valueName":"v","codes":[{"code":"c","note":1}]}"#;
    let text = fhir_template(&format!(r#""typeName":"t","codes":[],{codes}"#));
    assert_eq!(fhir_errors(IomtFhir, &text), [""; 0]);
    assert!(fhir_errors(Strict, &text)[0].contains("value.codes[0].note: unknown member"));
}

#[test]
fn a_concept_says_something() {
    for (members, place) in [
        (r#""category":[{"text":"x"},{}]"#, "category[1].codes"),
        (r#""category":[{"text":" ","codes":[{}]}]"#, "category[0].codes"),
        (
            r#""value":{"valueType":"CodeableConcept","valueName":"v"}"#,
            "value.codes",
        ),
        (
            r#""components":[{"codes":[],"value":{"valueType":"CodeableConcept","valueName":"v","codes":[]}}]"#,
            "components[0].value.codes",
        ),
    ] {
        let text = fhir_template(&format!(r#""typeName":"t","codes":[],{members}"#));
        let errors = fhir_errors(Strict, &text);
        assert!(
            errors.len() == 1 && errors[0].contains(&format!("{place}: a concept needs a text or a code")),
            "{errors:?}"
        );
        assert_eq!(fhir_errors(IomtFhir, &text), [""; 0]);
    }
}

#[test]
fn a_period_given_as_text_is_written_as_a_number() {
    for (written, expected) in [
        (r#""900000""#, "900000"),
        ("900000", "900000"),
        (r#""0.5""#, "0.5"),
        ("1e3", "1e3"),
    ] {
        let value =
            format!(r#""value":{{"valueType":"SampledData","valueName":"v","defaultPeriod":{written}}}"#);
        let text = fhir_template(&format!(r#""typeName":"t","codes":[],{value}"#));
        let mapping = FhirMapping::compile(&text, Strict).unwrap();
        let kind = mapping.template("t").unwrap().value.clone().unwrap().kind;
        let ValueKind::SampledData { default_period, .. } = kind else {
            panic!("{kind:?}");
        };
        assert_eq!(default_period.to_string(), expected);
    }
}

#[test]
fn types_are_unique_without_case_and_every_error_is_reported() {
    let template = |name: &str| {
        format!(r#"{{"templateType":"CodeValueFhir","template":{{"typeName":"{name}","codes":[]}}}}"#)
    };
    let text = format!(
        r#"{{"templateType":"CollectionFhir","template":[{},{},{}]}}"#,
        template("HeartRate"),
        template("heartrate"),
        template(" ")
    );
    let errors = fhir_errors(Strict, &text);
    assert_eq!(errors.len(), 2, "{errors:?}");
    assert!(errors[0].contains("template 1: typeName: type \"heartrate\" already has template 0"));
}

const REQUIRED: &str =
    r#""typeName":"t","typeMatchExpression":"$","deviceIdExpression":"$.d","timestampExpression":"$.t""#;

#[test]
fn device_mappings_that_are_accepted() {
    for mode in [Strict, IomtFhir] {
        for (kind, members) in [
            ("JsonPathContent", REQUIRED),
            ("jsonpathcontenttemplate", REQUIRED),
            ("CalculatedContent", REQUIRED),
            (
                "IotJsonPathContentTemplate",
                r#""typeName":"t","typeMatchExpression":"$""#,
            ),
            (
                "IotCentralJsonPathContent",
                r#""typeName":"t","typeMatchExpression":"$","deviceIdExpression":5"#,
            ),
        ] {
            assert_eq!(
                device_errors(mode, &device_template(kind, members)),
                [""; 0],
                "{kind}"
            );
        }
        let value =
            format!(r#"{REQUIRED},"VALUES":[{{"required":"True","valueName":"v","valueExpression":"$.v"}}]"#);
        assert_eq!(
            device_errors(mode, &device_template("JsonPathContent", &value)),
            [""; 0]
        );
    }
    for kind in ["CalculatedContentTemplate", "IotCentralJsonPathContentTemplate"] {
        assert_eq!(device_errors(Strict, &device_template(kind, REQUIRED)), [""; 0]);
        assert_eq!(device_errors(IomtFhir, &device_template(kind, REQUIRED)).len(), 1);
    }
    let nested = device_template("JsonPathContent", REQUIRED);
    let nested = format!(r#"{{"templateType":"CollectionContent","template":[{nested}]}}"#);
    assert_eq!(device_errors(Strict, &nested), [""; 0]);
    assert_eq!(device_errors(IomtFhir, &nested).len(), 1);
}

#[test]
#[expect(clippy::too_many_lines, reason = "a list of cases")]
fn device_mappings_that_are_refused() {
    let value = |members: &str| format!(r#"{REQUIRED},"values":[{{{members}}}]"#);
    let with = |members: &str| format!("{REQUIRED},{members}");
    for mode in [Strict, IomtFhir] {
        for (kind, members, expected) in [
            (
                "JsonPathContent",
                r#""typeName":"t""#.to_owned(),
                "typeMatchExpression: \"typeMatchExpression\" is required",
            ),
            (
                "JsonPathContent",
                with(r#""typo":1"#),
                "template 0: typo: unknown member \"typo\"; known here: typeName",
            ),
            (
                "JsonPathContent",
                with(r#""patientIdExpression":{"value":"$"}"#),
                "expected an expression: a text",
            ),
            (
                "JsonPathContent",
                with(r#""patientIdExpression":"$.a[""#),
                "patientIdExpression: not a JSONPath expression",
            ),
            (
                "CalculatedContent",
                with(r#""patientIdExpression":{"language":"JmesPath"}"#),
                "patientIdExpression.value: \"value\" is required",
            ),
            (
                "CalculatedContent",
                with(r#""patientIdExpression":{"value":"a","language":"XPath"}"#),
                "expected \"JsonPath\" or \"JmesPath\"",
            ),
            (
                "CalculatedContent",
                with(r#""defaultExpressionLanguage":"XPath""#),
                "defaultExpressionLanguage: expected",
            ),
            (
                "CalculatedContent",
                with(r#""patientIdExpression":{"value":"add(a)","language":"JmesPath"}"#),
                "function add takes 2 arguments, not 1",
            ),
            (
                "JsonPathContent",
                value(r#""valueExpression":"$""#),
                "values[0].valueName: \"valueName\" is required",
            ),
            (
                "JsonPathContent",
                value(r#""valueName":"v""#),
                "values[0].valueExpression: \"valueExpression\" is required",
            ),
            (
                "JsonPathContent",
                value(r#""valueName":"v","valueExpression":"$","x":1"#),
                "values[0].x: unknown member",
            ),
            (
                "JsonPathContent",
                value(r#""valueName":"v","valueExpression":"$","required":"yes""#),
                "values[0].required: expected true or false",
            ),
            (
                "JsonPathContent",
                with(r#""values":{}"#),
                "values: expected an array",
            ),
        ] {
            let errors = device_errors(mode, &device_template(kind, &members));
            assert!(
                errors.iter().any(|error| error.contains(expected)),
                "{members}: {errors:?}"
            );
        }
    }
    let twice = with(r#""typeName":"u""#);
    assert_eq!(
        device_errors(Strict, &device_template("JsonPathContent", &twice)).len(),
        1
    );
    assert_eq!(
        device_errors(IomtFhir, &device_template("JsonPathContent", &twice)),
        [""; 0]
    );
}

#[test]
fn an_error_has_line_and_column() {
    let text = "{\n  \"templateType\": \"CollectionContent\",\n  \"template\": [\n    {\"templateType\": \"Nope\", \"template\": {}}\n  ]\n}";
    let invalid = DeviceMapping::compile(text, Strict).unwrap_err();
    let error = &invalid.errors[0];
    assert_eq!((error.template, error.line, error.column), (Some(0), 4, 22));
}
