//! <http://hl7.org/fhir/R4/http.html#delete>

use crate::fixture::Server;

#[tokio::test]
async fn deleting_what_is_not_the_version_named_is_refused() {
    let server = Server::start().await;
    let id = server.create(r#"{"resourceType":"Patient"}"#).await;
    server
        .send(&format!("DELETE /Patient/{id}\nIf-Match: W/\"2\""))
        .await
        .refused("412 conflict");
    server
        .send(&format!("DELETE /Patient/{id}\nIf-Match: 2x"))
        .await
        .refused("400 invalid");
    let deleted = server
        .send(&format!("DELETE /Patient/{id}\nIf-Match: W/\"1\""))
        .await;
    assert_eq!(deleted.status, 204, "{}", deleted.text);
}

#[tokio::test]
async fn deleting_twice_or_nothing_is_the_same() {
    let server = Server::start().await;
    let id = server.create(r#"{"resourceType":"Patient"}"#).await;
    let first = server.send(&format!("DELETE /Patient/{id}")).await;
    assert_eq!(
        (first.status.as_u16(), first.text.as_str(), first.header("etag")),
        (204, "", "W/\"2\"")
    );
    assert_eq!(server.last_access(), "anonymous delete Patient 2 204 0");
    let second = server.send(&format!("DELETE /Patient/{id}")).await;
    assert_eq!((second.status.as_u16(), second.header("etag")), (204, ""));
    assert_eq!(server.send("DELETE /Patient/nobody").await.status, 204);
    assert_eq!(
        server
            .database
            .query("SELECT count(*) FROM access_record WHERE interaction = 'delete'"),
        "3"
    );
    assert_eq!(server.get("/Patient").await.at("total"), "0");
}

#[tokio::test]
async fn a_client_that_wants_words_gets_them() {
    let server = Server::start().await;
    let id = server.create(r#"{"resourceType":"Patient"}"#).await;
    let request = format!("DELETE /Patient/{id}\nPrefer: return=OperationOutcome");
    for expected in ["deleted Patient/", "there was nothing to delete at Patient/"] {
        let answer = server.send(&request).await;
        assert_eq!(answer.status, 200);
        assert!(
            answer.at("issue.0.diagnostics").starts_with(expected),
            "{}",
            answer.text
        );
    }
}
