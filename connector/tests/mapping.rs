//! The worked examples of `docs/mapping/examples.md`: each folder of `tests/mapping` goes through `validate`, `normalize` and `map`
//! in the strict mode, and the page shows every file as it is. `BRAZIER_WRITE_EXPECTED=1` writes the expected files anew.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may panic"
)]

mod fixture;

use std::fs;
use std::path::Path;

use fixture::{cases, map, run};

fn compare(path: &Path, found: &str) {
    if std::env::var_os("BRAZIER_WRITE_EXPECTED").is_some() {
        fs::write(path, found).unwrap();
    }
    assert_eq!(fs::read_to_string(path).unwrap(), found, "{}", path.display());
}

/// The output of `map` laid out, with the time at which it ran replaced.
fn laid_out(output: &str) -> String {
    let mut json: serde_json::Value = serde_json::from_str(output).unwrap();
    for observation in json["observations"].as_array_mut().unwrap() {
        assert!(observation["issued"].as_str().unwrap().ends_with('Z'));
        observation["issued"] = "(when it was made)".into();
    }
    serde_json::to_string_pretty(&json).unwrap() + "\n"
}

#[test]
fn every_example_gives_the_expected_measurements_and_observations() {
    for case in cases() {
        let path = |name: &str| case.join(name).to_str().unwrap().to_owned();
        let (device, fhir) = (path("device_mapping.json"), path("fhir_mapping.json"));
        let messages = fs::read_to_string(case.join("messages.ndjson")).unwrap();
        let validated = run(
            &["validate", "--device-mapping", &device, "--fhir-mapping", &fhir],
            "",
        );
        assert!(
            validated.status.success() && validated.stderr.is_empty(),
            "{validated:?}"
        );
        let normalized = run(&["normalize", "--device-mapping", &device], &messages);
        compare(
            &case.join("measurements.ndjson"),
            &String::from_utf8(normalized.stdout).unwrap(),
        );
        let mapped = map(&device, &fhir, "create", &[], &messages);
        let mapped_errors = !serde_json::from_slice::<serde_json::Value>(&mapped.stdout).unwrap()["errors"]
            .as_array()
            .unwrap()
            .is_empty();
        assert_eq!(mapped.status.code(), Some(i32::from(mapped_errors)));
        compare(
            &case.join("observations.json"),
            &laid_out(&String::from_utf8(mapped.stdout).unwrap()),
        );
    }
}

#[test]
fn the_page_shows_every_file_as_it_is() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/mapping/examples.md");
    let page = fs::read_to_string(page).unwrap();
    for case in cases() {
        for file in fs::read_dir(&case).unwrap() {
            let file = file.unwrap().path();
            let content = fs::read_to_string(&file).unwrap();
            assert!(
                page.contains(&format!("json\n{content}```")),
                "docs/mapping/examples.md does not show {}",
                file.display()
            );
        }
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a list of cases")]
fn exit_status_and_streams_are_those_of_the_documentation() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let device = write(
        "device.json",
        r#"{"templateType":"CollectionContent","template":[]}"#,
    );
    let wrong = write(
        "wrong.json",
        "{\"templateType\":\"CollectionContent\",\n\"template\":[{\"templateType\":\"Nope\"},5]}",
    );
    let valid = run(&["validate", "--device-mapping", &device], "");
    assert_eq!(
        (
            valid.status.code(),
            String::from_utf8(valid.stdout).unwrap(),
            valid.stderr.len()
        ),
        (Some(0), format!("{device}: valid, but it has no templates\n"), 0)
    );
    for arguments in [
        vec!["validate"],
        vec!["normalize"],
        vec!["map", "--identity", "lookup", "--fhir-mapping", &device],
    ] {
        let arguments: Vec<&str> = arguments
            .into_iter()
            .chain(["--device-mapping", &wrong])
            .collect();
        let output = run(&arguments, "{}\n");
        assert_eq!(
            (output.status.code(), output.stdout.len()),
            (Some(2), 0),
            "{arguments:?}"
        );
        let message = String::from_utf8(output.stderr).unwrap();
        assert!(message.contains(
            "wrong.json: line 2, column 29: template 0: templateType: unknown templateType \"Nope\""
        ));
        assert!(message.contains("template 1: expected an object"), "{message}");
    }
    let both = run(
        &["validate", "--device-mapping", &wrong, "--fhir-mapping", &device],
        "",
    );
    let message = String::from_utf8(both.stderr).unwrap();
    assert!(
        message.contains("wrong.json") && message.contains("device.json"),
        "{message}"
    );
    assert_eq!(
        run(&["validate", "--device-mapping", "/does/not/exist"], "")
            .status
            .code(),
        Some(2)
    );
    assert_eq!(
        run(&["map", "--device-mapping", &device], "").status.code(),
        Some(2)
    );
    let mode = run(
        &[
            "normalize",
            "--device-mapping",
            &device,
            "--compatibility",
            "iomt-fhir",
        ],
        "{\"a\":1}\n\n[]\nx",
    );
    let expected = concat!(
        "{\"line\":1,\"measurements\":[],\"errors\":[]}\n",
        "{\"line\":2,\"measurements\":[],\"errors\":[]}\n",
        "{\"line\":3,\"measurements\":[],\"errors\":[{\"message\":\"a device message is a JSON object; wrap it as {\\\"Body\\\": …}\"}]}\n",
        "{\"line\":4,\"measurements\":[],\"errors\":[{\"message\":\"not valid JSON: expected a value (line 1, column 1)\"}]}\n",
    );
    assert_eq!(
        (
            mode.status.code(),
            String::from_utf8(mode.stdout).unwrap().as_str()
        ),
        (Some(1), expected)
    );
}

#[test]
fn nothing_can_be_looked_up_in_an_empty_service() {
    let case = cases()
        .into_iter()
        .find(|case| case.ends_with("heart_rate"))
        .unwrap();
    let path = |name: &str| case.join(name).to_str().unwrap().to_owned();
    let messages = fs::read_to_string(case.join("messages.ndjson")).unwrap();
    for identity in ["lookup", "LookupWithEncounter", "lookup-with-encounter"] {
        let (device, fhir) = (path("device_mapping.json"), path("fhir_mapping.json"));
        let output = map(&device, &fhir, identity, &[], &messages);
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(json["observations"], serde_json::json!([]));
        assert_eq!(
            json["errors"][0]["message"],
            "there is no Device with the measurement's identifier"
        );
    }
}

#[test]
fn what_goes_wrong_in_a_line_costs_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let mapping = folder.path().join("device.json");
    let template = r#"{"templateType":"CollectionContent","template":[{"templateType":"JsonPathContent","template":{
        "typeName":"weight","typeMatchExpression":"$.Body[?(@kg > 5)]","deviceIdExpression":"$.d","timestampExpression":"$.at",
        "values":[{"valueName":"kg","valueExpression":"$.kg"}]}}]}"#;
    fs::write(&mapping, template).unwrap();
    let element = |kg: &str| format!(r#"{{"kg":{kg},"d":"x","at":"2020-01-01"}}"#);
    let mut input = format!(
        r#"{{"Body":[{},{},{}]}}"#,
        element("70"),
        element("\"heavy\""),
        element("80")
    )
    .into_bytes();
    input.extend(b"\n{\"Body\":[{\"kg\":\"9\",\"d\":\"\xff\",\"at\":\"2020-01-01\"}]}\n");
    let mapping = mapping.to_str().unwrap();
    let answers = |mode: &str| {
        let output = run(
            &["normalize", "--device-mapping", mapping, "--compatibility", mode],
            &input,
        );
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stdout).unwrap()
    };
    let measurement = |kg: &str, device: &str| {
        format!(
            r#"{{"type":"weight","occurrenceTimeUtc":"2020-01-01T00:00:00Z","deviceId":"{device}","properties":[{{"name":"kg","value":"{kg}"}}]}}"#
        )
    };
    let both = [measurement("70", "x"), measurement("80", "x")].join(",");
    assert_eq!(
        answers("strict"),
        format!(
            "{{\"line\":1,\"measurements\":[{both}],\"errors\":[]}}\n{{\"line\":2,\"measurements\":[],\"errors\":[{{\"message\":\"the message is not UTF-8 at byte 25\"}}]}}\n"
        )
    );
    assert_eq!(
        answers("iomt-fhir"),
        format!(
            "{{\"line\":1,\"measurements\":[{both}],\"errors\":[{{\"template\":0,\"field\":\"typeMatchExpression\",\"mappingLine\":2,\"mappingColumn\":51,\"message\":\"typeMatchExpression: cannot compare this text as an integer\"}}]}}\n{{\"line\":2,\"measurements\":[{}],\"errors\":[]}}\n",
            measurement("9", "\u{fffd}")
        )
    );
}
