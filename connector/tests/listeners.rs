//! What listeners do about connections that only sit there, and about the end of the program.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may panic"
)]

mod fixture;
#[path = "../../access/tests/fixture/signing.rs"]
mod signing;

use std::time::{Duration, Instant};

use fixture::{Connector, PATIENCE, client, file, prepare};
use serde_json::json;
use signing::{SigningKey, key_set, service_account_claims};
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

/// Pushes [`MESSAGE`] over a connection that stays open; the status line.
async fn push_over(connection: &mut TcpStream, token: &str) -> String {
    let head = format!(
        "POST / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: {}",
        MESSAGE.len()
    );
    let request = format!("{head}\r\n\r\n{MESSAGE}");
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(connection.read_u8().await.expect("the connection is still there"));
    }
    let head = String::from_utf8(head).unwrap().to_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.unwrap().parse().unwrap()];
    connection.read_exact(&mut body).await.unwrap();
    head.lines().next().unwrap().to_owned()
}

#[tokio::test]
async fn who_has_shown_a_token_keeps_the_connection() {
    let files = tempfile::tempdir().unwrap();
    let key = SigningKey::elliptic_curve("cluster");
    let assignment = json!({"name": "gateway", "dataActions": ["create"],
        "principals": [{"kind": "serviceAccount", "namespace": "team-a", "name": "gateway"}]});
    let policy = json!({"version": "1", "assignments": [assignment]});
    let jwks = file(&files, "jwks.json", &key_set(&[&key]));
    let access = file(&files, "policy.json", &policy.to_string());
    let audience = "https://steps.team-a.svc";
    let authentication = json!({"accessFile": access, "kubernetes": {
        "issuer": "https://kubernetes.default.svc", "jwksFile": jwks, "audience": audience}});
    let folder = prepare(&nowhere(), &json!({"authentication": authentication}));
    let connector = Connector::start_with_descriptors(64, folder, "http");
    let client = client(None);
    connector
        .status_becomes(&client, |status| status["mappingValid"] == true)
        .await;
    let token = key.sign(&service_account_claims(audience, "team-a", "gateway"));
    let mut known = TcpStream::connect(address(&connector.source)).await.unwrap();
    assert_eq!(push_over(&mut known, &token).await, "http/1.1 200 ok");
    let mut strangers = Vec::new();
    for _stranger in 0..100 {
        strangers.push(TcpStream::connect(address(&connector.source)).await.unwrap());
    }
    // When the last one has its place, strangers have made room for strangers.
    let mut last = TcpStream::connect(address(&connector.source)).await.unwrap();
    assert_eq!(push_over(&mut last, &token).await, "http/1.1 200 ok");
    assert_eq!(push_over(&mut known, &token).await, "http/1.1 200 ok");
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

#[tokio::test]
async fn a_refusal_over_http2_arrives_whatever_is_still_being_sent() {
    let connector = Connector::start(prepare(&nowhere(), &json!({})), "http");
    connector
        .status_becomes(&client(None), |status| status["mappingValid"] == true)
        .await;
    // More than the windows of a stream and of a connection hold.
    let body = file(&connector.folder, "body", &"x".repeat(3 << 20));
    let elsewhere = format!("{}/elsewhere", connector.source);
    for expect in ["X-Expects: nothing", "Expect;", "Expect: 100-continue"] {
        for (url, content_type, wanted) in [
            (&elsewhere, "application/json", "404"),
            (&connector.source, "text/plain", "415"),
        ] {
            for _ in 0..8 {
                // curl, because that is where refusals were lost.
                let mut curl = std::process::Command::new("curl");
                curl.args([
                    "--silent",
                    "--show-error",
                    "--noproxy",
                    "*",
                    "--http2-prior-knowledge",
                ])
                .args(["--expect100-timeout", "0.1", "--header", expect])
                .args(["--header", &format!("Content-Type: {content_type}")])
                .args(["--data-binary", &format!("@{}", body.display())])
                .args(["--output", "/dev/null", "--write-out", "%{http_code}", url]);
                let output = curl.output().unwrap();
                let said = String::from_utf8(output.stderr).unwrap();
                assert!(output.status.success(), "{expect} {wanted}: {said}");
                assert_eq!(String::from_utf8(output.stdout).unwrap(), wanted, "{said}");
            }
        }
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_over_http2() {
    let connector = Connector::start(prepare(&nowhere(), &json!({})), "http");
    connector
        .status_becomes(&client(None), |status| status["mappingValid"] == true)
        .await;
    let client = reqwest::Client::builder()
        .no_proxy()
        .http2_prior_knowledge()
        .build()
        .unwrap();
    for size in [5 << 20, 20 << 20] {
        let (status, problem) = connector
            .push(&client, "application/json", "x".repeat(size))
            .await;
        assert_eq!(status, 413, "{problem}");
    }
}
