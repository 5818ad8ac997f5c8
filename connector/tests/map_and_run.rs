//! `map` shows what `run` does: for every documented example both give the same Observations and the same errors. `run` is the real
//! program with the real FHIR server behind it, empty at first. Needs what `delivery.rs` needs.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may panic"
)]

#[path = "fixture/fhir_service.rs"]
mod fhir_service;
mod fixture;

use std::fs;
use std::path::Path;

use fhir_service::FhirService;
use fixture::{Connector, cases, client, file, map, prepare};
use serde_json::{Value, json};

/// What is stored in the end, by id, and what went wrong.
#[derive(Debug, PartialEq)]
struct Result {
    observations: Vec<Value>,
    errors: Vec<Value>,
}

impl Result {
    /// Without what is of the moment, of the server, or of the line.
    fn of(mut observations: Vec<Value>, mut errors: Vec<Value>) -> Self {
        for observation in &mut observations {
            let members = observation.as_object_mut().unwrap();
            assert!(members.remove("issued").is_some());
            members.remove("meta");
        }
        observations.sort_by_key(|observation| observation["id"].to_string());
        for error in &mut errors {
            let members = error.as_object_mut().unwrap();
            members.remove("line");
            members.remove("destination");
        }
        Self { observations, errors }
    }
}

fn mapped(case: &Path, compatibility: &str, identity: &str, messages: &str) -> Result {
    let path = |name: &str| case.join(name).to_str().unwrap().to_owned();
    let (device, fhir) = (path("device_mapping.json"), path("fhir_mapping.json"));
    let output = map(
        &device,
        &fhir,
        identity,
        &["--compatibility", compatibility],
        messages,
    );
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let part = |name: &str| answer[name].as_array().unwrap().clone();
    Result::of(part("observations"), part("errors"))
}

/// Pushes each line by itself, as `map` takes them.
async fn delivered(case: &Path, compatibility: &str, identity: &str, messages: &str) -> Result {
    let service = FhirService::start();
    let folder = prepare(&json!([service.destination("main", identity)]), &json!({}));
    for (name, content) in [
        ("..1/device.json", "device_mapping.json"),
        ("..1/fhir.json", "fhir_mapping.json"),
    ] {
        file(&folder, name, &fs::read_to_string(case.join(content)).unwrap());
    }
    let text = fs::read_to_string(folder.path().join("connector.yaml")).unwrap();
    let mut configuration: Value = serde_json::from_str(&text).unwrap();
    configuration["compatibility"] = compatibility.into();
    file(&folder, "connector.yaml", &configuration.to_string());
    let connector = Connector::start(folder, "http");
    let client = client(None);
    let ready = |status: &Value| status["mappingValid"] == true && status["destinationReady"] == true;
    connector.status_becomes(&client, ready).await;
    let mut errors = Vec::new();
    for line in messages.lines() {
        let (status, answer) = connector.push(&client, "application/x-ndjson", line).await;
        assert_eq!(status, 200, "{answer}");
        errors.extend(answer["messages"][0]["errors"].as_array().unwrap().clone());
    }
    Result::of(service.search("Observation?_count=1000").await, errors)
}

#[tokio::test]
async fn map_and_run_give_the_same_observations_and_errors_for_every_example() {
    for case in cases() {
        let messages = fs::read_to_string(case.join("messages.ndjson")).unwrap();
        for compatibility in ["strict", "iomt-fhir"] {
            let shown = mapped(&case, compatibility, "create", &messages);
            assert!(!shown.observations.is_empty());
            let stored = delivered(&case, compatibility, "Create", &messages).await;
            assert_eq!(shown, stored, "{} ({compatibility})", case.display());
        }
    }
}

#[tokio::test]
async fn what_is_looked_up_in_an_empty_service_is_missing_in_both() {
    let case = cases()
        .into_iter()
        .find(|case| case.ends_with("heart_rate"))
        .unwrap();
    let messages = fs::read_to_string(case.join("messages.ndjson")).unwrap();
    for identity in ["Lookup", "LookupWithEncounter"] {
        let shown = mapped(&case, "strict", identity, &messages);
        assert!(shown.observations.is_empty() && !shown.errors.is_empty());
        assert_eq!(shown, delivered(&case, "strict", identity, &messages).await);
    }
}
