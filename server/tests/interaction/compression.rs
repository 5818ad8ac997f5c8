//! gzip both ways: <https://www.rfc-editor.org/rfc/rfc9110#section-8.4>

use axum::body::Body;
use brazier_server::compression::{Effort, pack, unpack};
use brazier_server::state::Settings;
use http::{Request, Response};
use http_body_util::BodyExt;

use crate::fixture::Server;

/// A body that is sent as gzip, to `method` and path.
fn packed(request: &str, content_type: &str, body: &[u8]) -> Request<Body> {
    let (method, path) = request.split_once(' ').unwrap();
    Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", content_type)
        .header("content-encoding", "gzip")
        .body(Body::from(pack(body, Effort::Little)))
        .unwrap()
}

async fn asked(server: &Server, method: &str, path: &str, encodings: &str) -> Response<Body> {
    let request = Request::builder().method(method).uri(path);
    let request = request.header("accept-encoding", encodings);
    server.answer(request.body(Body::empty()).unwrap()).await
}

async fn bytes(response: Response<Body>) -> Vec<u8> {
    response.into_body().collect().await.unwrap().to_bytes().to_vec()
}

#[tokio::test]
async fn packed_bodies_are_taken_wherever_there_is_a_body() {
    let server = Server::start().await;
    let patient = br#"{"resourceType":"Patient","id":"a","active":false}"#;
    for (request, content_type, body, status) in [
        ("PUT /Patient/a", "application/fhir+json", &patient[..], 201),
        ("POST /Patient", "application/fhir+json", patient, 201),
        (
            "PATCH /Patient/a",
            "application/json-patch+json",
            br#"[{"op":"replace","path":"/active","value":true}]"#,
            200,
        ),
        (
            "POST /Patient/_search",
            "application/x-www-form-urlencoded",
            b"active=true",
            200,
        ),
        (
            "POST /",
            "application/fhir+json",
            br#"{"resourceType":"Bundle","type":"batch"}"#,
            200,
        ),
    ] {
        let answer = server.send_request(packed(request, content_type, body)).await;
        assert_eq!(answer.status, status, "{request}: {}", answer.text);
    }
    assert_eq!(server.get("/Patient?active=true").await.ids(), "a");
    let binary = server
        .send_request(packed("POST /Binary", "text/plain", b"hello"))
        .await;
    assert_eq!(binary.at("data"), "aGVsbG8=");
}

#[tokio::test]
async fn what_unpacks_to_more_than_the_limit_is_refused() {
    let settings = Settings {
        maximum_body: 1 << 20,
        ..Settings::default()
    };
    let server = Server::start_with(settings).await;
    let bomb = vec![b' '; 64 << 20];
    let answer = server
        .send_request(packed("POST /Patient", "application/fhir+json", &bomb))
        .await;
    answer.refused("413 too-long: the body is larger than 1048576 bytes");
    let mut cut = packed("POST /Patient", "application/fhir+json", b"{}");
    *cut.body_mut() = Body::from(&b"\x1f\x8b\x08\x00"[..]);
    server
        .send_request(cut)
        .await
        .refused("400 structure: the body is not gzip");
    let other = server.send("POST /Patient\nContent-Encoding: zstd\n\n{}").await;
    other.refused("415 not-supported: the body is sent with Content-Encoding: zstd");
    assert_eq!(other.header("accept-encoding"), "gzip");
}

#[tokio::test]
async fn large_answers_are_packed_for_those_who_take_it() {
    let server = Server::start().await;
    let text = "x".repeat(20_000);
    let large = server
        .create(&format!(
            r#"{{"resourceType":"Basic","code":{{"text":"{text}"}}}}"#
        ))
        .await;
    let small = server.create(r#"{"resourceType":"Patient"}"#).await;
    let path = format!("/Basic/{large}");
    let plain = asked(&server, "GET", &path, "br, gzip;q=0").await;
    assert_eq!(plain.headers().get("content-encoding"), None);
    assert_eq!(plain.headers()["vary"], "Accept-Encoding");
    let plain = bytes(plain).await;
    let gzip = asked(&server, "GET", &path, "br, gzip").await;
    assert_eq!(gzip.headers()["content-encoding"], "gzip");
    assert_eq!(gzip.headers()["vary"], "Accept-Encoding");
    assert_eq!(gzip.headers()["etag"], "W/\"1\"");
    let gzip = bytes(gzip).await;
    assert!(gzip.len() < 1000, "{}", gzip.len());
    assert_eq!(unpack(&gzip, plain.len(), |_| true).unwrap(), plain);

    let head = asked(&server, "HEAD", &path, "gzip").await;
    assert_eq!(head.headers().get("content-encoding"), None);
    assert_eq!(head.headers()["content-length"], plain.len().to_string().as_str());
    assert_eq!(head.headers()["vary"], "Accept-Encoding");

    let small = asked(&server, "GET", &format!("/Patient/{small}"), "gzip").await;
    assert_eq!(small.headers().get("content-encoding"), None);
}

#[tokio::test]
async fn the_capability_statement_is_kept_packed_and_says_nothing_twice() {
    let server = Server::start().await;
    let plain = server.get("/metadata").await;
    assert_eq!(plain.header("vary"), "Accept-Encoding");
    assert!(plain.text.len() < 364_000, "{} bytes", plain.text.len());
    let gzip = asked(&server, "GET", "/metadata", "gzip").await;
    assert_eq!(gzip.headers()["content-encoding"], "gzip");
    let gzip = bytes(gzip).await;
    assert!(gzip.len() < 40_000, "{} bytes", gzip.len());
    assert_eq!(
        unpack(&gzip, plain.text.len(), |_| true).unwrap(),
        plain.text.as_bytes()
    );
    let pretty = server.get("/metadata?_pretty=true").await;
    assert_eq!(pretty.json(), plain.json());
    let part = server.get("/metadata?_elements=fhirVersion").await;
    assert_eq!(part.at("fhirVersion"), "4.0.1");
    assert_eq!(part.at("rest.0.resource"), "");
    // What all types have is said once, and what may point at anything is not said of each.
    let codes: Vec<String> = (0..12)
        .map(|index| plain.at(&format!("rest.0.searchParam.{index}.name")))
        .collect();
    for code in ["_id", "_lastUpdated", "_profile", "_tag"] {
        assert!(codes.iter().any(|other| other == code), "{code}");
    }
    assert_eq!(plain.text.matches(r#""name":"_profile""#).count(), 1);
    assert_eq!(plain.text.matches(r#""List:item""#).count(), 1);
}
