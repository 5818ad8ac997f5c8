//! What is asked for in a body is in the audit trail as the same in a URL is.

use crate::fixture::Server;

/// The last record but for those of Bundles: what was asked for, of what, and what came of it.
fn last(server: &Server) -> String {
    server.database.query(
        "SELECT concat_ws(' ', interaction, resource_type, resource_id, compartment, coalesce(query, '-'), status, resources)
         FROM access_record WHERE interaction <> 'batch' ORDER BY access_record DESC LIMIT 1",
    )
}

fn parameters(parts: &str) -> String {
    format!(r#"{{"resourceType":"Parameters","parameter":[{parts}]}}"#)
}

async fn start() -> Server {
    let server = Server::start().await;
    server
        .send("PUT /Patient/a\n\n{\"resourceType\":\"Patient\",\"id\":\"a\",\"name\":[{\"family\":\"x\"}]}")
        .await;
    server
}

#[tokio::test]
async fn a_form_is_recorded_as_a_query() {
    let server = start().await;
    for (url, posted, form) in [
        ("/Patient?name=x&_count=2", "/Patient/_search", "name=x&_count=2"),
        (
            "/Patient?name=x%20y&_count=2",
            "/Patient/_search?name=x%20y",
            "_count=2",
        ),
        ("/Patient?name=x", "/Patient/_search?name=x", ""),
        ("/Patient", "/Patient/_search", ""),
        ("/Patient?nonsense", "/Patient/_search", "nonsense"),
        (
            "/Patient/a/Observation?code=x",
            "/Patient/a/Observation/_search",
            "code=x",
        ),
        ("/?_type=Patient", "/_search", "_type=Patient"),
    ] {
        server.get(url).await;
        let expected = last(&server);
        let head = format!("POST {posted}\nContent-Type: application/x-www-form-urlencoded");
        server.send_owned(format!("{head}\n\n{form}")).await;
        assert_eq!(last(&server), expected, "{posted}");
    }
}

#[tokio::test]
async fn the_input_of_an_operation_is_recorded_as_a_query() {
    let server = start().await;
    let (count, since) = (
        r#"{"name":"_count","valueInteger":5}"#,
        r#"{"name":"_since","valueInstant":"2020-01-01T00:00:00Z"}"#,
    );
    let mode = r#"{"name":"mode","valueCode":"update"},{"name":"profile","valueUri":"http://a/b"}"#;
    for (url, posted, input) in [
        (
            "Patient/a/$everything?_count=5&_since=2020-01-01T00:00:00Z",
            "Patient/a/$everything",
            format!("{count},{since}"),
        ),
        (
            "Patient/a/$everything?_count=5&_since=2020-01-01T00:00:00Z",
            "Patient/a/$everything?_count=5",
            since.to_owned(),
        ),
        (
            "Patient/nobody/$everything?_count=5",
            "Patient/nobody/$everything",
            count.to_owned(),
        ),
        (
            "Patient/a/$validate?mode=update&profile=http://a/b",
            "Patient/a/$validate",
            mode.to_owned(),
        ),
    ] {
        server.get(&format!("/{url}")).await;
        let expected = last(&server);
        let input = parameters(&input);
        server.send_owned(format!("POST /{posted}\n\n{input}")).await;
        assert_eq!(last(&server), expected, "{posted}");
        let entry = format!(r#"{{"request":{{"method":"POST","url":"{posted}"}},"resource":{input}}}"#);
        let batch = format!(r#"{{"resourceType":"Bundle","type":"batch","entry":[{entry}]}}"#);
        server.send_owned(format!("POST /\n\n{batch}")).await;
        assert_eq!(last(&server), expected, "{posted} in a batch");
    }
}
