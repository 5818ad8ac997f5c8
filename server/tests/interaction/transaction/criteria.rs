//! Full URLs of entries in the criteria of others, and placeholders that name nothing.

use super::post;
use crate::fixture::{Response, Server};

const PATIENT: &str = r#"{"resourceType":"Patient","identifier":[{"system":"http://s","value":"1"}]}"#;

/// An Observation of the code `code`, of the entry or resource `subject`.
fn observation(code: &str, subject: &str) -> String {
    format!(
        r#"{{"resourceType":"Observation","status":"final","code":{{"coding":[{{"code":"{code}"}}]}},"subject":{{"reference":"{subject}"}}}}"#
    )
}

fn statuses(answer: &Response) -> String {
    let entries = answer.json();
    let entries = entries
        .get("entry")
        .and_then(|entries| entries.as_array())
        .unwrap_or_default();
    let statuses: Vec<String> = (0..entries.len())
        .map(|index| answer.at(&format!("entry.{index}.response.status")))
        .collect();
    statuses.join(", ")
}

#[tokio::test]
async fn criteria_name_entries_by_their_full_urls() {
    let server = Server::start().await;
    let observation = observation("c", "urn:uuid:p");
    // The entries that name another come before it.
    let entries = format!(
        r#"{{"fullUrl":"urn:uuid:o","request":{{"method":"POST","url":"Observation","ifNoneExist":"code=c&subject=urn:uuid:p"}},"resource":{observation}}},
        {{"request":{{"method":"PUT","url":"DiagnosticReport?result=urn:uuid:o"}},
          "resource":{{"resourceType":"DiagnosticReport","status":"final","code":{{"text":"r"}},"result":[{{"reference":"urn:uuid:o"}}]}}}},
        {{"fullUrl":"urn:uuid:p","request":{{"method":"POST","url":"Patient","ifNoneExist":"identifier=http://s|1"}},"resource":{PATIENT}}},
        {{"request":{{"method":"GET","url":"Observation?subject=urn:uuid:p"}}}},
        {{"request":{{"method":"GET","url":"DiagnosticReport?result:Observation=urn:uuid:o&_summary=count"}}}}"#
    );
    let first = post(&server, &entries).await;
    assert_eq!(
        statuses(&first),
        "201 Created, 201 Created, 201 Created, 200 OK, 200 OK",
        "{}",
        first.text
    );
    assert_eq!(first.at("entry.3.resource.total"), "1");
    assert_eq!(first.at("entry.4.resource.total"), "1");
    let again = post(&server, &entries).await;
    assert_eq!(
        statuses(&again),
        "200 OK, 200 OK, 200 OK, 200 OK, 200 OK",
        "{}",
        again.text
    );
    assert_eq!(again.at("entry.1.response.etag"), "W/\"2\"");
    for name in ["Patient", "Observation", "DiagnosticReport"] {
        let found = server.get(&format!("/{name}?_summary=count")).await;
        assert_eq!(found.at("total"), "1", "{name}");
    }
}

#[tokio::test]
async fn transactions_whose_criteria_name_entries_take_turns() {
    let server = Server::start().await;
    server
        .send("PUT /Patient/p\n\n{\"resourceType\":\"Patient\",\"id\":\"p\"}")
        .await;
    let observation = observation("c", "urn:uuid:p");
    let entries = format!(
        r#"{{"fullUrl":"urn:uuid:p","request":{{"method":"PUT","url":"Patient/p"}},"resource":{{"resourceType":"Patient","id":"p"}}}},
        {{"request":{{"method":"POST","url":"Observation","ifNoneExist":"subject=urn:uuid:p"}},"resource":{observation}}}"#
    );
    let answers = futures::future::join_all((0..10).map(|_| post(&server, &entries))).await;
    assert!(answers.iter().all(|answer| answer.status == 200), "{answers:?}");
    let found = server.get("/Observation?subject=Patient/p&_summary=count").await;
    assert_eq!(found.at("total"), "1");
}

#[tokio::test]
async fn conditional_references_name_entries_too() {
    let server = Server::start().await;
    let observation = observation("c", "urn:uuid:p");
    let answer = post(
        &server,
        &format!(
            r#"{{"fullUrl":"urn:uuid:p","request":{{"method":"POST","url":"Patient"}},"resource":{PATIENT}}},
            {{"request":{{"method":"POST","url":"Observation"}},"resource":{observation}}},
            {{"request":{{"method":"POST","url":"DiagnosticReport"}},
              "resource":{{"resourceType":"DiagnosticReport","status":"final","code":{{"text":"r"}},"result":[{{"reference":"Observation?subject=urn:uuid:p"}}]}}}}"#
        ),
    )
    .await;
    assert_eq!(
        statuses(&answer),
        "201 Created, 201 Created, 201 Created",
        "{}",
        answer.text
    );
    let report = server.get("/DiagnosticReport").await;
    let found = server
        .get(&format!("/{}", report.at("entry.0.resource.result.0.reference")))
        .await;
    assert_eq!(found.at("resourceType"), "Observation", "{}", found.text);
}

#[tokio::test]
async fn a_placeholder_that_names_nothing_is_refused_with_its_entry() {
    let server = Server::start().await;
    let patient = format!(
        r#"{{"fullUrl":"urn:uuid:p","request":{{"method":"POST","url":"Patient"}},"resource":{PATIENT}}}"#
    );
    let fine = observation("c", "urn:uuid:p");
    for (entry, place) in [
        (
            format!(
                r#"{{"request":{{"method":"POST","url":"Observation","ifNoneExist":"subject=urn:uuid:nobody"}},"resource":{fine}}}"#
            ),
            "Bundle.entry[1].request.ifNoneExist",
        ),
        (
            format!(
                r#"{{"request":{{"method":"PUT","url":"Observation?subject=urn:uuid:nobody"}},"resource":{fine}}}"#
            ),
            "Bundle.entry[1].request.url",
        ),
        (
            r#"{"request":{"method":"DELETE","url":"Observation?subject=urn:uuid:nobody"}}"#.to_owned(),
            "Bundle.entry[1].request.url",
        ),
        (
            r#"{"request":{"method":"GET","url":"Observation?subject=urn:uuid:nobody"}}"#.to_owned(),
            "Bundle.entry[1].request.url",
        ),
    ] {
        let answer = post(&server, &format!("{patient},{entry}")).await;
        answer.refused("400 invalid: entry 1 (");
        assert!(
            answer
                .at("issue.0.diagnostics")
                .contains("\"urn:uuid:nobody\" is the fullUrl of no entry")
        );
        assert_eq!(answer.at("issue.0.expression.0"), place, "{}", answer.text);
    }
    // What is deleted is nothing to be compared with.
    let deleted = format!(
        r#"{{"fullUrl":"urn:uuid:d","request":{{"method":"DELETE","url":"Patient/x"}}}},
        {{"request":{{"method":"PUT","url":"Observation?subject=urn:uuid:d"}},"resource":{fine}}}"#
    );
    post(&server, &deleted)
        .await
        .refused("400 invalid: entry 1 (PUT Observation?subject=urn:uuid:d)");
    assert_eq!(super::stored(&server), "0");
}

#[tokio::test]
async fn what_no_reference_is_compared_with_stays_what_it_is() {
    let server = Server::start().await;
    let uuid = "urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a";
    let patient = format!(
        r#"{{"resourceType":"Patient","identifier":[{{"system":"urn:ietf:rfc:3986","value":"{uuid}"}}]}}"#
    );
    let entry = format!(
        r#"{{"request":{{"method":"POST","url":"Patient","ifNoneExist":"identifier=urn:ietf:rfc:3986|{uuid}"}},"resource":{patient}}}"#
    );
    assert_eq!(statuses(&post(&server, &entry).await), "201 Created");
    assert_eq!(statuses(&post(&server, &entry).await), "200 OK");
}

#[tokio::test]
async fn criteria_in_a_circle_and_of_deletes_are_refused() {
    let server = Server::start().await;
    let circle = format!(
        r#"{{"fullUrl":"urn:uuid:a","request":{{"method":"POST","url":"Observation","ifNoneExist":"has-member=urn:uuid:b"}},"resource":{0}}},
        {{"fullUrl":"urn:uuid:b","request":{{"method":"POST","url":"Observation","ifNoneExist":"has-member=urn:uuid:a"}},"resource":{0}}}"#,
        observation("c", "Patient/1")
    );
    post(&server, &circle).await.refused(
        "400 invalid: entry 0 (POST Observation): Bundle.entry[0].request: its criteria name an entry",
    );
    let deleted = format!(
        r#"{{"fullUrl":"urn:uuid:p","request":{{"method":"POST","url":"Patient"}},"resource":{PATIENT}}},
        {{"request":{{"method":"DELETE","url":"Observation?subject=urn:uuid:p"}}}}"#
    );
    post(&server, &deleted)
        .await
        .refused("400 invalid: entry 1 (DELETE Observation?subject=urn:uuid:p): Bundle.entry[1].request.url: deletes come first");
    assert_eq!(super::stored(&server), "0");
}
