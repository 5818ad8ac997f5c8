//! Delivery to the real FHIR server over a real PostgreSQL: what is stored, that nothing is stored twice or lost, and what happens when the
//! FHIR service goes away. Needs the programs of PostgreSQL; builds `brazier-server`, or takes the one that `BRAZIER_SERVER` names.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may panic"
)]

#[path = "fixture/fhir_service.rs"]
mod fhir_service;
mod fixture;

use std::process::Command;

use fhir_service::FhirService;
use fixture::{Connector, client, prepare};
use serde_json::{Value, json};

async fn connector(destinations: Value) -> Connector {
    let connector = Connector::start(prepare(&destinations, &json!({})), "http");
    let ready = |status: &Value| status["mappingValid"] == true && status["destinationReady"] == true;
    connector.status_becomes(&client(None), ready).await;
    connector
}

fn message(minute: u32, rate: u32) -> Value {
    json!({"heartRate": rate, "at": format!("2024-01-01T10:{minute:02}:00Z"), "device": "watch-1", "patient": "patient-1"})
}

async fn push(connector: &Connector, body: &Value) -> Value {
    let (status, answer) = connector
        .push(&client(None), "application/json", body.to_string())
        .await;
    assert_eq!(status, 200, "{answer}");
    answer
}

fn outcomes(answer: &Value) -> Vec<String> {
    let messages = answer["messages"].as_array().unwrap().iter();
    let observations = messages.flat_map(|message| message["observations"].as_array().unwrap().clone());
    observations
        .map(|observation| observation["outcome"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_message_is_found_as_an_observation_and_repeating_it_changes_nothing() {
    let service = FhirService::start();
    let connector = connector(json!([service.destination("main", "Create")])).await;
    let answer = push(&connector, &message(1, 70)).await;
    assert_eq!(outcomes(&answer), ["created"]);
    assert_eq!(outcomes(&push(&connector, &message(1, 70)).await), ["unchanged"]);
    let observations = service.search("Observation?code=http://loinc.org|8867-4").await;
    assert_eq!(observations.len(), 1);
    let observation = &observations[0];
    assert_eq!(
        (&observation["status"], &observation["meta"]["versionId"]),
        (&json!("final"), &json!("1"))
    );
    assert!(
        observation["valueSampledData"]["data"]
            .as_str()
            .unwrap()
            .starts_with("E 70 E")
    );
    let reference = format!("Observation/{}", observation["id"].as_str().unwrap());
    assert_eq!(answer["messages"][0]["observations"][0]["reference"], reference);
    assert_eq!(
        service
            .search("Observation?subject:Patient.identifier=patient-1")
            .await
            .len(),
        1
    );
    let device = &service.search("Device?identifier=watch-1").await[0];
    assert_eq!(
        device["patient"]["reference"],
        observation["subject"]["reference"]
    );
    // Two messages of one request are merged before they are written: one more version, not two.
    let two = push(&connector, &json!([message(2, 71), message(3, 72)])).await;
    assert_eq!(outcomes(&two), ["updated", "updated"]);
    let observation = &service.search("Observation").await[0];
    assert_eq!(
        (&observation["status"], &observation["meta"]["versionId"]),
        (&json!("amended"), &json!("2"))
    );
    assert!(
        observation["valueSampledData"]["data"]
            .as_str()
            .unwrap()
            .starts_with("E 70 71 72 E")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_at_the_same_time_lose_nothing() {
    let service = FhirService::start();
    let destination = json!([service.destination("main", "Create")]);
    let connectors = [connector(destination.clone()).await, connector(destination).await];
    let pushes = (0..40).map(|minute| {
        let (source, client) = (connectors[minute as usize % 2].source.clone(), client(None));
        tokio::spawn(async move {
            loop {
                let request = client.post(&source).header("content-type", "application/json");
                let status = request
                    .body(message(minute, 60 + minute).to_string())
                    .send()
                    .await
                    .unwrap()
                    .status();
                if status.as_u16() == 200 {
                    return;
                }
                // What is not acknowledged is sent again, as the documentation tells senders.
                assert_eq!(status.as_u16(), 503);
            }
        })
    });
    for push in pushes.collect::<Vec<_>>() {
        push.await.unwrap();
    }
    let observations = service.search("Observation").await;
    assert_eq!(observations.len(), 1);
    let wanted: Vec<String> = (0..60)
        .map(|minute| {
            if minute < 40 {
                (60 + minute).to_string()
            } else {
                "E".to_owned()
            }
        })
        .collect();
    assert_eq!(observations[0]["valueSampledData"]["data"], wanted.join(" "));
    assert_eq!(
        (
            service.search("Patient").await.len(),
            service.search("Device").await.len()
        ),
        (1, 1)
    );
}

#[tokio::test]
async fn what_was_not_acknowledged_is_taken_once_the_service_is_back() {
    let mut service = FhirService::start();
    let connector = connector(json!([service.destination("main", "Create")])).await;
    push(&connector, &message(1, 70)).await;
    assert!(
        Command::new("kill")
            .args(["-KILL", &service.program.id().to_string()])
            .status()
            .unwrap()
            .success()
    );
    let (status, problem) = connector
        .push(&client(None), "application/json", message(2, 71).to_string())
        .await;
    assert_eq!(status, 503, "{problem}");
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .contains("the FHIR service main is not available")
    );
    service.restart();
    assert_eq!(outcomes(&push(&connector, &message(2, 71)).await), ["updated"]);
    assert!(
        service.search("Observation").await[0]["valueSampledData"]["data"]
            .as_str()
            .unwrap()
            .starts_with("E 70 71 E")
    );
}

#[tokio::test]
async fn a_device_that_belongs_to_another_patient_is_refused_and_the_rest_is_stored() {
    let service = FhirService::start();
    let connector = connector(json!([service.destination("main", "Create")])).await;
    let mut other = message(5, 75);
    other["patient"] = json!("patient-2");
    let answer = push(&connector, &json!([message(1, 70), other, message(2, 71)])).await;
    // The two patients of one request race for the device; one of them has it.
    let errors: Vec<&Value> = answer["messages"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|m| m["errors"].as_array().unwrap())
        .collect();
    assert!(errors.iter().all(|error| {
        error["message"]
            .as_str()
            .unwrap()
            .contains("belongs to another Patient")
    }));
    assert!(
        matches!((errors.len(), outcomes(&answer).len()), (1, 2) | (2, 1)),
        "{answer}"
    );
    let answer = push(
        &connector,
        &json!({"heartRate": 70, "at": "2024-01-01T11:00:00Z", "device": "unknown"}),
    )
    .await;
    assert!(
        answer["messages"][0]["errors"][0]["message"]
            .as_str()
            .unwrap()
            .contains("has no patient id")
    );
}

#[tokio::test]
async fn lookup_needs_what_exists_and_every_destination_gets_everything() {
    let (one, two) = (FhirService::start(), FhirService::start());
    let connector = connector(json!([
        one.destination("one", "Lookup"),
        two.destination("two", "Create")
    ]))
    .await;
    let answer = push(&connector, &message(1, 70)).await;
    assert_eq!(answer["messages"][0]["errors"][0]["destination"], "one");
    assert_eq!(
        answer["messages"][0]["errors"][0]["message"],
        "there is no Device with the measurement's identifier"
    );
    assert_eq!(answer["messages"][0]["observations"][0]["destination"], "two");
    one.put(json!({"resourceType": "Patient", "id": "anna", "identifier": [{"value": "somebody"}]}))
        .await;
    let identifier = json!([{"system": "urn:serial", "value": "watch-1"}]);
    one.put(json!({"resourceType": "Device", "id": "w1", "identifier": identifier, "patient": {"reference": "Patient/anna"}})).await;
    let answer = push(&connector, &message(1, 70)).await;
    assert_eq!(outcomes(&answer), ["created", "unchanged"]);
    let observation = &one.search("Observation?patient=anna&device=w1").await[0];
    assert!(
        observation["identifier"][0]["value"]
            .as_str()
            .unwrap()
            .starts_with("anna.w1.heartRate.20240101100000Z.")
    );
}
