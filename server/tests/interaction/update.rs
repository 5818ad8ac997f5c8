//! <http://hl7.org/fhir/R4/http.html#update>, <http://hl7.org/fhir/R4/http.html#cond-update>

use brazier_server::state::Settings;

use crate::fixture::{Response, Server};

async fn put(server: &Server, path: &str, headers: &str, body: &str) -> Response {
    server.send(&format!("PUT {path}{headers}\n\n{body}")).await
}

#[tokio::test]
async fn the_id_in_the_body_must_be_that_of_the_url() {
    let server = Server::start().await;
    put(&server, "/Patient/a", "", r#"{"resourceType":"Patient"}"#)
        .await
        .refused(
            "400 invalid: Patient.id: an update needs the id of its URL in the body; write \"id\": \"a\"",
        );
    let other = put(
        &server,
        "/Patient/a",
        "",
        r#"{"resourceType":"Patient","id":"b"}"#,
    )
    .await;
    other.refused("400 invalid: Patient.id: the id in the body is \"b\"");
    assert_eq!(other.at("issue.0.expression.0"), "Patient.id");
    put(
        &server,
        "/Patient/a_b",
        "",
        r#"{"resourceType":"Patient","id":"a_b"}"#,
    )
    .await
    .refused("400 value");
    put(&server, "/Patient", "", r#"{"resourceType":"Patient","id":"a"}"#)
        .await
        .refused("412 required");
}

#[tokio::test]
async fn an_update_makes_a_resource_and_then_versions_of_it() {
    let server = Server::start().await;
    let body = r#"{"resourceType":"Patient","id":"a","active":true}"#;
    let made = put(&server, "/Patient/a", "", body).await;
    assert_eq!(made.status, 201, "{}", made.text);
    assert_eq!(made.header("location"), "http://fhir.test/Patient/a/_history/1");
    assert_eq!(server.last_access(), "anonymous update Patient 1 201 0");
    let changed = put(&server, "/Patient/a", "", body).await;
    assert_eq!(
        (changed.status.as_u16(), changed.header("etag")),
        (200, "W/\"2\"")
    );
    assert_eq!(
        (changed.header("location"), changed.at("meta.versionId")),
        ("http://fhir.test/Patient/a/_history/2", "2".to_owned())
    );
    assert_eq!(server.last_access(), "anonymous update Patient 2 200 0");
    server.send("DELETE /Patient/a").await;
    let again = put(&server, "/Patient/a", "", body).await;
    assert_eq!((again.status.as_u16(), again.header("etag")), (201, "W/\"4\""));
}

#[tokio::test]
async fn an_update_of_a_version_that_is_not_current_is_refused() {
    let server = Server::start().await;
    let body = r#"{"resourceType":"Patient","id":"a"}"#;
    put(&server, "/Patient/a", "\nIf-Match: W/\"1\"", body)
        .await
        .refused("412 conflict");
    put(&server, "/Patient/a", "\nIf-Match: *", body)
        .await
        .refused("412 conflict: Patient/a does not exist");
    put(&server, "/Patient/a", "", body).await;
    let conflict = put(&server, "/Patient/a", "\nIf-Match: W/\"2\"", body).await;
    conflict.refused("412 conflict: Patient/a is now at version");
    assert_eq!(server.last_access(), "anonymous update Patient 412 0");
    put(&server, "/Patient/a", "\nIf-Match: W/\"x\"", body)
        .await
        .refused(
            "412 conflict: the version in If-Match is not the current one of Patient/a; versions are numbers",
        );
    put(&server, "/Patient/a", "\nIf-Match: x", body)
        .await
        .refused("400 invalid: the header If-Match is \"x\"");
    put(&server, "/Patient/a", "\nIf-None-Match: *", body)
        .await
        .refused("412 duplicate");
    for (tag, version) in [("W/\"1\"", "2"), ("\"2\"", "3"), ("*", "4")] {
        let answer = put(&server, "/Patient/a", &format!("\nIf-Match: {tag}"), body).await;
        assert_eq!(
            (answer.status.as_u16(), answer.at("meta.versionId")),
            (200, version.to_owned()),
            "{tag}"
        );
    }
}

#[tokio::test]
async fn a_server_that_chooses_all_ids_creates_nothing_by_update() {
    let server = Server::start_with(Settings {
        update_create: false,
        ..Settings::default()
    })
    .await;
    let body = r#"{"resourceType":"Patient","id":"a"}"#;
    let refused = put(&server, "/Patient/a", "", body).await;
    refused.refused("405 not-supported: Patient/a does not exist, and clients may not choose ids");
    assert!(refused.header("allow").contains("GET"));
}

#[tokio::test]
async fn conditional_update_follows_what_meets_the_criteria() {
    let server = Server::start().await;
    let patient = |id: &str, value: &str| {
        let id = if id.is_empty() {
            String::new()
        } else {
            format!("\"id\":\"{id}\",")
        };
        format!(
            r#"{{"resourceType":"Patient",{id}"identifier":[{{"system":"http://s","value":"{value}"}}]}}"#
        )
    };
    // None, no id: a new one. One, no id: a new version of it.
    let made = put(&server, "/Patient?identifier=http://s|1", "", &patient("", "1")).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let id = made.at("id");
    let changed = put(&server, "/Patient?identifier=http://s|1", "", &patient("", "1")).await;
    assert_eq!(
        (
            changed.status.as_u16(),
            changed.at("id"),
            changed.at("meta.versionId")
        ),
        (200, id.clone(), "2".into())
    );
    // One with the id, one with another.
    let same = put(&server, "/Patient?identifier=http://s|1", "", &patient(&id, "1")).await;
    assert_eq!(
        (same.status.as_u16(), same.at("meta.versionId")),
        (200, "3".into())
    );
    put(
        &server,
        "/Patient?identifier=http://s|1",
        "",
        &patient("other", "1"),
    )
    .await
    .refused("400 value");
    // None, with an id: created under it, unless it is taken.
    let named = put(
        &server,
        "/Patient?identifier=http://s|2",
        "",
        &patient("mine", "2"),
    )
    .await;
    assert_eq!((named.status.as_u16(), named.at("id")), (201, "mine".into()));
    put(
        &server,
        "/Patient?identifier=http://s|3",
        "",
        &patient("mine", "3"),
    )
    .await
    .refused("409 conflict");
    // Several.
    server.create(&patient("", "1")).await;
    put(&server, "/Patient?identifier=http://s|1", "", &patient("", "1"))
        .await
        .refused("412 multiple-matches");
    // If-Match speaks of the one that is met.
    let stale = put(
        &server,
        "/Patient?identifier=http://s|2",
        "\nIf-Match: W/\"9\"",
        &patient("", "2"),
    )
    .await;
    stale.refused("412 conflict");
    put(
        &server,
        "/Patient?identifier=http://s|9",
        "\nIf-Match: W/\"1\"",
        &patient("", "9"),
    )
    .await
    .refused("412");
    put(&server, "/Patient?nonsense=9", "", &patient("", "9"))
        .await
        .refused("400");
}
