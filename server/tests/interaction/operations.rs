//! The operations `$validate` and `$everything`. <http://hl7.org/fhir/R4/operationslist.html>

use crate::fixture::Server;

const VALID: &str = r#"{"resourceType":"Patient","gender":"male"}"#;
const INVALID: &str = r#"{"resourceType":"Patient","gender":"man"}"#;

#[tokio::test]
async fn validate_says_what_is_wrong_and_stores_nothing() {
    let server = Server::start().await;
    let valid = server.send(&format!("POST /Patient/$validate\n\n{VALID}")).await;
    assert_eq!(
        (valid.status.as_u16(), valid.at("issue.0.severity").as_str()),
        (200, "information")
    );
    let invalid = server
        .send(&format!("POST /Patient/$validate\n\n{INVALID}"))
        .await;
    assert_eq!(
        (
            invalid.status.as_u16(),
            invalid.at("issue.0.expression.0").as_str()
        ),
        (200, "Patient.gender")
    );
    let wrapped = format!(
        r#"{{"resourceType":"Parameters","parameter":[{{"name":"mode","valueCode":"create"}},
           {{"name":"profile","valueUri":"http://other"}},{{"name":"resource","resource":{VALID}}}]}}"#
    );
    let answer = server
        .send(&format!("POST /Patient/$validate\n\n{wrapped}"))
        .await;
    assert_eq!(answer.at("issue.0.severity"), "warning", "{}", answer.text);
    assert_eq!(server.get("/Patient").await.at("total"), "0");
    assert_eq!(server.last_access(), "anonymous search-type Patient 200 0");
}

#[tokio::test]
async fn validate_needs_a_resource_of_the_type() {
    let server = Server::start().await;
    let id = server.create(VALID).await;
    let stored = server.get(&format!("/Patient/{id}/$validate")).await;
    assert_eq!(stored.at("issue.0.severity"), "information", "{}", stored.text);
    let other = server
        .send_owned(format!("POST /Patient/{id}/$validate?mode=update\n\n{VALID}"))
        .await;
    assert_eq!(other.at("issue.0.expression.0"), "Patient.id", "{}", other.text);
    server
        .send("POST /Patient/$validate")
        .await
        .refused("400 structure: the body is empty");
    server
        .send(&format!("POST /Observation/$validate\n\n{VALID}"))
        .await
        .refused("400 structure: the resource is of type Patient");
    server
        .send(&format!("POST /Patient/$validate?mode=x\n\n{VALID}"))
        .await
        .refused("400 invalid: the parameter mode");
    server
        .get("/Patient/nobody/$validate")
        .await
        .refused("404 not-found");
}

#[tokio::test]
async fn everything_of_a_patient_comes_page_by_page() {
    let server = Server::start().await;
    for (path, members) in [
        ("Organization/o", r#""name":"O""#),
        (
            "Patient/a",
            r#""managingOrganization":{"reference":"Organization/o"}"#,
        ),
        ("Patient/b", r#""active":true"#),
        ("Condition/a1", r#""subject":{"reference":"Patient/a"}"#),
        ("Condition/b1", r#""subject":{"reference":"Patient/b"}"#),
    ] {
        let (resource_type, id) = path.split_once('/').unwrap();
        let body = format!(r#"{{"resourceType":"{resource_type}","id":"{id}",{members}}}"#);
        server.send_owned(format!("PUT /{path}\n\n{body}")).await;
    }
    let mut ids: Vec<String> = Vec::new();
    let mut url = "/Patient/a/$everything?_count=1".to_owned();
    loop {
        let page = server.get(&url).await;
        assert_eq!(page.status, 200, "{}", page.text);
        ids.extend(page.ids().split(',').map(str::to_owned));
        let links = page.json();
        let links = links.get("link").unwrap().as_array().unwrap();
        let next = links
            .iter()
            .find(|link| link.get("relation").unwrap().as_str() == Some("next"));
        let Some(next) = next else { break };
        let next = next.get("url").unwrap().as_str().unwrap();
        url = next.strip_prefix("http://fhir.test").unwrap().to_owned();
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids, ["a", "a1", "o"]);
    let conditions = server.get("/Patient/a/$everything?_type=Condition").await;
    assert!(conditions.ids().starts_with("a1"), "{}", conditions.text);
    let posted = r#"POST /Patient/a/$everything

        {"resourceType":"Parameters","parameter":[{"name":"_type","valueCode":"Condition"}]}"#;
    assert_eq!(server.send(posted).await.ids(), conditions.ids());
    let all = server.send("POST /Patient/a/$everything").await;
    assert_eq!(all.ids(), server.get("/Patient/a/$everything").await.ids());
    server
        .send("POST /Patient/a/$everything\n\n{\"resourceType\":\"Patient\"}")
        .await
        .refused("400 structure");
    server
        .get("/Patient/a/$everything?_since=x")
        .await
        .refused("400 invalid: the parameter _since");
    let future = server.get("/Patient/a/$everything?_since=2999-01-01").await;
    assert_eq!(future.at("total"), "0");
    server
        .get("/Patient/nobody/$everything")
        .await
        .refused("404 not-found");
    server
        .send(r#"POST /

        {"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"GET","url":"Patient/a/$everything"}}]}"#)
        .await
        .refused("400");
}
