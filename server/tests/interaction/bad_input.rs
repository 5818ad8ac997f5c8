//! What clients get wrong, by accident or on purpose: always 4xx, always an OperationOutcome that names the place,
//! never a fault of the server and never a trace in the database.

mod bodies;

use axum::body::Body;
use http::{Request, StatusCode};

use crate::fixture::{Response, Server};

/// Sends each request and checks that it is refused with the status and words beside it.
async fn refused(server: &Server, table: &[(&str, &str)]) {
    for (request, expected) in table {
        let answer = server.send(request).await;
        check(&answer, request, expected);
    }
    assert_eq!(server.database.query("SELECT count(*) FROM resource"), "0");
}

fn check(answer: &Response, request: &str, expected: &str) {
    let shown: String = request.chars().take(300).collect();
    assert!(
        answer.status.is_client_error(),
        "{shown}\n{} {}",
        answer.status,
        answer.text
    );
    assert_eq!(
        answer.at("resourceType"),
        "OperationOutcome",
        "{shown}\n{}",
        answer.text
    );
    let (status, words) = expected.split_once(' ').unwrap_or((expected, ""));
    assert_eq!(answer.status.as_str(), status, "{shown}\n{}", answer.text);
    assert!(
        answer.text.contains(words),
        "{shown}\nexpected {words}\n{}",
        answer.text
    );
}

#[tokio::test]
async fn paths_and_methods() {
    let server = Server::start().await;
    let table = [
        ("GET /patient/1", "404 patient"),
        ("GET /Patients", "404 Patients"),
        ("GET /Patient1", "404 Patient1"),
        ("GET /Patient/1/2/3", "404 "),
        ("GET //Patient", "404 "),
        ("GET /Patient//1", "404 "),
        ("GET /_search", "405 POST"),
        ("GET /Patient/_search", "405 POST"),
        ("GET /Patient/_nothing", "404 _nothing"),
        ("GET /Patient/1/_nothing", "404 _nothing"),
        ("GET /Patient/1/_history/1/2", "404 "),
        ("GET /Patient/1/_history/x", "404 no version x"),
        ("GET /Patient/1/_history/-1", "404 "),
        ("GET /Patient/1/_history/99999999999999999999", "404 "),
        ("GET /Patient/1/_history/1.5", "404 "),
        ("GET /Patient/a_b", "404 a_b"),
        ("GET /Patient/%00", "400 U+0000"),
        ("GET /Patient/%ff%fe", "400 UTF-8"),
        ("GET /Patient/%", "400 %25"),
        ("GET /Patient/..%2F..%2Fetc%2Fpasswd", "404 logical id"),
        ("GET /Patient/../Group/1", "404 "),
        ("GET /Patient/1'%20OR%20'1'='1", "404 logical id"),
        ("GET /Patient/1;DROP%20TABLE%20resource", "404 logical id"),
        ("GET /Patient/$nonsense", "404 $nonsense"),
        ("POST /$nonsense", "404 $nonsense"),
        ("PUT /", "405 PUT"),
        ("DELETE /", "405 DELETE"),
        ("PATCH /", "405 PATCH"),
        ("POST /Patient/1", "405 POST"),
        ("POST /Patient/1/_history", "405 POST"),
        ("DELETE /Patient/1/_history", "405 DELETE"),
        ("DELETE /metadata", "405 DELETE"),
        ("TRACE /Patient/1", "405 TRACE"),
        ("BREW /Patient/1", "405 BREW"),
        ("DELETE /Patient/a_b", "400 a_b"),
        ("DELETE /Patient", "412 search parameters"),
        ("GET /Organization/1/Patient", "404 "),
        ("GET /Patient/1/Medication", "404 "),
        ("GET /Binary/%E2%82", "400 UTF-8"),
    ];
    refused(&server, &table).await;
    let long = format!("GET /Patient/{}", "a".repeat(65));
    check(&server.send(&long).await, &long, "404 logical id");
}

#[tokio::test]
async fn query_strings() {
    let server = Server::start().await;
    let table = [
        ("GET /Patient?name=%zz", "400 %25"),
        ("GET /Patient?name=100%", "400 %25"),
        ("GET /Patient?%ff=1", "400 UTF-8"),
        ("GET /Patient?name=%00", "400 U+0000"),
        ("GET /Patient?name=a%00b", "400 U+0000"),
        ("GET /Patient?birthdate=x", "400 birthdate"),
        ("GET /Patient?birthdate=2020-13", "400 birthdate"),
        ("GET /Patient?birthdate=2020-02-30", "400 birthdate"),
        ("GET /Patient?birthdate=zz2020", "400 birthdate"),
        ("GET /Patient?birthdate=99999-01-01", "400 birthdate"),
        ("GET /Patient?birthdate=2020'--", "400 birthdate"),
        ("GET /Patient?_lastUpdated=yesterday", "400 _lastUpdated"),
        ("GET /Patient?name:nonsense=a", "400 nonsense"),
        ("GET /Patient?gender:missing=maybe", "400 missing"),
        ("GET /Patient?birthdate:exact=2020", "400 exact"),
        ("GET /Patient?_count=x", "400 _count"),
        ("GET /Patient?_count=-1", "400 _count"),
        ("GET /Patient?_count=1.5", "400 _count"),
        ("GET /Patient?_count=1&_count=2", "400 _count"),
        ("GET /Patient?_total=maybe", "400 _total"),
        ("GET /Patient?_summary=some", "400 _summary"),
        ("GET /Patient?_sort=nonsense", "400 _sort"),
        ("GET /Patient?_sort=name;DROP", "400 _sort"),
        ("GET /Patient?_sort:desc=name", "400 _sort"),
        ("GET /Patient?_elements=a'b", "400 _elements"),
        ("GET /Patient?_include=nonsense", "400 _include"),
        ("GET /Patient?_include=Patient:nonsense", "400 _include"),
        ("GET /Patient?_revinclude=Nothing:subject", "400 _revinclude"),
        ("GET /Patient?_has:Observation=x", "400 _has"),
        ("GET /Patient?_has:Nothing:subject:code=x", "400 _has"),
        ("GET /Patient?_cursor=x", "400 link"),
        ("GET /Patient?_cursor=AAAAAAAAAAAAAAAAAAAAAAAA", "400 link"),
        ("GET /Patient?_cursor='%20OR%201=1", "400 link"),
        ("GET /?_type=Nothing", "400 _type"),
        ("GET /Observation?value-quantity=x", "400 value-quantity"),
        ("GET /Observation?value-quantity=1e99999", "400 value-quantity"),
        (
            "GET /Observation?code-value-quantity=x",
            "400 code-value-quantity",
        ),
        ("GET /Observation?subject:Nothing=1", "400 subject"),
        (
            "GET /Observation?subject:Patient.nonsense=1\nPrefer: handling=strict",
            "400 nonsense",
        ),
        ("GET /RiskAssessment?probability=x", "400 probability"),
        ("GET /Patient?nonsense=1\nPrefer: handling=strict", "400 nonsense"),
        ("GET /Patient/_history?_count=x", "400 _count"),
        ("GET /Patient/_history?_since=x", "400 _since"),
        ("GET /Patient/_history?_at=x", "400 _at"),
        ("GET /Patient/_history?_cursor=x", "400 link"),
        ("GET /_history?_count=99999999999", "400 _count"),
        ("GET /metadata?mode=x", "400 mode"),
        ("GET /metadata?_summary=x", "400 _summary"),
        (
            "POST /Patient/_search\nContent-Type: application/x-www-form-urlencoded\n\nname=%zz",
            "400 %25",
        ),
        (
            "POST /Patient/_search\nContent-Type: application/x-www-form-urlencoded\n\nbirthdate=x",
            "400 birthdate",
        ),
        (
            "POST /Patient/_search\nContent-Type: text/plain\n\nname=a",
            "415 text/plain",
        ),
        ("POST /Patient/_search\n\n{}", "415 x-www-form-urlencoded"),
    ];
    refused(&server, &table).await;
}

#[tokio::test]
async fn quotes_and_semicolons_are_only_text() {
    let server = Server::start().await;
    for value in [
        "'",
        "''; DROP TABLE resource; --",
        "\\'",
        "%25",
        "_",
        "a|b|c",
        "$1",
        "\u{202e}",
        "😀",
        "\\",
        "\\,",
        "(",
    ] {
        let value: String =
            percent_encoding::utf8_percent_encode(value, percent_encoding::NON_ALPHANUMERIC).collect();
        for name in [
            "name",
            "name:exact",
            "name:contains",
            "identifier",
            "_id",
            "gender",
            "organization",
            "_tag",
            "_profile",
        ] {
            let answer = server.get(&format!("/Patient?{name}={value}")).await;
            assert!(
                answer.status == StatusCode::OK || answer.status == StatusCode::BAD_REQUEST,
                "{name}={value}: {}",
                answer.text
            );
        }
    }
    assert_eq!(server.database.query("SELECT count(*) FROM resource"), "0");
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a list of cases")]
async fn headers() {
    let server = Server::start().await;
    let table = [
        ("GET /Patient/1\nAccept: application/fhir+xml", "406 JSON"),
        ("GET /Patient/1\nAccept: text/turtle", "406 JSON"),
        (
            "GET /Patient/1\nAccept: application/fhir+json; fhirVersion=3.0",
            "406 JSON",
        ),
        ("GET /Patient?_format=xml", "406 _format=xml"),
        ("GET /Patient?_format=application/fhir%2Bxml", "406 _format"),
        ("GET /metadata?_format=ttl", "406 _format"),
        ("GET /metadata\nAccept: application/xml", "406 JSON"),
        (
            "POST /Patient\nContent-Type: application/fhir+xml\n\n<Patient/>",
            "415 application/fhir+json",
        ),
        ("POST /Patient\nContent-Type: text/plain\n\n{}", "415 text/plain"),
        (
            "POST /Patient\nContent-Type: application/json; charset=utf-16\n\n{}",
            "415 utf-16",
        ),
        (
            "POST /Patient\nContent-Type: application/fhir+json; fhirVersion=5.0\n\n{}",
            "415 fhirVersion",
        ),
        ("POST /Patient\nContent-Encoding: br\n\n{}", "415 br"),
        ("POST /Patient\nContent-Encoding: gzip\n\n{}", "400 gzip"),
        ("POST /\nContent-Type: multipart/form-data\n\n{}", "415 multipart"),
        (
            "PATCH /Patient/1\nContent-Type: application/fhir+json\n\n{}",
            "400 resourceType",
        ),
        (
            "PATCH /Patient/1\nContent-Type: application/fhir+json\n\n[]",
            "415 json-patch",
        ),
        (
            "PATCH /Patient/1\nContent-Type: application/merge-patch+json\n\n{}",
            "415 json-patch",
        ),
        (
            "PUT /Patient/a\nIf-Match: abc\n\n{\"resourceType\":\"Patient\",\"id\":\"a\"}",
            "400 If-Match",
        ),
        (
            "PUT /Patient/a\nIf-Match: W/1\n\n{\"resourceType\":\"Patient\",\"id\":\"a\"}",
            "400 If-Match",
        ),
        (
            "PUT /Patient/a\nIf-Match: W/\"1\", W/\"2\"\n\n{\"resourceType\":\"Patient\",\"id\":\"a\"}",
            "400 If-Match",
        ),
        (
            "PUT /Patient/a\nIf-Match: W/\"1\"\nIf-Match: W/\"2\"\n\n{\"resourceType\":\"Patient\",\"id\":\"a\"}",
            "400 If-Match",
        ),
        (
            "PUT /Patient/a\nIf-Match: W/\"99999999999\"\n\n{\"resourceType\":\"Patient\",\"id\":\"a\"}",
            "412 If-Match",
        ),
        (
            "PUT /Patient/a\nIf-Match: W/\"'; DROP TABLE resource\"\n\n{\"resourceType\":\"Patient\",\"id\":\"a\"}",
            "412 If-Match",
        ),
        ("DELETE /Patient/a\nIf-Match: x", "400 If-Match"),
        (
            "POST /Patient\nIf-None-Exist: birthdate=x\n\n{\"resourceType\":\"Patient\"}",
            "400 birthdate",
        ),
        (
            "POST /Patient\nIf-None-Exist: nonsense=x\n\n{\"resourceType\":\"Patient\"}",
            "400 nonsense",
        ),
        (
            "POST /Patient\nIf-None-Exist: name=%zz\n\n{\"resourceType\":\"Patient\"}",
            "400 %25",
        ),
        (
            "POST /Patient\nIf-None-Exist: _count=1\n\n{\"resourceType\":\"Patient\"}",
            "412 If-None-Exist",
        ),
        (
            "POST /Patient\nIf-None-Exist: a=1\nIf-None-Exist: b=1\n\n{\"resourceType\":\"Patient\"}",
            "400 If-None-Exist",
        ),
    ];
    refused(&server, &table).await;
    let latin = Request::post("/Patient").header(
        "if-none-exist",
        http::HeaderValue::from_bytes(b"name=\xe9").unwrap(),
    );
    let answer = server
        .send_request(latin.body(Body::from("{\"resourceType\":\"Patient\"}")).unwrap())
        .await;
    check(&answer, "If-None-Exist in Latin 1", "400 If-None-Exist");
}
