//! `run`: what a request's body may be, and what the answer says of messages of which nothing becomes. The FHIR service of these tests
//! is a port that nobody listens on.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may panic"
)]

mod fixture;

use std::io::Write;

use fixture::{Connector, client, file, heart_rate_mappings, json_of, prepare};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

fn nowhere() -> Value {
    json!([{"name": "main", "url": "http://127.0.0.1:9", "identityResolution": "Create"}])
}

async fn started(compatibility: &str) -> Connector {
    let folder = prepare(&nowhere(), &json!({}));
    let text = std::fs::read_to_string(folder.path().join("connector.yaml")).unwrap();
    let mut configuration: Value = serde_json::from_str(&text).unwrap();
    configuration["compatibility"] = compatibility.into();
    file(&folder, "connector.yaml", &configuration.to_string());
    let connector = Connector::start(folder, "http");
    connector
        .status_becomes(&client(None), |status| status["mappingValid"] == true)
        .await;
    connector
}

/// Status, the header Accept-Encoding and body of the answer to these bytes.
async fn post(
    connector: &Connector,
    headers: &[(&str, &str)],
    body: Vec<u8>,
) -> (u16, Option<String>, Value) {
    let mut request = client(None).post(&connector.source);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = request.body(body).send().await.unwrap();
    let accepts = response.headers().get("accept-encoding");
    let accepts = accepts.map(|value| value.to_str().unwrap().to_owned());
    (response.status().as_u16(), accepts, json_of(response).await)
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

const JSON: (&str, &str) = ("content-type", "application/json");
const LINES: (&str, &str) = ("content-type", "application/x-ndjson");
const GZIP: (&str, &str) = ("content-encoding", "gzip");

#[tokio::test]
async fn gzip_is_decoded_and_another_coding_is_refused() {
    let connector = started("strict").await;
    let lines = b"{\"steps\":1}\n{\"steps\":2}\n";
    let (status, _, answer) = post(&connector, &[LINES, GZIP], gzip(lines)).await;
    assert_eq!(
        (status, answer["messages"].as_array().map(Vec::len)),
        (200, Some(2)),
        "{answer}"
    );
    // Two members of gzip are one body.
    let two = [gzip(b"[{\"steps\":1}"), gzip(b",{\"steps\":2}]")].concat();
    let (status, _, answer) = post(&connector, &[JSON, ("content-encoding", "X-GZIP")], two).await;
    assert_eq!(
        (status, answer["messages"].as_array().map(Vec::len)),
        (200, Some(2)),
        "{answer}"
    );
    let (status, _, _) = post(
        &connector,
        &[LINES, ("content-encoding", "identity")],
        lines.to_vec(),
    )
    .await;
    assert_eq!(status, 200);
    for coding in ["br", "deflate", "gzip, gzip"] {
        let (status, accepts, problem) =
            post(&connector, &[LINES, ("content-encoding", coding)], gzip(lines)).await;
        assert_eq!((status, accepts.as_deref()), (415, Some("gzip")), "{problem}");
    }
    let mut cut = gzip(lines);
    cut.truncate(20);
    for body in [lines.to_vec(), cut] {
        let (status, _, problem) = post(&connector, &[LINES, GZIP], body).await;
        assert_eq!(status, 400);
        assert!(
            problem["detail"].as_str().unwrap().contains("not gzip"),
            "{problem}"
        );
    }
    // Four kilobytes that would become four megabytes and more.
    let (status, _, problem) = post(&connector, &[LINES, GZIP], gzip(&vec![b' '; 5 << 20])).await;
    assert_eq!(status, 413, "{problem}");
}

#[tokio::test]
async fn a_byte_that_is_not_utf8_costs_its_message_only() {
    let connector = started("strict").await;
    let bodies: [(_, &[u8]); 2] = [
        (LINES, b"{\"steps\":1}\n{\"name\":\"M\xfcller\"}\n{\"steps\":2}\n"),
        (JSON, b"[{\"steps\":1}, {\"name\":\"M\xfcller\"}, {\"steps\":2}]"),
    ];
    for (content_type, body) in bodies {
        let (status, _, answer) = post(&connector, &[content_type], body.to_vec()).await;
        assert_eq!(status, 200, "{answer}");
        let errors: Vec<&Value> = answer["messages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|message| &message["errors"])
            .collect();
        let wrong = json!([{"message": "the message is not UTF-8 at byte 11"}]);
        assert_eq!(errors, [&json!([]), &wrong, &json!([])], "{content_type:?}");
    }
    let (status, _, problem) = post(&connector, &[JSON], b"{\"name\":\"M\xfcller\"}".to_vec()).await;
    assert_eq!(status, 400);
    assert_eq!(problem["detail"], "the request is not UTF-8 at byte 11");
    // The original replaces it.
    let original = started("iomt-fhir").await;
    for (content_type, body) in bodies {
        let (status, _, answer) = post(&original, &[content_type], body.to_vec()).await;
        assert_eq!(status, 200);
        assert_eq!(answer["messages"][1]["errors"], json!([]), "{answer}");
    }
}

#[tokio::test]
async fn a_request_has_no_more_messages_than_can_be_answered() {
    let connector = started("strict").await;
    let numbers = vec!["1"; 20_001];
    let (status, _, problem) = post(&connector, &[JSON], format!("[{}]", numbers.join(",")).into()).await;
    assert_eq!(status, 413, "{problem}");
    let (status, _, _) = post(&connector, &[LINES], numbers.join("\n").into()).await;
    assert_eq!(status, 413);
    let (status, _, answer) = post(&connector, &[LINES], numbers[1..].join("\n").into()).await;
    assert_eq!(
        (status, answer["messages"].as_array().map(Vec::len)),
        (200, Some(20_000))
    );
}

#[tokio::test]
async fn an_identifier_that_no_service_could_take_is_the_fault_of_its_message() {
    let connector = started("strict").await;
    let message = |device: usize, patient: usize| {
        let (device, patient) = ("d".repeat(device), "p".repeat(patient));
        json!({"heartRate": 70, "at": "2024-01-01T10:00:00Z", "device": device, "patient": patient})
            .to_string()
    };
    for (body, field, bytes) in [
        (message(1 << 20, 1), "deviceIdExpression", 1 << 20),
        (message(1, 1025), "patientIdExpression", 1025),
    ] {
        let (status, _, answer) = post(&connector, &[JSON], body.into()).await;
        assert_eq!(status, 200);
        let error = &answer["messages"][0]["errors"][0];
        assert_eq!(
            (&error["field"], &error["message"]),
            (
                &json!(field),
                &json!(format!(
                    "{field}: an identifier has 1024 bytes at most, not {bytes}"
                ))
            )
        );
    }
    // One that is short enough goes on to the FHIR service, which is not there.
    let (status, _, _) = post(&connector, &[JSON], message(1024, 1024).into()).await;
    assert_eq!(status, 503);
}

#[tokio::test]
async fn what_no_template_matches_is_told() {
    let connector = started("strict").await;
    let (status, _, answer) = post(&connector, &[JSON], br#"[{"steps":1},{"heartRate":1}]"#.to_vec()).await;
    assert_eq!(status, 200);
    assert_eq!(
        answer["messages"][0]["warnings"],
        json!([{"message": "no template of the device mapping matches the message"}])
    );
    // What fails is not silent.
    assert_eq!(answer["messages"][1].get("warnings"), None, "{answer}");
}

#[tokio::test]
async fn mappings_that_do_not_fit_together_are_told_when_they_are_read() {
    let connector = started("strict").await;
    let (device, fhir) = heart_rate_mappings();
    connector.swap_mapping(2, &device.replace("\"hr\"", "\"HR\""), &fhir);
    let deadline = std::time::Instant::now() + fixture::PATIENCE;
    let mut log = String::new();
    while !log.contains("the mappings do not fit together") {
        assert!(std::time::Instant::now() < deadline, "{log}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        log += &connector.program.log();
    }
    assert!(
        log.contains("is not stored, because the FHIR mapping has"),
        "{log}"
    );
}
