//! <http://hl7.org/fhir/R4/http.html#read>, <http://hl7.org/fhir/R4/http.html#vread>

use crate::fixture::Server;

#[tokio::test]
async fn what_is_not_there_and_what_was_deleted_are_told_apart() {
    let server = Server::start().await;
    server
        .get("/Patient/nobody")
        .await
        .refused("404 not-found: Patient/nobody does not exist");
    assert_eq!(server.last_access(), "anonymous read Patient 404 0");
    server
        .get("/Patient/nobody/_history/1")
        .await
        .refused("404 not-found: Patient/nobody has no version 1");
    server
        .get("/Nothing/1")
        .await
        .refused("404 not-supported: \"Nothing\" is not a resource type");

    let id = server.create(r#"{"resourceType":"Patient"}"#).await;
    server.send(&format!("DELETE /Patient/{id}")).await;
    let gone = server.get(&format!("/Patient/{id}")).await;
    gone.refused("410 deleted");
    assert_eq!(gone.header("etag"), "W/\"2\"");
    server
        .get(&format!("/Patient/{id}/_history/2"))
        .await
        .refused("410 deleted");
    server
        .get(&format!("/Patient/{id}/_history/3"))
        .await
        .refused("404 not-found");
    server
        .get(&format!("/Patient/{id}/_history/01"))
        .await
        .refused("404 not-found");
    assert_eq!(
        server
            .get(&format!("/Patient/{id}/_history/1"))
            .await
            .at("meta.versionId"),
        "1"
    );
}

#[tokio::test]
async fn a_resource_comes_back_as_it_was_sent() {
    let server = Server::start().await;
    let id = server
        .create(r#"{"resourceType":"Observation","meta":{"tag":[{"code":"t"}]},"status":"final","code":{"text":"é \"\\ 😀"},"valueQuantity":{"value":1.10}}"#)
        .await;
    let read = server.get(&format!("/Observation/{id}")).await;
    assert_eq!(read.status, 200);
    assert_eq!(
        read.header("content-type"),
        "application/fhir+json; charset=utf-8"
    );
    assert_eq!(read.header("etag"), "W/\"1\"");
    assert!(read.header("last-modified").ends_with(" GMT"));
    assert!(read.text.ends_with(
        r#""tag":[{"code":"t"}]},"status":"final","code":{"text":"é \"\\ 😀"},"valueQuantity":{"value":1.10}}"#
    ), "{}", read.text);
    assert_eq!(server.last_access(), "anonymous read Observation 1 200 1");
    let version = server.get(&format!("/Observation/{id}/_history/1")).await;
    assert_eq!(version.text, read.text);

    let head = server.send(&format!("HEAD /Observation/{id}")).await;
    assert_eq!((head.status.as_u16(), head.text.as_str()), (200, ""));
    assert_eq!(head.header("content-length"), read.text.len().to_string());

    let pretty = server.get(&format!("/Observation/{id}?_pretty=true")).await;
    assert!(
        pretty
            .text
            .starts_with("{\n  \"resourceType\": \"Observation\",\n"),
        "{}",
        pretty.text
    );
}

#[tokio::test]
async fn a_client_that_has_the_version_is_told_so() {
    let server = Server::start().await;
    let id = server.create(r#"{"resourceType":"Patient"}"#).await;
    let modified = server
        .get(&format!("/Patient/{id}"))
        .await
        .header("last-modified")
        .to_owned();
    for header in [
        "If-None-Match: W/\"1\"",
        "If-None-Match: *",
        &format!("If-Modified-Since: {modified}"),
    ] {
        let answer = server.send(&format!("GET /Patient/{id}\n{header}")).await;
        assert_eq!(
            (answer.status.as_u16(), answer.text.as_str()),
            (304, ""),
            "{header}"
        );
        assert_eq!(answer.header("etag"), "W/\"1\"");
    }
    for header in [
        "If-None-Match: W/\"2\"",
        "If-None-Match: nonsense",
        "If-Modified-Since: Sat, 01 Jan 2000 00:00:00 GMT",
    ] {
        assert_eq!(
            server.send(&format!("GET /Patient/{id}\n{header}")).await.status,
            200,
            "{header}"
        );
    }
}

#[tokio::test]
async fn parts_of_a_resource() {
    let server = Server::start().await;
    let id = server
        .create(r#"{"resourceType":"Patient","active":true,"gender":"male","photo":[{"title":"x"}]}"#)
        .await;
    let part = server.get(&format!("/Patient/{id}?_elements=gender")).await;
    assert_eq!(
        (part.at("gender"), part.at("active"), part.at("meta.tag.0.code")),
        ("male".into(), String::new(), "SUBSETTED".into())
    );
    let summary = server.get(&format!("/Patient/{id}?_summary=true")).await;
    assert_eq!(
        (summary.at("active"), summary.at("photo")),
        ("true".into(), String::new())
    );
    server
        .get(&format!("/Patient/{id}?_summary=some"))
        .await
        .refused("400 invalid: the parameter _summary is \"some\"");
}

#[tokio::test]
async fn dates_are_understood_in_all_three_forms_of_http() {
    let server = Server::start().await;
    let id = server.create(r#"{"resourceType":"Patient"}"#).await;
    for (since, status) in [
        ("Sun, 06 Nov 2050 08:49:37 GMT", 304),
        ("Sunday, 06-Nov-50 08:49:37 GMT", 304),
        ("Sun Nov  6 08:49:37 2050", 304),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 200),
        ("Sunday, 06-Nov-94 08:49:37 GMT", 200),
        ("Sun Nov  6 08:49:37 1994", 200),
    ] {
        let read = server
            .send(&format!("GET /Patient/{id}\nIf-Modified-Since: {since}"))
            .await;
        assert_eq!(read.status.as_u16(), status, "{since}");
    }
}
