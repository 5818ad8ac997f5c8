//! What listeners do about connections that only sit there, and about the end of the program.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may panic"
)]

mod fixture;

use std::time::{Duration, Instant};

use fixture::{Connector, PATIENCE, client, prepare};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What needs no FHIR service, because the mapping finds nothing in it.
const MESSAGE: &str = r#"{"steps":1}"#;

fn nowhere() -> serde_json::Value {
    json!([{"name": "main", "url": "http://127.0.0.1:9", "identityResolution": "Create"}])
}

fn address(url: &str) -> &str {
    url.strip_prefix("http://").unwrap()
}

async fn becomes(mut condition: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition().await {
        assert!(Instant::now() < deadline);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn connections_that_only_sit_there_make_room() {
    let connector = Connector::start_with_descriptors(64, prepare(&nowhere(), &json!({})), "http");
    let client = client(None);
    connector
        .status_becomes(&client, |status| status["mappingValid"] == true)
        .await;
    let mut idle = Vec::new();
    for sent in ["", "POST / HTTP/1.1\r\nHost: a\r\nX-Slow: "].repeat(40) {
        let mut stream = TcpStream::connect(address(&connector.source)).await.unwrap();
        stream.write_all(sent.as_bytes()).await.unwrap();
        idle.push(stream);
    }
    let (status, answer) = connector.push(&client, "application/json", MESSAGE).await;
    assert_eq!(status, 200, "{answer}");
    drop(idle);
    let metrics = client.get(format!("{}/metrics", connector.probes)).send().await;
    let text = metrics.unwrap().text().await.unwrap();
    let shed = "brazier_connector_connections_shed_total{listener=\"source\"}";
    assert!(text.contains(shed), "{text}");
}

#[tokio::test]
async fn sigterm_lets_a_message_that_is_arriving_be_taken() {
    let mut connector = Connector::start(prepare(&nowhere(), &json!({})), "http");
    let client = client(None);
    connector
        .status_becomes(&client, |status| status["mappingValid"] == true)
        .await;
    let mut arriving = TcpStream::connect(address(&connector.source)).await.unwrap();
    let (begin, rest) = MESSAGE.split_at(5);
    let head = format!(
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{begin}",
        MESSAGE.len()
    );
    arriving.write_all(head.as_bytes()).await.unwrap();

    connector.program.ask_to_end();
    let status = connector
        .status_becomes(&client, |status| status["sourceConnected"] == false)
        .await;
    assert_eq!(status["mappingValid"], true);
    let ready = client.get(format!("{}/readyz", connector.probes)).send().await;
    let ready = ready.unwrap();
    assert_eq!(ready.status().as_u16(), 503);
    assert_eq!(ready.text().await.unwrap(), "shutting down\n");
    // When connections are refused, the notice is over and the draining has begun.
    becomes(async || TcpStream::connect(address(&connector.source)).await.is_err()).await;

    arriving.write_all(rest.as_bytes()).await.unwrap();
    let mut answer = String::new();
    arriving.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert!(answer.contains("\"messages\""), "{answer}");
    assert_eq!(connector.program.ended(), Some(0));
}
