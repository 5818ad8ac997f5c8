//! <http://hl7.org/fhir/R4/http.html#patch>

use crate::fixture::{Response, Server};

async fn patch(server: &Server, path: &str, headers: &str, body: &str) -> Response {
    server
        .send(&format!(
            "PATCH {path}\nContent-Type: application/json-patch+json{headers}\n\n{body}"
        ))
        .await
}

const ACTIVE: &str = r#"[{"op":"replace","path":"/active","value":true}]"#;

#[tokio::test]
async fn what_cannot_be_patched_is_refused() {
    let server = Server::start().await;
    server
        .send("PUT /Patient/a\n\n{\"resourceType\":\"Patient\",\"id\":\"a\",\"active\":false}")
        .await;
    patch(&server, "/Patient/nobody", "", ACTIVE)
        .await
        .refused("404 not-found");
    patch(&server, "/Patient/a", "", "{")
        .await
        .refused("400 structure");
    patch(&server, "/Patient/a", "", "")
        .await
        .refused("400 structure: the body is empty");
    patch(&server, "/Patient/a", "", "{}")
        .await
        .refused("400 invalid: JSON Patch: must be an array");
    patch(&server, "/Patient/a", "", r#"[{"op":"x"}]"#)
        .await
        .refused("400 invalid: [0].op");
    patch(&server, "/Patient/a", "", r#"[{"op":"remove","path":"/name"}]"#)
        .await
        .refused("422 processing");
    patch(
        &server,
        "/Patient/a",
        "",
        r#"[{"op":"test","path":"/active","value":true}]"#,
    )
    .await
    .refused("422 processing");
    patch(
        &server,
        "/Patient/a",
        "",
        r#"[{"op":"add","path":"/nonsense","value":1}]"#,
    )
    .await
    .refused("400 structure");
    patch(
        &server,
        "/Patient/a",
        "",
        r#"[{"op":"replace","path":"/id","value":"b"}]"#,
    )
    .await
    .refused("400 invalid");
    patch(
        &server,
        "/Patient/a",
        "",
        r#"[{"op":"replace","path":"","value":1}]"#,
    )
    .await
    .refused("422 processing");
    patch(&server, "/Patient/a", "\nIf-Match: W/\"2\"", ACTIVE)
        .await
        .refused("412 conflict: Patient/a is now at version 1, not the one in If-Match");
    server
        .send(&format!("PATCH /Patient/a\n\n{ACTIVE}"))
        .await
        .refused("415 not-supported");
    assert_eq!(server.get("/Patient/a").await.at("meta.versionId"), "1");
}

#[tokio::test]
async fn a_patch_makes_a_new_version() {
    let server = Server::start().await;
    server
        .send("PUT /Patient/a\n\n{\"resourceType\":\"Patient\",\"id\":\"a\",\"active\":false}")
        .await;
    let answer = patch(&server, "/Patient/a", "\nIf-Match: W/\"1\"", ACTIVE).await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("etag"), answer.at("active")),
        (200, "W/\"2\"", "true".into())
    );
    assert_eq!(server.last_access(), "anonymous patch Patient 2 200 1");
    assert_eq!(server.get("/Patient?active=true").await.ids(), "a");
}

#[tokio::test]
async fn a_patch_by_criteria_needs_exactly_one_match() {
    let server = Server::start().await;
    for id in ["a", "b"] {
        let body = format!(r#"{{"resourceType":"Patient","id":"{id}","active":false}}"#);
        server.send(&format!("PUT /Patient/{id}\n\n{body}")).await;
    }
    patch(&server, "/Patient", "", ACTIVE)
        .await
        .refused("412 required");
    patch(&server, "/Patient?gender=male", "", ACTIVE)
        .await
        .refused("404 not-found");
    patch(&server, "/Patient?active=false", "", ACTIVE)
        .await
        .refused("412 multiple-matches");
    assert_eq!(patch(&server, "/Patient?_id=b", "", ACTIVE).await.at("id"), "b");
}

#[tokio::test]
async fn patches_at_the_same_time_are_all_applied() {
    let server = Server::start().await;
    server
        .send(
            "PUT /Patient/a\n\n{\"resourceType\":\"Patient\",\"id\":\"a\",\"name\":[]}"
                .replace(",\"name\":[]", "")
                .as_str(),
        )
        .await;
    let patches: Vec<String> = ["active", "deceasedBoolean", "multipleBirthBoolean"]
        .map(|name| format!(r#"[{{"op":"add","path":"/{name}","value":true}}]"#))
        .into();
    let answers =
        futures::future::join_all(patches.iter().map(|body| patch(&server, "/Patient/a", "", body))).await;
    assert!(answers.iter().all(|answer| answer.status == 200), "{answers:?}");
    let patient = server.get("/Patient/a").await;
    assert_eq!(patient.at("meta.versionId"), "4");
    assert!(
        ["active", "deceasedBoolean", "multipleBirthBoolean"]
            .iter()
            .all(|name| patient.at(name) == "true")
    );
}

async fn fhirpath_patch(server: &Server, path: &str, operation: &str) -> Response {
    server
        .send_owned(format!(
            r#"PATCH {path}

{{"resourceType":"Parameters","parameter":[{{"name":"operation","part":[{operation}]}}]}}"#
        ))
        .await
}

#[tokio::test]
async fn a_fhirpath_patch_changes_what_its_path_selects() {
    let server = Server::start().await;
    server
        .send("PUT /Patient/a\n\n{\"resourceType\":\"Patient\",\"id\":\"a\",\"birthDate\":\"1920\"}")
        .await;
    let replace = r#"{"name":"type","valueCode":"replace"},{"name":"path","valueString":"Patient.birthDate"},
        {"name":"value","valueDate":"1930-01-01"}"#;
    let patched = fhirpath_patch(&server, "/Patient/a", replace).await;
    assert_eq!(
        (
            patched.status.as_u16(),
            patched.at("birthDate").as_str(),
            patched.header("etag")
        ),
        (200, "1930-01-01", "W/\"2\"")
    );
    let wrong = replace.replace("1930-01-01", "yesterday");
    fhirpath_patch(&server, "/Patient/a", &wrong)
        .await
        .refused("400 value");
    let nothing = replace.replace("birthDate", "maritalStatus");
    fhirpath_patch(&server, "/Patient/a", &nothing)
        .await
        .refused("422 processing: the patch cannot be applied: operation 0 at \"Patient.maritalStatus\": the path selects 0 elements");
    fhirpath_patch(&server, "/Patient/a", "")
        .await
        .refused("400 invalid: Parameters.parameter[0].part.where(name='type')");
    server
        .send("PATCH /Patient/a\n\n{\"resourceType\":\"Patient\",\"id\":\"a\"}")
        .await
        .refused("400 invalid: resourceType: a patch is Parameters");
    assert_eq!(server.get("/Patient/a").await.at("meta.versionId"), "2");
}

#[tokio::test]
async fn a_fhirpath_patch_may_be_an_entry_of_a_transaction() {
    let server = Server::start().await;
    let id = server.create(r#"{"resourceType":"Patient","active":true}"#).await;
    let answer = server
        .send_owned(format!(
            r#"POST /

{{"resourceType":"Bundle","type":"transaction","entry":[{{"request":{{"method":"PATCH","url":"Patient/{id}"}},"resource":
{{"resourceType":"Parameters","parameter":[{{"name":"operation","part":[{{"name":"type","valueCode":"delete"}},
{{"name":"path","valueString":"Patient.active"}}]}}]}}}}]}}"#
        ))
        .await;
    assert_eq!(answer.at("entry.0.response.status"), "200 OK", "{}", answer.text);
    assert_eq!(server.get(&format!("/Patient/{id}")).await.at("active"), "");
}

#[tokio::test]
async fn no_patch_is_refused_for_a_version_that_it_does_not_name() {
    let server = Server::start().await;
    server
        .send("PUT /Patient/a\n\n{\"resourceType\":\"Patient\",\"id\":\"a\",\"identifier\":[{\"value\":\"0\"}]}")
        .await;
    let add = |number: usize| {
        let body = format!(r#"[{{"op":"add","path":"/identifier/-","value":{{"value":"{number}"}}}}]"#);
        let server = &server;
        async move {
            match number % 3 {
                0 => patch(server, "/Patient/a", "", &body).await,
                1 => patch(server, "/Patient/a", "\nIf-Match: *", &body).await,
                _ => {
                    // The same as an entry of a transaction.
                    let operation = format!(
                        r#"{{"name":"type","valueCode":"add"}},{{"name":"path","valueString":"Patient"}},
                        {{"name":"name","valueString":"identifier"}},{{"name":"value","valueIdentifier":{{"value":"{number}"}}}}"#
                    );
                    let url = if number.is_multiple_of(2) {
                        "Patient/a"
                    } else {
                        "Patient?_id=a"
                    };
                    server
                        .send_owned(format!(
                            r#"POST /

{{"resourceType":"Bundle","type":"transaction","entry":[{{"request":{{"method":"PATCH","url":"{url}"}},"resource":
{{"resourceType":"Parameters","parameter":[{{"name":"operation","part":[{operation}]}}]}}}}]}}"#
                        ))
                        .await
                }
            }
        }
    };
    let answers = futures::future::join_all((1..=60).map(add)).await;
    assert!(answers.iter().all(|answer| answer.status == 200), "{answers:?}");
    let patient = server.get("/Patient/a").await;
    assert_eq!(patient.at("meta.versionId"), "61");
    let identifiers = patient.json();
    let identifiers = identifiers.get("identifier").unwrap();
    assert_eq!(identifiers.as_array().unwrap().len(), 61);
}
