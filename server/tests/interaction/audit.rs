//! What the audit trail says of each access: one record for each entry and each resource that was given out or changed.

use axum::body::Body;
use http::Request;

use crate::fixture::Server;
use crate::guarded::Guarded;

/// The records that are newer than the one with this number, and the number of the last: interaction, what it is about,
/// status, how many resources were given out and which.
fn since(server: &Server, last: &mut u32) -> Vec<String> {
    let records = server.database.query(&format!(
        "SELECT concat_ws(' ', interaction, resource_type || coalesce('/' || resource_id, ''), 'v' || version,
             'in ' || compartment, status, 'x' || nullif(resources, 0),
             (SELECT '=' || string_agg(given.resource_id || given.version, ',' ORDER BY given.resource_id, given.version)
              FROM given_out AS given WHERE given.access_record = record.access_record))
         FROM access_record AS record WHERE access_record > {last} ORDER BY access_record"
    ));
    *last = server
        .database
        .query("SELECT max(access_record) FROM access_record")
        .parse()
        .unwrap();
    records.lines().map(str::to_owned).collect()
}

/// Three resources: a patient, her observation, and somebody else.
async fn start() -> (Server, u32) {
    let server = Server::start().await;
    for resource in [
        r#"/Patient/a {"resourceType":"Patient","id":"a","active":true}"#,
        r#"/Patient/b {"resourceType":"Patient","id":"b","active":true}"#,
        r#"/Observation/o {"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/a"}}"#,
    ] {
        let (path, body) = resource.split_once(' ').unwrap();
        server.send(&format!("PUT {path}\n\n{body}")).await;
    }
    let mut last = 0;
    assert_eq!(since(&server, &mut last).len(), 3);
    (server, last)
}

async fn bundle(server: &Server, kind: &str, entries: &str) -> crate::fixture::Response {
    let body = format!(r#"{{"resourceType":"Bundle","type":"{kind}","entry":[{entries}]}}"#);
    server
        .send_owned(format!("POST /\nPrefer: return=representation\n\n{body}"))
        .await
}

const MIXED: &str = r#"
    {"request":{"method":"PUT","url":"Patient/new"},"resource":{"resourceType":"Patient","id":"new"}},
    {"request":{"method":"PUT","url":"Patient/a"},"resource":{"resourceType":"Patient","id":"a"}},
    {"request":{"method":"DELETE","url":"Patient/never"}},
    {"request":{"method":"DELETE","url":"Patient?_id=nobody"}},
    {"request":{"method":"POST","url":"Patient","ifNoneExist":"_id=b"},"resource":{"resourceType":"Patient"}},
    {"request":{"method":"GET","url":"Observation/o"}},
    {"request":{"method":"GET","url":"Patient?active=true"}}"#;

#[tokio::test]
async fn a_transaction_is_a_record_for_each_entry() {
    let (server, mut last) = start().await;
    let answer = bundle(&server, "transaction", MIXED).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let mut records = since(&server, &mut last);
    records.sort();
    assert_eq!(
        records,
        [
            "create Patient/b v1 200 x1",
            "delete Patient 204",
            "delete Patient/never 204",
            "read Observation/o v1 200 x1",
            "search-type Patient 200 x1 =b1",
            "transaction 200",
            "update Patient/a v2 200",
            "update Patient/new v1 201",
        ]
    );
    let one = r#"{"request":{"method":"POST","url":"Patient"},"resource":{"resourceType":"Patient"}}"#;
    let answer = bundle(&server, "transaction", one).await;
    let location = answer.at("entry.0.response.location");
    let id = location.split('/').nth(1).unwrap();
    let expected = [
        format!("create Patient/{id} v1 201"),
        "transaction 200".to_owned(),
    ];
    assert_eq!(since(&server, &mut last), expected);
    let patch = r#"{"request":{"method":"PATCH","url":"Patient/b"},"resource":{"resourceType":"Parameters","parameter":[{"name":"operation","part":[{"name":"type","valueCode":"replace"},{"name":"path","valueString":"Patient.active"},{"name":"value","valueBoolean":false}]}]}}"#;
    bundle(&server, "transaction", patch).await;
    assert_eq!(
        since(&server, &mut last),
        ["patch Patient/b v2 200 x1", "transaction 200"]
    );
    let versions = server.database.query(
        "SELECT count(*) FROM (TABLE resource UNION ALL TABLE resource_history) AS stored
         WHERE NOT EXISTS (SELECT 1 FROM access_record AS record WHERE record.resource_id = stored.id
             AND record.version = stored.version AND record.interaction IN ('create', 'update', 'patch', 'delete'))",
    );
    assert_eq!(versions, "0", "every stored version has its record");
}

#[tokio::test]
async fn a_transaction_that_fails_leaves_nothing_but_its_failure() {
    let (server, mut last) = start().await;
    let failing = r#"
        {"request":{"method":"GET","url":"Observation/o"}},
        {"request":{"method":"PUT","url":"Patient/new"},"resource":{"resourceType":"Patient","id":"new"}},
        {"request":{"method":"GET","url":"Patient/nobody"}}"#;
    let answer = bundle(&server, "transaction", failing).await;
    answer.refused("400 not-found: entry 2");
    assert_eq!(since(&server, &mut last), ["transaction 400"]);
}

#[tokio::test]
async fn a_batch_is_a_record_for_each_entry_those_that_are_no_request_too() {
    let (server, mut last) = start().await;
    let entries = format!(r#"{MIXED},{{"request":{{"method":"GET","url":"Nothing/1"}}}},{{"nonsense":1}}"#);
    let refused = bundle(&server, "batch", &entries).await;
    refused.refused("400");
    since(&server, &mut last);
    let entries = format!(
        r#"{MIXED},{{"request":{{"method":"GET","url":"Nothing/1"}}}},{{"request":{{"method":"FETCH","url":"Patient"}}}}"#
    );
    let answer = bundle(&server, "batch", &entries).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let mut records = since(&server, &mut last);
    records.sort();
    assert_eq!(
        records,
        [
            "batch 200",
            "create Patient/b v1 200 x1",
            "delete Patient 204",
            "delete Patient/never 204",
            "read Observation/o v1 200 x1",
            "search-type Patient 200 x1 =b1",
            "unknown 400",
            "unknown 404",
            "update Patient/a v2 200",
            "update Patient/new v1 201",
        ]
    );
}

#[tokio::test]
async fn many_entries_that_are_no_request_are_counted() {
    let (server, mut last) = start().await;
    let entries = vec![r#"{"request":{"method":"GET","url":"x"}}"#; 5000].join(",");
    bundle(&server, "batch", &entries).await;
    let records = since(&server, &mut last);
    assert!(records.len() < 110, "{}", records.len());
    let counted = server
        .database
        .query("SELECT sum(requests) FROM access_record WHERE interaction = 'unknown'");
    assert_eq!(counted, "5000");
}

#[tokio::test]
async fn what_a_search_gave_out_is_named() {
    let (server, mut last) = start().await;
    for (request, recorded) in [
        ("GET /Patient", "search-type Patient 200 x2 =a1,b1"),
        (
            "GET /Observation?_include=Observation:subject",
            "search-type Observation 200 x2 =a1,o1",
        ),
        ("GET /Patient?_summary=count", "search-type Patient 200"),
        (
            "GET /Patient/a/Observation",
            "search-type Observation in Patient/a 200 x1 =o1",
        ),
        ("GET /Patient/a/*", "search-type in Patient/a 200 x2 =a1,o1"),
        ("GET /Patient/a/$everything", "operation Patient/a 200 x2 =a1,o1"),
        ("GET /?_type=Patient", "search-system 200 x2 =a1,b1"),
        ("GET /Patient/a/_history", "history-instance Patient/a 200 x1 =a1"),
        ("GET /Patient/_history", "history-type Patient 200 x2 =a1,b1"),
        ("GET /Patient/a", "read Patient/a v1 200 x1"),
        ("GET /Patient/a?_summary=true", "read Patient/a v1 200 x1"),
        ("GET /Patient/a/_history/1", "vread Patient/a v1 200 x1"),
    ] {
        let answer = server.send(request).await;
        assert_eq!(answer.status, 200, "{request}: {}", answer.text);
        assert_eq!(since(&server, &mut last), [recorded], "{request}");
    }
    let operation = server
        .database
        .query("SELECT query FROM access_record WHERE interaction = 'operation'");
    assert_eq!(operation, "$everything");
}

#[tokio::test]
async fn what_a_write_gave_out_is_named() {
    let (server, mut last) = start().await;
    let patch = r#"[{"op":"replace","path":"/active","value":false}]"#;
    let patch = |head: &str| format!("PATCH {head}\nContent-Type: application/json-patch+json\n\n{patch}");
    let patient = r#"{"resourceType":"Patient","active":true}"#;
    for (request, recorded) in [
        (patch("/Patient/a"), "patch Patient/a v2 200 x1"),
        (
            patch("/Patient/a\nPrefer: return=minimal"),
            "patch Patient/a v3 200",
        ),
        (patch("/Patient?_id=b"), "patch Patient/b v2 200 x1"),
        (
            format!("POST /Patient\nIf-None-Exist: _id=b\nPrefer: return=representation\n\n{patient}"),
            "create Patient/b v2 200 x1",
        ),
        (
            format!("POST /Patient\nIf-None-Exist: _id=b\nPrefer: return=minimal\n\n{patient}"),
            "create Patient/b v2 200",
        ),
        (
            format!("PUT /Patient?_id=b\n\n{patient}"),
            "update Patient/b v3 200",
        ),
        ("DELETE /Patient?_id=b".to_owned(), "delete Patient/b v4 204"),
    ] {
        let answer = server.send(&request).await;
        assert!(answer.status.is_success(), "{request}: {}", answer.text);
        assert_eq!(since(&server, &mut last), [recorded], "{request}");
    }
    let queries = server.database.query(
        "SELECT string_agg(query, ' ' ORDER BY access_record) FROM access_record WHERE interaction = 'create'",
    );
    assert_eq!(queries, "_id=b _id=b");
}

#[tokio::test]
async fn refusals_keep_what_was_asked() {
    let (server, _) = start().await;
    let form = |body: &'static [u8]| {
        Request::post("/Patient/_search?active=true")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(body))
            .unwrap()
    };
    let queries = || {
        server
            .database
            .query("SELECT query FROM access_record ORDER BY access_record DESC LIMIT 1")
    };
    for (body, recorded) in [
        (&b"name=100%"[..], "active=true&name=100%"),
        (b"name:nonsense=x", "active=true&name:nonsense=x"),
        (b"name=a\0b", "active=true&name=a\u{2400}b"),
        (
            b"name=x&access_token=eyJhbGciOi",
            "active=true&name=x&access_token=(not recorded)",
        ),
    ] {
        server.send_request(form(body)).await;
        assert_eq!(queries(), recorded);
    }
    server
        .send("GET /Patient?access_token=eyJhbGciOi%25%")
        .await
        .refused("400");
    let told = server
        .database
        .query("SELECT count(*) FROM access_record AS record WHERE record::text LIKE '%eyJ%'");
    assert_eq!(told, "0");
}

#[tokio::test]
async fn a_principal_whose_name_cannot_be_stored_disturbs_nobody() {
    let guarded = Guarded::start(&[("reader", &["read", "search"], &[])]).await;
    let patient = r#"{"resourceType":"Patient","id":"p"}"#;
    guarded.store(&[patient]).await;
    let form = "POST /Patient/_search\nContent-Type: application/x-www-form-urlencoded\n\nname=a\0b";
    let asked = (0..60).map(|number| {
        let guarded = &guarded;
        async move {
            match number % 4 {
                0 => (guarded.send("stranger\0", "GET /Patient/p").await, 403),
                1 => (guarded.send("stranger\0", form).await, 403),
                2 => (guarded.send("reader", "GET /Patient/p").await, 200),
                _ => (guarded.send("reader", "GET /Patient").await, 200),
            }
        }
    });
    for (answer, expected) in futures::future::join_all(asked).await {
        assert!(
            answer.status == expected || (expected == 403 && answer.status == 400),
            "{}: {}",
            answer.status,
            answer.text
        );
    }
}

#[tokio::test]
async fn the_servers_own_id_of_a_request_cannot_be_chosen() {
    let (server, _) = start().await;
    let mut own = Vec::new();
    for _ in 0..2 {
        let answer = server.send("GET /Patient/a\nX-Request-Id: mine").await;
        assert_eq!(answer.header("x-correlation-id"), "mine");
        own.push(answer.header("x-request-id").to_owned());
    }
    assert_ne!(own[0], own[1]);
    let recorded = server.database.query(
        "SELECT string_agg(request_id, ',' ORDER BY access_record) FROM access_record WHERE client_request_id = 'mine'",
    );
    assert_eq!(recorded, own.join(","));
    let answer = server.get("/Patient/a").await;
    assert_eq!(answer.header("x-correlation-id"), "");
}

#[tokio::test]
async fn forged_cursors_are_refused() {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    let (server, _) = start().await;
    for cursor in [
        "9999999999999999-1-1",
        "9223372036854775807-9223372036854775807-1",
        "1-1",
        "1-1-1-1",
        "x",
    ] {
        for path in ["/Patient/_history", "/Patient/a/_history", "/_history"] {
            server
                .get(&format!("{path}?_cursor={cursor}"))
                .await
                .refused("400 value");
        }
    }
    for (sort, value) in [
        ("_lastUpdated", "-009999-01-01T00:00:00Z"),
        ("_lastUpdated", "2026-01-01T00:00:00Z[UTC]"),
        ("_lastUpdated", "2026-01-01 00:00:00+25:00"),
        ("_lastUpdated", "infinity"),
        ("birthdate", "1e5"),
        ("birthdate", "99999999999999999999"),
        ("_id", "a\u{0}b"),
    ] {
        let cursor = serde_json::json!([false, 1, [value]]).to_string();
        let cursor = URL_SAFE_NO_PAD.encode(cursor);
        server
            .get(&format!("/Patient?_sort={sort}&_cursor={cursor}"))
            .await
            .refused("400 value");
    }
    for cursor in ["[false,1e99,[]]", "[false,1]", "[false,1,[null]]", "{}"] {
        let cursor = URL_SAFE_NO_PAD.encode(cursor);
        server
            .get(&format!("/Patient?_cursor={cursor}"))
            .await
            .refused("400 value");
    }
}
