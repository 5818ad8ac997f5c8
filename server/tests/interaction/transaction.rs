//! <http://hl7.org/fhir/R4/http.html#trules>

mod criteria;
mod reads;
mod references;

use crate::fixture::{Response, Server};

/// Posts a transaction with these entries.
async fn post(server: &Server, entries: &str) -> Response {
    let bundle = format!(r#"{{"resourceType":"Bundle","type":"transaction","entry":[{entries}]}}"#);
    server.send(&format!("POST /\n\n{bundle}")).await
}

fn stored(server: &Server) -> String {
    server
        .database
        .query("SELECT count(*) FROM resource WHERE method <> 4")
}

const PATIENT: &str = r#"{"fullUrl":"urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a","request":{"method":"POST","url":"Patient"},"resource":{"resourceType":"Patient","active":true}}"#;

#[tokio::test]
async fn one_bad_entry_undoes_all_and_is_named() {
    let server = Server::start().await;
    for (entry, expected) in [
        (
            r#"{"request":{"method":"GET","url":"Patient/nobody"}}"#,
            "400 not-found: entry 1 (GET Patient/nobody): Patient/nobody does not exist",
        ),
        (
            r#"{"request":{"method":"POST","url":"Patient"},"resource":{"resourceType":"Patient","x":1}}"#,
            "400 structure: entry 1 (POST Patient): ",
        ),
        (
            r#"{"request":{"method":"POST","url":"Patient"},"resource":{"resourceType":"Patient","link":[{"type":"refer"}]}}"#,
            "422 required: entry 1 (POST Patient): ",
        ),
        (
            r#"{"request":{"method":"POST","url":"Patient"},"resource":{"resourceType":"Group"}}"#,
            "400 structure: entry 1 (POST Patient): the resource is of type Group",
        ),
        (
            r#"{"request":{"method":"POST","url":"Patient"}}"#,
            "400 invalid: entry 1 (request): Bundle.entry[1].resource: is missing",
        ),
        (
            r#"{"request":{"method":"POST","url":"Nothing"},"resource":{"resourceType":"Patient"}}"#,
            "400 not-supported: entry 1",
        ),
        (
            r#"{"request":{"method":"PUT","url":"Patient/a"},"resource":{"resourceType":"Patient","id":"b"}}"#,
            "400 invalid: entry 1 (PUT Patient/a): Patient.id",
        ),
        (
            r#"{"request":{"method":"PUT","url":"Patient/a","ifMatch":"W/\"4\""},"resource":{"resourceType":"Patient","id":"a"}}"#,
            "412 conflict: entry 1 (PUT Patient/a): Patient/a does not exist, so If-Match cannot hold",
        ),
        (
            r#"{"request":{"method":"PUT","url":"Patient/a","ifMatch":"4x"},"resource":{"resourceType":"Patient","id":"a"}}"#,
            "400 invalid: entry 1",
        ),
        (
            r#"{"request":{"method":"DELETE","url":"Patient/a","ifMatch":"W/\"1\""}}"#,
            "412 conflict: entry 1 (DELETE Patient/a)",
        ),
        (
            r#"{"request":{"method":"GET","url":"Patient?birthdate=x"}}"#,
            "400 invalid: entry 1",
        ),
        (
            r#"{"request":{"method":"POST","url":"Patient","ifNoneExist":"nonsense=1"},"resource":{"resourceType":"Patient"}}"#,
            "400 invalid: entry 1",
        ),
        (
            r#"{"request":{"method":"POST","url":"Basic"},"resource":{"resourceType":"Basic","code":{"text":"x"},"subject":{"reference":"Patient?identifier=none"}}}"#,
            "400 not-found: entry 1 (POST Basic): the criteria \"Patient?identifier=none\" match no resource",
        ),
        (
            r#"{"fullUrl":"urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a","request":{"method":"POST","url":"Patient"},"resource":{"resourceType":"Patient"}}"#,
            "400 invalid: Bundle.entry[1].fullUrl",
        ),
        (
            r#"{"request":{"method":"DELETE","url":"Patient/a"}},{"request":{"method":"PUT","url":"Patient/a"},"resource":{"resourceType":"Patient","id":"a"}}"#,
            "400 invalid: Bundle.entry[2].request.url: Patient/a is also changed by entry 1",
        ),
    ] {
        let answer = post(&server, &format!("{PATIENT},{entry}")).await;
        answer.refused(expected);
        assert!(
            answer.at("issue.0.expression.0").starts_with("Bundle.entry["),
            "{}",
            answer.text
        );
        assert_eq!(stored(&server), "0", "{entry}");
    }
    assert_eq!(
        server
            .database
            .query("SELECT count(*) FROM access_record WHERE interaction = 'transaction' AND status >= 400"),
        "15"
    );
}

#[tokio::test]
async fn answers_are_in_the_order_of_the_entries_whatever_is_done_first() {
    let server = Server::start().await;
    server
        .send("PUT /Patient/old\n\n{\"resourceType\":\"Patient\",\"id\":\"old\",\"gender\":\"male\"}")
        .await;
    let answer = post(
        &server,
        &format!(
            r#"{{"request":{{"method":"GET","url":"Patient?active=true"}}}},
               {{"request":{{"method":"PUT","url":"Patient/new"}},"resource":{{"resourceType":"Patient","id":"new"}}}},
               {PATIENT},
               {{"request":{{"method":"GET","url":"Patient/new"}}}},
               {{"request":{{"method":"DELETE","url":"Patient?gender=male"}}}},
               {{"request":{{"method":"DELETE","url":"Patient/never"}}}}"#
        ),
    )
    .await;
    assert_eq!(
        (answer.status.as_u16(), answer.at("type")),
        (200, "transaction-response".into()),
        "{}",
        answer.text
    );
    let statuses: Vec<String> = (0..6)
        .map(|index| answer.at(&format!("entry.{index}.response.status")))
        .collect();
    assert_eq!(
        statuses,
        [
            "200 OK",
            "201 Created",
            "201 Created",
            "200 OK",
            "204 No Content",
            "204 No Content"
        ]
    );
    assert_eq!(answer.at("entry.0.resource.total"), "1");
    assert_eq!(answer.at("entry.1.response.location"), "Patient/new/_history/1");
    assert_eq!(answer.at("entry.1.response.etag"), "W/\"1\"");
    assert!(answer.at("entry.1.response.lastModified").ends_with('Z'));
    assert_eq!(answer.at("entry.3.resource.id"), "new");
    assert_eq!(answer.at("entry.4.response.etag"), "W/\"2\"");
    server.get("/Patient/old").await.refused("410 deleted");
    let recorded = server.database.query(
        "SELECT string_agg(interaction || status, ',' ORDER BY interaction, status) FROM access_record",
    );
    assert_eq!(
        recorded,
        "create201,delete204,delete204,read200,read410,search-type200,transaction200,update201,update201"
    );
}

#[tokio::test]
async fn conditional_entries_are_decided_within_the_transaction() {
    let server = Server::start().await;
    let person = |value: &str| {
        format!(r#"{{"resourceType":"Patient","identifier":[{{"system":"http://s","value":"{value}"}}]}}"#)
    };
    let (one, two) = (person("1"), person("2"));
    let id = server.create(&one).await;
    let entries = format!(
        r#"{{"fullUrl":"urn:uuid:1","request":{{"method":"POST","url":"Patient","ifNoneExist":"identifier=http://s|1"}},"resource":{one}}},
           {{"fullUrl":"urn:uuid:2","request":{{"method":"POST","url":"Patient","ifNoneExist":"identifier=http://s|2"}},"resource":{two}}},
           {{"fullUrl":"urn:uuid:3","request":{{"method":"POST","url":"Patient","ifNoneExist":"identifier=http://s|2"}},"resource":{two}}},
           {{"request":{{"method":"PUT","url":"Basic?code=x"}},"resource":{{"resourceType":"Basic","code":{{"coding":[{{"code":"x"}}]}},"subject":{{"reference":"urn:uuid:3"}}}}}},
           {{"request":{{"method":"POST","url":"Basic"}},"resource":{{"resourceType":"Basic","code":{{"coding":[{{"code":"y"}}]}},"subject":{{"reference":"urn:uuid:1"}}}}}}"#
    );
    let answer = post(&server, &entries).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let statuses: Vec<String> = (0..5)
        .map(|index| answer.at(&format!("entry.{index}.response.status")))
        .collect();
    assert_eq!(
        statuses,
        ["200 OK", "201 Created", "200 OK", "201 Created", "201 Created"]
    );
    assert_eq!(
        answer.at("entry.0.response.location"),
        format!("Patient/{id}/_history/1")
    );
    assert_eq!(
        answer.at("entry.1.response.location"),
        answer.at("entry.2.response.location")
    );
    assert_eq!(server.get("/Patient").await.at("total"), "2");
    assert_eq!(
        server
            .get(&format!("/Basic?code=y&subject=Patient/{id}"))
            .await
            .at("total"),
        "1"
    );
    // The same again changes the one that the conditional update meets.
    let again = post(&server, &entries).await;
    assert_eq!(
        (
            again.at("entry.1.response.status"),
            again.at("entry.3.response.status")
        ),
        ("200 OK".into(), "200 OK".into())
    );
    assert_eq!(again.at("entry.3.response.etag"), "W/\"2\"");
}

#[tokio::test]
async fn transactions_with_the_same_criteria_at_the_same_time_make_one_resource() {
    let server = Server::start().await;
    let entry = r#"{"request":{"method":"POST","url":"Patient","ifNoneExist":"identifier=http://s|1"},"resource":{"resourceType":"Patient","identifier":[{"system":"http://s","value":"1"}]}},{"request":{"method":"POST","url":"Basic"},"resource":{"resourceType":"Basic","code":{"text":"x"}}}"#;
    let answers = futures::future::join_all((0..12).map(|_| post(&server, entry))).await;
    assert!(answers.iter().all(|answer| answer.status == 200), "{answers:?}");
    assert_eq!(server.get("/Patient?_summary=count").await.at("total"), "1");
    assert_eq!(server.get("/Basic?_summary=count").await.at("total"), "12");
}

#[tokio::test]
async fn a_patch_in_a_transaction_is_a_binary() {
    let server = Server::start().await;
    server
        .send("PUT /Patient/a\n\n{\"resourceType\":\"Patient\",\"id\":\"a\"}")
        .await;
    // [{"op":"add","path":"/active","value":true}]
    let data = "W3sib3AiOiJhZGQiLCJwYXRoIjoiL2FjdGl2ZSIsInZhbHVlIjp0cnVlfV0=";
    let patch = format!(
        r#"{{"request":{{"method":"PATCH","url":"Patient/a"}},"resource":{{"resourceType":"Binary","contentType":"application/json-patch+json","data":"{data}"}}}}"#
    );
    let answer = post(&server, &patch).await;
    assert_eq!(
        (answer.status.as_u16(), answer.at("entry.0.response.etag")),
        (200, "W/\"2\"".into()),
        "{}",
        answer.text
    );
    assert_eq!(server.get("/Patient/a").await.at("active"), "true");
}

#[tokio::test]
async fn the_client_says_what_it_wants_back() {
    let server = Server::start().await;
    let bundle = format!(r#"{{"resourceType":"Bundle","type":"transaction","entry":[{PATIENT}]}}"#);
    let whole = server
        .send(&format!("POST /\nPrefer: return=representation\n\n{bundle}"))
        .await;
    assert_eq!(whole.at("entry.0.resource.active"), "true");
    let minimal = server.send(&format!("POST /\n\n{bundle}")).await;
    assert_eq!(minimal.at("entry.0.resource"), "");
    let empty = server
        .send("POST /\n\n{\"resourceType\":\"Bundle\",\"type\":\"transaction\"}")
        .await;
    assert_eq!(
        (empty.status.as_u16(), empty.at("type")),
        (200, "transaction-response".into())
    );
}

#[tokio::test]
async fn a_large_transaction_goes_in_whole() {
    let server = Server::start().await;
    let mut entries = vec![PATIENT.to_owned()];
    for number in 0..500 {
        entries.push(format!(
            r#"{{"fullUrl":"urn:uuid:o{number}","request":{{"method":"POST","url":"Observation"}},"resource":{{"resourceType":"Observation","status":"final","code":{{"text":"{}"}},"valueInteger":{number},"subject":{{"reference":"urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a"}}}}}}"#,
            "x".repeat(600)
        ));
    }
    let answer = post(&server, &entries.join(",")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let location = answer.at("entry.0.response.location");
    let patient = location.split("/_history").next().unwrap();
    assert_eq!(
        server
            .get(&format!("/Observation?subject={patient}&_summary=count"))
            .await
            .at("total"),
        "500"
    );
    let last = server
        .get(&format!("/{}", answer.at("entry.500.response.location")))
        .await;
    assert_eq!(last.at("valueInteger"), "499");
}

#[tokio::test]
async fn criteria_that_meet_nothing_make_one_resource_at_most() {
    let server = Server::start().await;
    let resource = r#"{"resourceType":"Patient","identifier":[{"system":"http://s","value":"w"}]}"#;
    let named = resource.replace("\"identifier\"", "\"id\":\"mine\",\"identifier\"");
    let put = |resource: &str| {
        format!(
            r#"{{"request":{{"method":"PUT","url":"Patient?identifier=http://s|w"}},"resource":{resource}}}"#
        )
    };
    let post_unless = format!(
        r#"{{"request":{{"method":"POST","url":"Patient","ifNoneExist":"identifier=http://s|w"}},"resource":{resource}}}"#
    );
    for entries in [
        [put(resource), put(resource)],
        [put(&named), put(resource)],
        [post_unless.clone(), put(resource)],
        [put(resource), post_unless.clone()],
    ] {
        let entries = entries.join(",");
        post(&server, &entries).await.refused(
            "400 invalid: Bundle.entry[1].request.url: the resource matching Patient?identifier=http://s%7Cw is also changed by entry 0",
        );
        assert_eq!(stored(&server), "0", "{entries}");
    }
    let answer = post(&server, &put(resource)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    // Now that they meet one resource, the create finds it.
    let answer = post(&server, &[post_unless, put(resource)].join(",")).await;
    assert_eq!(
        (
            answer.at("entry.0.response.status"),
            answer.at("entry.1.response.etag")
        ),
        ("200 OK".into(), "W/\"2\"".into()),
        "{}",
        answer.text
    );
    assert_eq!(stored(&server), "1");
}
