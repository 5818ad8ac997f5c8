//! <http://hl7.org/fhir/R4/http.html#transaction>, entries that stand alone

use crate::fixture::Server;

#[tokio::test]
async fn what_is_no_batch_is_refused() {
    let server = Server::start().await;
    let post = |body: &'static str| server.send_owned(format!("POST /\n\n{body}"));
    post(r#"{"resourceType":"Patient"}"#)
        .await
        .refused("400 structure: the resource is of type Patient");
    post(r#"{"resourceType":"Bundle"}"#)
        .await
        .refused("400 invalid: Bundle.type: the type is missing");
    post(r#"{"resourceType":"Bundle","type":"collection"}"#)
        .await
        .refused("400 invalid: Bundle.type");
    post(r#"{"resourceType":"Bundle","type":"batch","entry":{}}"#)
        .await
        .refused("400 structure: \"entry\" repeats");
    post(r#"{"resourceType":"Bundle","type":"batch","nonsense":1}"#)
        .await
        .refused("400 structure");
    let entry = post(r#"{"resourceType":"Bundle","type":"batch","entry":[{"nonsense":1,"request":{"method":"GET","url":"Patient"}}]}"#).await;
    entry.refused("400 structure");
    assert_eq!(entry.at("issue.0.expression.0"), "Bundle.entry[0].nonsense");
    for kind in ["batch", "transaction"] {
        for (members, expected) in [
            (r#""timestamp":"x""#, "400 value"),
            (r#""total":1"#, "422 invariant: bdl-1"),
            (
                r#""entry":[{"fullUrl":"not a url","request":{"method":"GET","url":"Patient"}}]"#,
                "400 value",
            ),
            (
                r#""entry":[{"search":{"mode":"match"},"request":{"method":"GET","url":"Patient"}}]"#,
                "422 invariant: bdl-2",
            ),
        ] {
            let body = format!(r#"{{"resourceType":"Bundle","type":"{kind}",{members}}}"#);
            server
                .send_owned(format!("POST /\n\n{body}"))
                .await
                .refused(expected);
        }
    }
    let empty = post(r#"{"resourceType":"Bundle","type":"batch"}"#).await;
    assert_eq!(
        (empty.status.as_u16(), empty.at("type"), empty.at("entry")),
        (200, "batch-response".into(), String::new())
    );
}

#[tokio::test]
async fn each_entry_is_answered_by_itself_and_in_its_place() {
    let server = Server::start().await;
    let answer = server
        .send(
            r#"POST /

            {"resourceType":"Bundle","type":"batch","entry":[
              {"request":{"method":"GET","url":"Patient/a"}},
              {"request":{"method":"GET","url":"Patient/nobody"}},
              {"request":{"method":"PUT","url":"Patient/a"},"resource":{"resourceType":"Patient","id":"a","active":true}},
              {"request":{"method":"POST","url":"Patient"},"resource":{"resourceType":"Patient","nonsense":1}},
              {"request":{"method":"FETCH","url":"Patient"}},
              {"fullUrl":"urn:uuid:1","request":{"method":"POST","url":"Patient","ifNoneExist":"_id=a"},"resource":{"resourceType":"Patient"}},
              {"request":{"method":"DELETE","url":"Patient/zzz"}},
              {"request":{"method":"GET","url":"Patient?active=true"}},
              {"request":{"method":"GET","url":"Patient/a","ifNoneMatch":"W/\"1\""}},
              {"request":{"method":"PUT","url":"Patient/a","ifMatch":"W/\"9\""},"resource":{"resourceType":"Patient","id":"a"}}
            ]}"#,
        )
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let statuses: Vec<String> = (0..10)
        .map(|index| answer.at(&format!("entry.{index}.response.status")))
        .collect();
    assert_eq!(
        statuses,
        [
            "200 OK",
            "404 Not Found",
            "201 Created",
            "400 Bad Request",
            "400 Bad Request",
            "201 Created",
            "204 No Content",
            "200 OK",
            "304 Not Modified",
            "412 Precondition Failed"
        ],
        "{}",
        answer.text
    );
    assert_eq!(answer.at("entry.0.resource.active"), "true");
    assert_eq!(answer.at("entry.1.response.outcome.issue.0.code"), "not-found");
    assert_eq!(answer.at("entry.2.response.location"), "Patient/a/_history/1");
    assert_eq!(answer.at("entry.2.response.etag"), "W/\"1\"");
    assert_eq!(answer.at("entry.2.resource"), "");
    assert_eq!(answer.at("entry.3.response.outcome.issue.0.code"), "structure");
    assert_eq!(answer.at("entry.7.resource.entry.0.resource.id"), "a");
    let recorded = server
        .database
        .query("SELECT string_agg(interaction, ',' ORDER BY interaction) FROM access_record");
    assert_eq!(
        recorded,
        "batch,create,create,delete,read,read,read,search-type,unknown,update,update"
    );
}

#[tokio::test]
async fn references_between_entries_stay_as_they_are() {
    let server = Server::start().await;
    let answer = server
        .send(
            r#"POST /
            Prefer: return=representation

            {"resourceType":"Bundle","type":"batch","entry":[
              {"fullUrl":"urn:uuid:1","request":{"method":"POST","url":"Patient"},"resource":{"resourceType":"Patient"}},
              {"request":{"method":"POST","url":"Basic"},"resource":{"resourceType":"Basic","code":{"text":"x"},"subject":{"reference":"urn:uuid:1"}}}
            ]}"#,
        )
        .await;
    assert_eq!(answer.at("entry.1.resource.subject.reference"), "urn:uuid:1");
}

#[tokio::test]
async fn nothing_to_do_is_done() {
    let server = Server::start().await;
    for (kind, members) in [
        ("batch", ""),
        ("batch", ",\"entry\":[]"),
        ("transaction", ",\"entry\":[]"),
    ] {
        let body = format!("{{\"resourceType\":\"Bundle\",\"type\":\"{kind}\"{members}}}");
        let answer = server.send_owned(format!("POST /\n\n{body}")).await;
        assert_eq!(
            (answer.status.as_u16(), answer.at("type")),
            (200, format!("{kind}-response")),
            "{}",
            answer.text
        );
    }
}

#[tokio::test]
async fn a_head_is_answered_without_the_resource() {
    let server = Server::start().await;
    server
        .send("PUT /Patient/a\n\n{\"resourceType\":\"Patient\",\"id\":\"a\"}")
        .await;
    for kind in ["batch", "transaction"] {
        let answer = server
            .send_owned(format!(
                r#"POST /

                {{"resourceType":"Bundle","type":"{kind}","entry":[
                  {{"request":{{"method":"HEAD","url":"Patient/a"}}}},
                  {{"request":{{"method":"HEAD","url":"Patient/a/_history/1"}}}},
                  {{"request":{{"method":"HEAD","url":"Patient?_id=a"}}}},
                  {{"request":{{"method":"GET","url":"Patient/a"}}}}
                ]}}"#
            ))
            .await;
        for place in 0..3 {
            let entry = |path: &str| answer.at(&format!("entry.{place}.{path}"));
            assert_eq!(
                (entry("response.status"), entry("resource")),
                ("200 OK".into(), String::new()),
                "{}",
                answer.text
            );
        }
        for place in 0..2 {
            let response = |name: &str| answer.at(&format!("entry.{place}.response.{name}"));
            assert_eq!(response("etag"), "W/\"1\"");
            assert!(response("lastModified").ends_with('Z'));
        }
        assert_eq!(answer.at("entry.3.resource.id"), "a");
    }
}

#[tokio::test]
async fn searches_are_posted_and_operations_invoked() {
    let server = Server::start().await;
    server
        .send("PUT /Patient/a\n\n{\"resourceType\":\"Patient\",\"id\":\"a\",\"active\":true}")
        .await;
    let posted = r#"{"request":{"method":"POST","url":"Patient/_search?active=true"}},
        {"request":{"method":"POST","url":"Patient/_search?active=true"},
          "resource":{"resourceType":"Parameters","parameter":[{"name":"_id","valueString":"b,c"}]}},
        {"request":{"method":"POST","url":"_search?_type=Patient"}}"#;
    let operations = r#",{"request":{"method":"POST","url":"Patient/$validate"},"resource":{"resourceType":"Patient","active":true}},
        {"request":{"method":"GET","url":"Patient/a/$everything"}},
        {"request":{"method":"POST","url":"Patient/a/$everything"},
          "resource":{"resourceType":"Parameters","parameter":[{"name":"_count","valueInteger":5}]}}"#;
    for (kind, operations) in [("batch", operations), ("transaction", "")] {
        let answer = server
            .send_owned(format!(
                r#"POST /

{{"resourceType":"Bundle","type":"{kind}","entry":[{posted}{operations}]}}"#
            ))
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        for (place, path, expected) in [
            (0, "resource.entry.0.resource.id", "a"),
            (1, "resource.total", "0"),
            (2, "resource.entry.0.resource.id", "a"),
            (3, "resource.resourceType", "OperationOutcome"),
            (4, "resource.entry.0.resource.id", "a"),
            (5, "resource.entry.0.resource.id", "a"),
        ] {
            let found = answer.at(&format!("entry.{place}.{path}"));
            if place < 3 || !operations.is_empty() {
                assert_eq!(found, expected, "{}", answer.text);
            }
        }
    }
    let recorded = server.database.query(
        "SELECT string_agg(DISTINCT interaction || ' ' || coalesce(query, ''), ',') FROM access_record WHERE strpos(query, '_id=') > 0",
    );
    assert_eq!(recorded, "search-type active=true&_id=b,c");
    let refused = server
        .send(
            r#"POST /

            {"resourceType":"Bundle","type":"batch","entry":[
              {"request":{"method":"POST","url":"Patient/_search"},"resource":{"resourceType":"Patient"}},
              {"request":{"method":"POST","url":"Patient/$validate"}},
              {"request":{"method":"POST","url":"Patient/$nonsense"}},
              {"request":{"method":"POST","url":"Patient?active=true"},"resource":{"resourceType":"Patient"}}
            ]}"#,
        )
        .await;
    let statuses: Vec<String> = (0..4)
        .map(|index| refused.at(&format!("entry.{index}.response.status")))
        .collect();
    assert_eq!(
        statuses,
        [
            "400 Bad Request",
            "400 Bad Request",
            "404 Not Found",
            "400 Bad Request"
        ],
        "{}",
        refused.text
    );
}

#[tokio::test]
async fn what_client_libraries_leave_out_or_put_in_is_judged_the_same_everywhere() {
    let server = Server::start().await;
    for kind in ["batch", "transaction"] {
        let post = |members: &str| {
            let body = format!(r#"{{"resourceType":"Bundle","type":"{kind}",{members}}}"#);
            server.send_owned(format!("POST /\n\n{body}"))
        };
        let counted =
            post(r#""total":0,"entry":[{"request":{"method":"GET","url":"Patient?_summary=count"}}]"#).await;
        assert_eq!(
            counted.at("entry.0.response.status"),
            "200 OK",
            "{}",
            counted.text
        );
        post(r#""total":1"#).await.refused("422 invariant: bdl-1");
    }
    let entry = r#"{"resource":{"resourceType":"Patient"}}"#;
    let told = "Bundle.entry[0].request: is missing; every entry of a batch or transaction needs a method and a url, such as POST";
    let batch = server
        .send_owned(format!(
            r#"POST /

{{"resourceType":"Bundle","type":"batch","entry":[{entry}]}}"#
        ))
        .await;
    assert_eq!(batch.at("entry.0.response.status"), "400 Bad Request");
    assert!(
        batch
            .at("entry.0.response.outcome.issue.0.diagnostics")
            .starts_with(told),
        "{}",
        batch.text
    );
    let transaction = server
        .send_owned(format!(
            r#"POST /

{{"resourceType":"Bundle","type":"transaction","entry":[{entry}]}}"#
        ))
        .await;
    transaction.refused(&format!("400 invalid: entry 0 (request): {told}"));
}
