//! Whom a measurement is about, as the real FHIR server answers it: references that lead elsewhere, Encounters that are not there, and
//! Observations under ids that the server gave. Needs what `delivery.rs` needs.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may panic"
)]

#[path = "fixture/fhir_service.rs"]
mod fhir_service;
mod fixture;

use fhir_service::FhirService;
use fixture::{Connector, client, file, prepare};
use serde_json::{Value, json};

/// A connector whose mapping finds encounters, too.
async fn connector(service: &FhirService, resolution: &str, compatibility: &str) -> Connector {
    let folder = prepare(&json!([service.destination("main", resolution)]), &json!({}));
    let (device, _) = fixture::heart_rate_mappings();
    let with_encounter = device.replace(
        "\"patientIdExpression\":",
        "\"encounterIdExpression\":\"$.encounter\",\"patientIdExpression\":",
    );
    assert_ne!(device, with_encounter);
    file(&folder, "..1/device.json", &with_encounter);
    let text = std::fs::read_to_string(folder.path().join("connector.yaml")).unwrap();
    let mut configuration: Value = serde_json::from_str(&text).unwrap();
    configuration["compatibility"] = compatibility.into();
    file(&folder, "connector.yaml", &configuration.to_string());
    let connector = Connector::start(folder, "http");
    let ready = |status: &Value| status["mappingValid"] == true && status["destinationReady"] == true;
    connector.status_becomes(&client(None), ready).await;
    connector
}

/// Pushes a message and gives what the answer says of it.
async fn push(connector: &Connector, message: &Value) -> Value {
    let (status, answer) = connector
        .push(&client(None), "application/json", message.to_string())
        .await;
    assert_eq!(status, 200, "{answer}");
    answer["messages"][0].clone()
}

fn message(device: &str) -> Value {
    json!({"heartRate": 70, "at": "2024-01-01T10:01:00Z", "device": device, "patient": "patient-1"})
}

fn error(answer: &Value) -> &str {
    answer["errors"][0]["message"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn a_device_of_a_patient_elsewhere_is_nobodys_here() {
    let service = FhirService::start();
    let seventy_seven =
        json!({"resourceType": "Patient", "id": "77", "identifier": [{"value": "patient-1"}]});
    service.put(seventy_seven).await;
    let owners = [
        (
            "far",
            json!({"reference": "https://elsewhere.example/fhir/Patient/77"}),
            "elsewhere.example",
        ),
        (
            "logical",
            json!({"identifier": {"value": "patient-1"}}),
            "an identifier without a reference",
        ),
        ("named", json!({"display": "Anna"}), "without a reference"),
    ];
    for (name, owner, _) in &owners {
        service
            .put(json!({"resourceType": "Device", "id": name, "identifier": [{"value": name}], "patient": owner}))
            .await;
    }
    for resolution in ["Create", "Lookup"] {
        let connector = connector(&service, resolution, "strict").await;
        for (name, _, part) in &owners {
            let answer = push(&connector, &message(name)).await;
            assert!(
                error(&answer).contains("names no Patient of this FHIR service"),
                "{answer}"
            );
            assert!(error(&answer).contains(part), "{answer}");
        }
    }
    assert!(service.search("Observation").await.is_empty());
    for (name, owner, _) in &owners {
        let device = &service.search(&format!("Device?identifier={name}")).await[0];
        assert_eq!(
            (&device["patient"], &device["meta"]["versionId"]),
            (owner, &json!("1"))
        );
    }
}

#[tokio::test]
async fn an_encounter_that_is_named_must_be_there_and_of_the_same_patient() {
    let service = FhirService::start();
    let connector = connector(&service, "Create", "strict").await;
    let mut named = message("watch-1");
    named["encounter"] = json!("visit-1");
    let answer = push(&connector, &named).await;
    assert_eq!(
        error(&answer),
        "there is no Encounter with the measurement's identifier"
    );
    // Nothing is made for what is not stored.
    for made in ["Patient", "Device", "Observation"] {
        assert!(service.search(made).await.is_empty(), "{made}");
    }
    push(&connector, &message("watch-1")).await;
    let patient = service.search("Patient").await[0]["id"].clone();
    let encounter = |subject: &str| {
        json!({"resourceType": "Encounter", "id": "v1", "status": "in-progress", "class": {"code": "AMB"},
            "identifier": [{"value": "visit-1"}], "subject": {"reference": format!("Patient/{subject}")}})
    };
    service
        .put(json!({"resourceType": "Patient", "id": "other"}))
        .await;
    service.put(encounter("other")).await;
    let answer = push(&connector, &named).await;
    assert!(error(&answer).contains("is of another Patient"), "{answer}");
    service.put(encounter(patient.as_str().unwrap())).await;
    named["at"] = json!("2024-01-01T12:01:00Z");
    let answer = push(&connector, &named).await;
    assert_eq!(answer["errors"], json!([]));
    assert_eq!(service.search("Observation?encounter=v1").await.len(), 1);
}

#[tokio::test]
async fn an_observation_under_an_id_of_the_server_is_found_by_its_identifier() {
    let service = FhirService::start();
    let connector = connector(&service, "Create", "iomt-fhir").await;
    let answer = push(&connector, &message("watch-1")).await;
    let by_hash = answer["observations"][0]["reference"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut observation = service.search("Observation").await[0].clone();
    service.delete(&by_hash).await;
    observation["id"] = json!("given-by-the-server");
    service.put(observation.clone()).await;
    let mut later = message("watch-1");
    (later["at"], later["heartRate"]) = (json!("2024-01-01T10:02:00Z"), json!(71));
    let answer = push(&connector, &later).await;
    assert_eq!(
        answer["observations"][0],
        json!({"destination": "main", "reference": "Observation/given-by-the-server", "outcome": "updated"})
    );
    let stored = service.search("Observation").await;
    assert_eq!(stored.len(), 1);
    let data = stored[0]["valueSampledData"]["data"].as_str().unwrap();
    assert!(data.starts_with("E 70 71 E"), "{data}");
    // With two of them nobody can tell which is meant.
    observation["id"] = json!("another");
    service.put(observation).await;
    later["heartRate"] = json!(72);
    let answer = push(&connector, &later).await;
    assert!(error(&answer).contains("several stored Observations"), "{answer}");
}
