//! <http://hl7.org/fhir/R4/http.html#create>, <http://hl7.org/fhir/R4/http.html#ccreate>

use crate::fixture::Server;

#[tokio::test]
async fn what_is_not_a_resource_of_the_type_is_refused() {
    let server = Server::start().await;
    for (body, expected) in [
        ("", "400 structure: the body is empty"),
        (
            "{",
            "400 structure: the body cannot be parsed: not valid JSON at line 1",
        ),
        ("[]", "400 structure: the body must be one JSON object"),
        (
            "{}",
            "400 structure: the resource has no resourceType; write \"resourceType\": \"Patient\"",
        ),
        (
            r#"{"resourceType":"Group"}"#,
            "400 structure: the resource is of type Group, and the URL names Patient",
        ),
        (r#"{"resourceType":"Patient","nonsense":1}"#, "400 structure"),
        (
            r#"{"resourceType":"Patient","gender":"unknowable"}"#,
            "400 code-invalid",
        ),
        (
            r#"{"resourceType":"Patient","birthDate":"yesterday"}"#,
            "400 value",
        ),
        (
            r#"{"resourceType":"Patient","link":[{"type":"refer"}]}"#,
            "422 required",
        ),
    ] {
        server
            .send(&format!("POST /Patient\n\n{body}"))
            .await
            .refused(expected);
    }
    assert_eq!(server.database.query("SELECT count(*) FROM resource"), "0");
    assert_eq!(
        server
            .database
            .query("SELECT count(*) FROM access_record WHERE status IN (400, 422)"),
        "9"
    );
}

#[tokio::test]
async fn a_new_resource_has_an_id_of_the_servers_choice() {
    let server = Server::start().await;
    let answer = server
        .send("POST /Patient\n\n{\"resourceType\":\"Patient\",\"id\":\"mine\",\"meta\":{\"versionId\":\"7\",\"lastUpdated\":\"2000-01-01T00:00:00Z\",\"profile\":[\"http://p\"]},\"active\":true}")
        .await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let id = answer.at("id");
    assert_ne!(id, "mine");
    assert_eq!(
        answer.header("location"),
        format!("http://fhir.test/Patient/{id}/_history/1")
    );
    assert_eq!(answer.header("etag"), "W/\"1\"");
    assert!(answer.header("last-modified").ends_with(" GMT"));
    assert_eq!(answer.at("meta.versionId"), "1");
    assert_eq!(answer.at("meta.profile.0"), "http://p");
    assert!(answer.at("meta.lastUpdated").as_str() > "2026");
    assert_eq!(server.last_access(), "anonymous create Patient 1 201 0");
    assert_eq!(server.get(&format!("/Patient/{id}")).await.text, answer.text);
}

#[tokio::test]
async fn the_client_says_what_it_wants_back() {
    let server = Server::start().await;
    let body = "{\"resourceType\":\"Patient\"}";
    let minimal = server
        .send(&format!("POST /Patient\nPrefer: return=minimal\n\n{body}"))
        .await;
    assert_eq!((minimal.status.as_u16(), minimal.text.as_str()), (201, ""));
    assert!(minimal.header("location").contains("/Patient/"));
    let outcome = server
        .send(&format!(
            "POST /Patient\nPrefer: return=OperationOutcome\n\n{body}"
        ))
        .await;
    assert_eq!(outcome.at("resourceType"), "OperationOutcome");
    assert_eq!(outcome.at("issue.0.severity"), "information");
    let whole = server
        .send(&format!("POST /Patient\nPrefer: return=representation\n\n{body}"))
        .await;
    assert_eq!(whole.at("resourceType"), "Patient");
}

#[tokio::test]
async fn create_with_if_none_exist_makes_one_at_most() {
    let server = Server::start().await;
    let body = r#"{"resourceType":"Patient","identifier":[{"system":"http://s","value":"1"}]}"#;
    let create = |criteria: &'static str| {
        server.send_owned(format!("POST /Patient\nIf-None-Exist: {criteria}\n\n{body}"))
    };
    create("")
        .await
        .refused("412 required: If-None-Exist needs search parameters");
    create("_count=1").await.refused("412 required");
    create("nonsense=1").await.refused("400");

    let first = create("identifier=http://s|1").await;
    assert_eq!(first.status, 201);
    let second = create("identifier=http://s|1").await;
    assert_eq!(second.status, 200);
    assert_eq!(second.text, first.text);
    assert_eq!(second.header("location"), first.header("location"));
    assert_eq!(server.last_access(), "anonymous create Patient 1 200 1");

    server.create(body).await;
    create("identifier=http://s|1")
        .await
        .refused("412 multiple-matches");
}

#[tokio::test]
async fn conditional_creates_at_the_same_time_make_one() {
    let server = Server::start().await;
    let body = r#"{"resourceType":"Patient","identifier":[{"system":"http://s","value":"1"}]}"#;
    let request = format!("POST /Patient\nIf-None-Exist: identifier=http://s|1\n\n{body}");
    let answers = futures::future::join_all((0..16).map(|_| server.send(&request))).await;
    let created = answers.iter().filter(|answer| answer.status == 201).count();
    let found = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!((created, found), (1, 15));
    assert_eq!(server.database.query("SELECT count(*) FROM resource"), "1");
}

#[tokio::test]
async fn criteria_in_the_url_of_a_create_are_refused_with_the_way_to_say_it() {
    let server = Server::start().await;
    for query in ["name=x", "identifier=a|b&_format=json", "nonsense"] {
        let refused = server
            .send(&format!(
                "POST /Patient?{query}\n\n{{\"resourceType\":\"Patient\"}}"
            ))
            .await;
        refused.refused("400 invalid: the parameter ");
        let told = refused.at("issue.0.diagnostics");
        assert!(
            told.contains("If-None-Exist") && told.contains("[type]/_search"),
            "{told}"
        );
    }
    assert_eq!(server.get("/Patient").await.at("total"), "0");
    let created = server
        .send("POST /Patient?_format=json&_pretty=true\n\n{\"resourceType\":\"Patient\"}")
        .await;
    assert_eq!(created.status, 201);
    let in_bundle = server
        .send(
            r#"POST /

            {"resourceType":"Bundle","type":"transaction","entry":[
              {"request":{"method":"POST","url":"Patient?name=x"},"resource":{"resourceType":"Patient"}}
            ]}"#,
        )
        .await;
    in_bundle.refused("400 invalid: entry 0 (POST Patient?name=x): the parameter name");
}
