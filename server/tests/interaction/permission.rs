//! What a principal may not do is refused, told and recorded, whatever way it comes.

use brazier_access::AccessPolicy;
use brazier_access::token::Authenticator;
use brazier_server::state::Settings;

use crate::fixture::Server;

#[tokio::test]
async fn what_no_assignment_allows_is_refused_and_recorded() {
    let server = Server::start_guarded(
        Settings::default(),
        Authenticator::off(),
        AccessPolicy::deny_all(),
    )
    .await;
    let bundle = |kind: &str| {
        format!(
            r#"{{"resourceType":"Bundle","type":"{kind}","entry":[{{"request":{{"method":"POST","url":"Patient"}},"resource":{{"resourceType":"Patient"}}}}]}}"#
        )
    };
    let patient = r#"{"resourceType":"Patient","id":"a"}"#;
    for (request, recorded) in [
        ("GET /Patient/a".to_owned(), "anonymous read Patient 403 0"),
        (
            "GET /Patient/a/_history/1".to_owned(),
            "anonymous vread Patient 403 0",
        ),
        ("GET /Patient".to_owned(), "anonymous search-type Patient 403 0"),
        ("GET /".to_owned(), "anonymous search-system 403 0"),
        (
            "GET /Patient/a/Observation".to_owned(),
            "anonymous search-type Observation 403 0",
        ),
        ("GET /_history".to_owned(), "anonymous history-system 403 0"),
        (
            format!("POST /Patient\n\n{patient}"),
            "anonymous create Patient 403 0",
        ),
        (
            format!("PUT /Patient/a\n\n{patient}"),
            "anonymous update Patient 403 0",
        ),
        ("DELETE /Patient/a".to_owned(), "anonymous delete Patient 403 0"),
        (
            format!("POST /\n\n{}", bundle("transaction")),
            "anonymous transaction 403 0",
        ),
        (
            format!("POST /\n\n{}", bundle("batch")),
            "anonymous transaction 403 0",
        ),
        (
            "POST /\n\nwhat nobody reads".to_owned(),
            "anonymous transaction 403 0",
        ),
    ] {
        server.send(&request).await.refused("403 forbidden: ");
        assert_eq!(server.last_access(), recorded, "{request}");
    }
    assert_eq!(server.database.query("SELECT count(*) FROM resource"), "0");
    assert_eq!(server.get("/metadata").await.status, 200);
}

#[tokio::test]
async fn what_cannot_be_recorded_is_not_answered() {
    let server = Server::start().await;
    server
        .send("PUT /Patient/a\n\n{\"resourceType\":\"Patient\",\"id\":\"a\"}")
        .await;
    server
        .database
        .query("ALTER TABLE access_record RENAME TO elsewhere");
    let read = server.get("/Patient/a").await;
    read.refused("503 transient");
    assert_eq!(read.header("retry-after"), "2");
    server.get("/nothing").await.refused("503 transient");
    let write = server
        .send("PUT /Patient/a\n\n{\"resourceType\":\"Patient\",\"id\":\"a\"}")
        .await;
    assert!(write.status.is_server_error(), "{}", write.text);
    server
        .database
        .query("ALTER TABLE elsewhere RENAME TO access_record");
    assert_eq!(server.get("/Patient/a").await.at("meta.versionId"), "1");
}
