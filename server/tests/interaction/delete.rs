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

#[tokio::test]
async fn references_need_not_lead_to_anything_and_stay_when_their_target_is_deleted() {
    let server = Server::start().await;
    let observation = |id: &str, subject: &str| {
        format!(
            r#"PUT /Observation/{id}

            {{"resourceType":"Observation","id":"{id}","status":"final","code":{{"text":"x"}},"subject":{{"reference":"{subject}"}}}}"#
        )
    };
    let patient = "PUT /Patient/p\n\n{\"resourceType\":\"Patient\",\"id\":\"p\",\"active\":true}";
    for (id, subject) in [
        ("here", "Patient/p"),
        ("elsewhere", "https://other.example/fhir/Patient/p"),
        ("nowhere", "Patient/nobody"),
    ] {
        let stored = server.send(&observation(id, subject)).await;
        assert_eq!(stored.status, 201, "{}", stored.text);
    }
    let found = async |search: &str| {
        server
            .get(&format!("/Observation?_sort=_id&{search}"))
            .await
            .ids()
    };
    let chain = "subject:Patient.active=true";
    // It exists, is gone, and is there again: the reference is the same.
    for exists in [false, true, false, true] {
        let (status, of_chain) = if exists { (200, "here") } else { (404, "") };
        let written = match exists {
            true => server.send(patient).await,
            false => server.send("DELETE /Patient/p").await,
        };
        assert!(written.status.is_success(), "{}", written.text);
        let read = server.get("/Patient/p").await.status;
        assert!(read == status || (!exists && read == 410), "{read}");
        assert_eq!(
            server.get("/Observation/here").await.at("subject.reference"),
            "Patient/p"
        );
        assert_eq!(found("subject=Patient/p").await, "here");
        assert_eq!(found("subject:missing=false").await, "elsewhere,here,nowhere");
        assert_eq!(found(chain).await, of_chain);
        let included = server
            .get("/Observation?_id=here&_include=Observation:subject")
            .await;
        assert_eq!(included.ids(), if exists { "here,p" } else { "here" });
    }
    let statement = server.get("/metadata").await;
    let policy = statement.at("rest.0.resource.0.referencePolicy");
    assert_eq!(policy, r#"["literal","logical"]"#);
}
