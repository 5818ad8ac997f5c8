//! `run` up to the FHIR service: who may push, which requests are refused, what happens while no FHIR service answers, and that
//! files are followed. The FHIR service of these tests is a port that nobody listens on.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may panic"
)]

mod fixture;

use fixture::{Connector, client, heart_rate_mappings, prepare};
use serde_json::{Value, json};

const MESSAGE: &str = r#"{"heartRate":70,"at":"2024-01-01T10:00:00Z","device":"d","patient":"p"}"#;

fn nowhere() -> Value {
    json!([{"name": "main", "url": "http://127.0.0.1:9", "identityResolution": "Create"}])
}

#[tokio::test]
async fn requests_that_cannot_be_understood_are_refused_with_a_problem() {
    let connector = Connector::start(prepare(&nowhere(), &json!({})), "http");
    let client = client(None);
    connector
        .status_becomes(&client, |status| status["mappingValid"] == true)
        .await;
    for (content_type, body, status, detail) in [
        (
            "text/plain",
            MESSAGE.to_owned(),
            415,
            "Content-Type: application/json",
        ),
        (
            "application/json",
            "{\"a\": 01}".to_owned(),
            400,
            "line 1, column 8",
        ),
        (
            "application/json",
            "5".to_owned(),
            400,
            "a device message is a JSON object",
        ),
        (
            "application/json",
            "x".repeat(5 * 1024 * 1024),
            413,
            "4194304 bytes",
        ),
        (
            "application/json",
            format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)),
            400,
            "nested too deeply",
        ),
    ] {
        let (found, problem) = connector.push(&client, content_type, body).await;
        assert_eq!(found, status, "{problem}");
        assert_eq!(problem["status"], status);
        assert!(problem["detail"].as_str().unwrap().contains(detail), "{problem}");
    }
    let wrong_method = client.get(&connector.source).send().await.unwrap();
    assert_eq!(
        (
            wrong_method.status().as_u16(),
            wrong_method.headers()["allow"].to_str().unwrap()
        ),
        (405, "POST")
    );
    assert_eq!(wrong_method.headers()["content-type"], "application/problem+json");
    let nowhere = client
        .post(format!("{}/messages", connector.source))
        .send()
        .await
        .unwrap();
    assert_eq!(nowhere.status().as_u16(), 404);
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a list of cases")]
async fn without_a_fhir_service_nothing_is_acknowledged_and_what_needs_none_is() {
    let mut connector = Connector::start(prepare(&nowhere(), &json!({})), "http");
    let client = client(None);
    connector
        .status_becomes(&client, |status| status["mappingValid"] == true)
        .await;
    let request = client
        .post(&connector.source)
        .header("content-type", "application/json")
        .body(MESSAGE);
    let response = request.send().await.unwrap();
    assert_eq!(response.status().as_u16(), 503);
    assert_eq!(response.headers()["retry-after"], "2");
    let status = connector.status(&client).await;
    assert_eq!(
        (&status["processed"], &status["lastMessageTime"]),
        (&json!(0), &Value::Null)
    );
    assert_eq!(
        (&status["sourceConnected"], &status["destinationReady"]),
        (&json!(true), &json!(false))
    );
    // Messages with nothing to store need no FHIR service.
    let bad = r#"{"heartRate":"high","at":"2024-01-01T10:00:00Z","device":"d"}"#;
    let lines = format!("{{\"steps\":1}}\nnot JSON\n\n{{\"heartRate\":70}}\n{{\"Body\":[{bad},{bad}]}}\n");
    let (found, answer) = connector
        .push(&client, "application/x-ndjson; charset=utf-8", &lines)
        .await;
    assert_eq!(found, 200, "{answer}");
    let unusable = json!({"template": 0, "type": "heartRate", "message": "value hr: SampledData needs a decimal number such as 72.5"});
    let expected = json!({"messages": [
        {"message": 0, "measurements": 0, "observations": [], "errors": [], "warnings": [
            {"message": "no template of the device mapping matches the message"}]},
        {"message": 1, "measurements": 0, "observations": [], "errors": [
            {"message": "not valid JSON: expected a value (line 1, column 1)"}]},
        {"message": 2, "measurements": 0, "observations": [], "errors": [
            {"template": 0, "field": "deviceIdExpression", "mappingLine": 1,
             "mappingColumn": answer["messages"][2]["errors"][0]["mappingColumn"],
             "message": "deviceIdExpression: required, but the match does not have it; this template's expressions see the match alone, not the message around it"}]},
        {"message": 3, "measurements": 2, "observations": [], "errors": [unusable, unusable]},
    ]});
    assert_eq!(answer, expected);
    let (_, array) = connector
        .push(&client, "application/json", "[{\"steps\":1},7]")
        .await;
    assert_eq!(
        array["messages"][1]["errors"][0]["message"],
        "a device message is a JSON object; wrap it as {\"Body\": …}"
    );
    let status = connector.status(&client).await;
    assert_eq!(
        (&status["processed"], &status["rejected"]),
        (&json!(6), &json!(5))
    );
    assert!(status["lastMessageTime"].is_string());
    let metrics = client
        .get(format!("{}/metrics", connector.probes))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    for line in [
        "brazier_connector_messages_total 6",
        "brazier_connector_requests_total{status=\"503\"} 1",
        "cause=\"normalization\"} 1",
        "cause=\"observation\"} 2",
        "brazier_connector_warnings_total{cause=\"no_match\"} 2",
    ] {
        assert!(metrics.contains(line), "{metrics}");
    }
    let probe = async |path: &str| {
        let url = format!("{}/{path}", connector.probes);
        let response = client.get(url).send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    };
    assert_eq!(probe("livez").await.0, 200);
    // It takes messages, but who stores them is not there.
    let (ready, reason) = probe("readyz").await;
    assert_eq!(ready, 503);
    assert!(
        reason.contains("the FHIR service main is not available"),
        "{reason}"
    );
    let log = connector.program.log();
    assert!(!log.contains("2024-01-01T10") && !log.contains("\"p\""), "{log}");
    assert_eq!(connector.program.terminate(), Some(0));
}

#[tokio::test]
async fn a_mapping_that_does_not_compile_is_reported_and_the_last_good_one_stays() {
    let connector = Connector::start(prepare(&nowhere(), &json!({})), "http");
    let client = client(None);
    connector
        .status_becomes(&client, |status| status["mappingValid"] == true)
        .await;
    let (device, fhir) = heart_rate_mappings();
    connector.swap_mapping(2, &device.replace("$.device", "$.device["), &fhir);
    let status = connector
        .status_becomes(&client, |status| status["mappingValid"] == false)
        .await;
    let error = &status["mappingError"];
    assert_eq!(
        (&error["template"], &error["field"], &error["line"]),
        (&json!(0), &json!("deviceIdExpression"), &json!(1))
    );
    assert!(
        error["file"].as_str().unwrap().ends_with("device.json") && error["column"].as_u64().unwrap() > 1
    );
    let (_, answer) = connector
        .push(&client, "application/json", r#"{"heartRate":70}"#)
        .await;
    assert_eq!(
        answer["messages"][0]["errors"].as_array().unwrap().len(),
        1,
        "{answer}"
    );
    connector.swap_mapping(3, &device.replace("heartRate", "pulse"), &fhir);
    connector
        .status_becomes(&client, |status| {
            status["mappingValid"] == true && status["mappingError"].is_null()
        })
        .await;
    let (_, answer) = connector
        .push(&client, "application/json", r#"{"heartRate":70}"#)
        .await;
    assert_eq!(answer["messages"][0]["errors"], json!([]));
}

#[tokio::test]
async fn the_log_says_whether_another_mapping_stays_in_service() {
    let folder = prepare(&nowhere(), &json!({}));
    let (device, fhir) = heart_rate_mappings();
    fixture::file(&folder, "..1/device.json", "{}");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_brazier-connector"));
    command
        .args(["run", "--config"])
        .arg(folder.path().join("connector.yaml"));
    // The fixture takes off the log what comes before the addresses.
    let connector = Connector {
        program: fixture::Program::start(&mut command),
        source: String::new(),
        probes: String::new(),
        folder,
    };
    let mut log = String::new();
    let mut logged = async |wanted: &str| {
        let deadline = std::time::Instant::now() + fixture::PATIENCE;
        while !log.contains(wanted) {
            assert!(std::time::Instant::now() < deadline, "{log}");
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            log += &connector.program.log();
        }
        log.contains("stays in service")
    };
    assert!(!logged("and there is no other: no message is taken").await);
    connector.swap_mapping(2, &device, &fhir);
    assert!(!logged("the mappings are in service").await);
    connector.swap_mapping(3, "{}", &fhir);
    assert!(logged("the last good one stays in service").await);
}

#[test]
fn a_configuration_that_cannot_be_used_ends_the_program_with_a_message() {
    let folder = prepare(&nowhere(), &json!({"listen": "0.0.0.0:0"}));
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_brazier-connector"));
    let output = command
        .args(["run", "--config"])
        .arg(folder.path().join("connector.yaml"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.contains("source.http.tls is required"), "{message}");
}
