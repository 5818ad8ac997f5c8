//! What `map` says of measurements that become part of no Observation: which template, why, and one error for each.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may panic"
)]

mod fixture;

use std::fs;

use fixture::{map, run};

#[test]
fn a_full_stop_in_a_type_brings_no_two_types_together() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let device = |name: &str| {
        format!(
            r#"{{"templateType":"JsonPathContent","template":{{"typeName":"{name}","typeMatchExpression":"$.Body[?(@type == '{name}')]",
            "deviceIdExpression":"$.d","patientIdExpression":"$.p","timestampExpression":"$.at","correlationIdExpression":"$.session",
            "values":[{{"valueName":"v","valueExpression":"$.v"}}]}}}}"#
        )
    };
    let fhir = |name: &str| {
        format!(
            r#"{{"templateType":"CodeValueFhir","template":{{"typeName":"{name}","codes":[],"periodInterval":-1,
            "value":{{"valueType":"Quantity","valueName":"v"}}}}}}"#
        )
    };
    let collection = |name: &str, templates: [String; 2]| {
        format!(
            r#"{{"templateType":"{name}","template":[{}]}}"#,
            templates.join(",")
        )
    };
    let device = write(
        "device.json",
        &collection("CollectionContent", [device("a"), device("a.b")]),
    );
    let fhir = write(
        "fhir.json",
        &collection("CollectionFhir", [fhir("a"), fhir("a.b")]),
    );
    let message = concat!(
        r#"{"Body":[{"type":"a","session":"b.c","v":1,"d":"d","p":"p","at":"2020-01-01"},"#,
        r#"{"type":"a.b","session":"c","v":2,"d":"d","p":"p","at":"2020-01-01"}]}"#
    );
    for mode in ["strict", "iomt-fhir"] {
        let output = map(&device, &fhir, "create", &["--compatibility", mode], message);
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(json["observations"].as_array().unwrap().len(), 1);
        assert_eq!(json["observations"][0]["valueQuantity"]["value"], 1);
        let error = json["errors"][0]["message"].as_str().unwrap();
        assert!(error.contains("is of another type"), "{error}");
    }
}

#[test]
fn an_error_names_its_template_and_there_is_one_for_each_measurement() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let template = |value: &str| {
        format!(
            r#"{{"templateType":"JsonPathContent","template":{{"typeName":"t","typeMatchExpression":"$..[?(@{value})]",
            "deviceIdExpression":"$.d","patientIdExpression":"$.p","timestampExpression":"$.t",
            "values":[{{"valueName":"{value}","valueExpression":"$.{value}"}}]}}}}"#
        )
    };
    let device = format!(
        r#"{{"templateType":"CollectionContent","template":[{},{}]}}"#,
        template("v"),
        template("w")
    );
    let device = write("device.json", &device);
    let fhir = |type_name: &str| {
        format!(
            r#"{{"templateType":"CollectionFhir","template":[{{"templateType":"CodeValueFhir","template":{{"typeName":"{type_name}","codes":[],
            "periodInterval":60,"value":{{"valueType":"Quantity","valueName":"w"}}}}}}]}}"#
        )
    };
    let (fhir, other) = (
        write("fhir.json", &fhir("t")),
        write("other.json", &fhir("other")),
    );
    let errors = |fhir: &str, identity: &str, input: &str| {
        let output = map(&device, fhir, identity, &[], input);
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let error = |error: &serde_json::Value| {
            (
                error["template"].as_u64().unwrap(),
                error["message"].as_str().unwrap().to_owned(),
            )
        };
        let errors: Vec<_> = json["errors"].as_array().unwrap().iter().map(error).collect();
        (errors, json["observations"].as_array().unwrap().len())
    };
    let message = r#"{"Body":{"v":1,"w":"x","d":"d","p":"p","t":"2024-01-01T10:00:00Z"}}"#;
    let unusable = "value w: Quantity needs a decimal number such as 72.5".to_owned();
    assert_eq!(errors(&fhir, "create", message), (vec![(1, unusable)], 1));
    let both = message.replace("\"x\"", "2");
    let no_patient = both.replace("\"p\":\"p\",", "");
    let other_patient = format!("{both}\n{}", both.replace("\"p\":\"p\"", "\"p\":\"q\""));
    let two = r#"{"Body":[{"w":1,"d":"d","p":"p","t":"2024-01-01T10:00:00Z"},{"w":2,"d":"d","p":"p","t":"2024-01-01T10:01:00Z"}]}"#;
    for (fhir, identity, input, templates, reason, stored) in [
        (&fhir, "lookup", &*both, [0, 1], "there is no Device", 0),
        (&other, "create", &both, [0, 1], "no template for type", 0),
        (&fhir, "create", &no_patient, [0, 1], "no patient id", 0),
        (&fhir, "create", &other_patient, [0, 1], "another Patient", 1),
        (&fhir, "create", two, [1, 1], "2 values in one period", 0),
    ] {
        let (errors, observations) = errors(fhir, identity, input);
        assert_eq!(
            errors.iter().map(|(template, _)| *template).collect::<Vec<_>>(),
            templates,
            "{errors:?}"
        );
        assert!(
            errors.iter().all(|(_, message)| message.contains(reason)),
            "{errors:?}"
        );
        assert_eq!(observations, stored);
    }
}

#[test]
fn values_that_do_not_meet_and_messages_that_nothing_matches_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let device = write(
        "device.json",
        r#"{"templateType":"CollectionContent","template":[{"templateType":"JsonPathContent","template":{"typeName":"t",
        "typeMatchExpression":"$..[?(@v)]","deviceIdExpression":"$.d","patientIdExpression":"$.p","timestampExpression":"$.t",
        "values":[{"valueName":"V","valueExpression":"$.v"},{"valueName":"w","valueExpression":"$.w"}]}}]}"#,
    );
    let fhir = write(
        "fhir.json",
        r#"{"templateType":"CollectionFhir","template":[{"templateType":"CodeValueFhir","template":{"typeName":"t","codes":[],
        "value":{"valueType":"Quantity","valueName":"v"},
        "components":[{"codes":[],"value":{"valueType":"Quantity","valueName":"w"}}]}}]}"#,
    );
    let mappings = ["--device-mapping", &device, "--fhir-mapping", &fhir];
    let validated = run(&[&["validate"], &mappings[..]].concat(), "");
    assert_eq!(validated.status.code(), Some(0));
    let unused = "value \"V\" is not stored, because the FHIR mapping has \"v\", \"w\" for its type; names of values are case-sensitive";
    let missing = "no template of the device mapping gives the value \"v\" of the FHIR mapping";
    assert_eq!(
        String::from_utf8(validated.stderr).unwrap(),
        format!("warning: type \"t\": {unused}\nwarning: type \"t\": {missing}\n")
    );
    assert_eq!(
        String::from_utf8(validated.stdout).unwrap(),
        format!("{device}: valid, 1 template (t)\n{fhir}: valid, 1 template (t)\n")
    );
    let message = r#"{"v":1,"w":2,"d":"d","p":"p","t":"2024-01-01T10:00:00Z"}"#;
    let input = format!("{message}\n{{\"steps\":1}}\n{{\"Body\":[{message},{message}]}}\n");
    let mapped = map(&device, &fhir, "create", &[], input);
    assert_eq!(mapped.status.code(), Some(0));
    assert_eq!(
        String::from_utf8(mapped.stderr).unwrap(),
        format!(
            "warning: line 1: {unused}\nwarning: line 2: no template of the device mapping matches the message\nwarning: line 3: {unused}\n"
        )
    );
    let json: serde_json::Value = serde_json::from_slice(&mapped.stdout).unwrap();
    assert_eq!(
        json["observations"][0]["component"][0]["valueQuantity"]["value"],
        2
    );
}

#[test]
fn of_two_values_of_one_instant_the_original_keeps_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let device = write(
        "device.json",
        r#"{"templateType":"CollectionContent","template":[{"templateType":"JsonPathContent","template":{"typeName":"t",
        "typeMatchExpression":"$..[?(@v)]","deviceIdExpression":"$.d","patientIdExpression":"$.p","timestampExpression":"$.t",
        "values":[{"valueName":"v","valueExpression":"$.v"}]}}]}"#,
    );
    let element =
        |v: u32, second: u32| format!(r#"{{"v":{v},"d":"d","p":"p","t":"2024-01-01T10:00:0{second}Z"}}"#);
    let message = format!(
        r#"{{"Body":[{},{},{}]}}"#,
        element(5, 2),
        element(7, 1),
        element(6, 2)
    );
    for (kind, path, value) in [
        (
            r#""valueType":"SampledData","defaultPeriod":1000"#,
            "valueSampledData",
            "E 7 5 E",
        ),
        (r#""valueType":"String""#, "valueString", "2 values in one period"),
    ] {
        let fhir = write(
            "fhir.json",
            &format!(
                r#"{{"templateType":"CollectionFhir","template":[{{"templateType":"CodeValueFhir","template":{{"typeName":"t","codes":[],
                "periodInterval":60,"value":{{"valueName":"v",{kind}}}}}}}]}}"#
            ),
        );
        let original = ["--compatibility", "iomt-fhir"];
        let output = map(&device, &fhir, "create", &original, &message);
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains(path) || path == "valueString", "{text}");
        assert!(text.contains(value), "{text}");
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(
            told,
            "warning: line 1: value \"v\": of several values of one instant the first is stored\n"
        );
    }
}
