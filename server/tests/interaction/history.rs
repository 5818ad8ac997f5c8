//! <http://hl7.org/fhir/R4/http.html#history>

use crate::fixture::{Response, Server};

/// Method and status of each entry.
fn told(answer: &Response) -> String {
    (0..)
        .map(|index| format!("entry.{index}"))
        .take_while(|entry| !answer.at(entry).is_empty())
        .map(|entry| {
            let part = |path: &str| answer.at(&format!("{entry}.{path}"));
            format!(
                "{} {} {}",
                part("request.method"),
                part("request.url"),
                part("response.etag")
            )
        })
        .collect::<Vec<_>>()
        .join(", ")
}

#[tokio::test]
async fn what_never_was_has_no_history() {
    let server = Server::start().await;
    server
        .get("/Patient/nobody/_history")
        .await
        .refused("404 not-found: Patient/nobody does not exist");
    server
        .get("/Patient/_history?_count=x")
        .await
        .refused("400 invalid: the parameter _count is \"x\"");
    server
        .get("/Patient/_history?_since=x")
        .await
        .refused("400 invalid: the parameter _since is \"x\"");
    server
        .get("/Patient/_history?_at=2020-13-01")
        .await
        .refused("400 invalid: the parameter _at");
    server
        .get("/Patient/_history?_cursor=x")
        .await
        .refused("400 value");
    server
        .send("GET /Patient/_history?nonsense=1\nPrefer: handling=strict")
        .await
        .refused("400 invalid");
    let empty = server.get("/Patient/_history?nonsense=1").await;
    assert_eq!(
        (
            empty.status.as_u16(),
            empty.at("type"),
            empty.at("total"),
            empty.at("entry")
        ),
        (200, "history".into(), "0".into(), String::new())
    );
}

#[tokio::test]
async fn versions_come_newest_first_with_what_made_them() {
    let server = Server::start().await;
    let body = r#"{"resourceType":"Patient","id":"a"}"#;
    server.send(&format!("PUT /Patient/a\n\n{body}")).await;
    server.send(&format!("PUT /Patient/a\n\n{body}")).await;
    server.send("DELETE /Patient/a").await;
    let created = server
        .create(r#"{"resourceType":"Basic","code":{"text":"x"}}"#)
        .await;

    let instance = server.get("/Patient/a/_history").await;
    assert_eq!(instance.status, 200, "{}", instance.text);
    assert_eq!(
        told(&instance),
        "DELETE Patient/a W/\"3\", PUT Patient/a W/\"2\", PUT Patient/a W/\"1\""
    );
    assert_eq!(
        (instance.at("total"), instance.at("entry.0.resource")),
        ("3".into(), String::new())
    );
    assert_eq!(instance.at("entry.1.fullUrl"), "http://fhir.test/Patient/a");
    assert_eq!(instance.at("entry.1.resource.meta.versionId"), "2");
    assert_eq!(
        (
            instance.at("entry.2.response.status"),
            instance.at("entry.1.response.status")
        ),
        ("201 Created".into(), "200 OK".into())
    );
    assert_eq!(server.last_access(), "anonymous history-instance Patient 200 3");

    assert_eq!(server.get("/Patient/_history").await.at("total"), "3");
    let system = server.get("/_history").await;
    assert_eq!(
        told(&system),
        "POST Basic W/\"1\", DELETE Patient/a W/\"3\", PUT Patient/a W/\"2\", PUT Patient/a W/\"1\""
    );
    assert_eq!(system.at("entry.0.resource.id"), created);
}

#[tokio::test]
async fn pages_neither_skip_nor_repeat() {
    let server = Server::start().await;
    for _ in 0..5 {
        server
            .send("PUT /Patient/a\n\n{\"resourceType\":\"Patient\",\"id\":\"a\"}")
            .await;
    }
    let mut path = "/Patient/a/_history?_count=2".to_owned();
    let mut versions = Vec::new();
    loop {
        let page = server.get(&path).await;
        assert_eq!(
            (page.status.as_u16(), page.at("total")),
            (200, "5".to_owned()),
            "{}",
            page.text
        );
        versions.push(told(&page).matches("W/").count());
        let json = page.json();
        let links = json.get("link").unwrap().as_array().unwrap();
        let next = links
            .iter()
            .find(|link| link.get("relation").unwrap().as_str() == Some("next"));
        let Some(next) = next else { break };
        path = next
            .get("url")
            .unwrap()
            .as_str()
            .unwrap()
            .strip_prefix("http://fhir.test")
            .unwrap()
            .to_owned();
    }
    assert_eq!(versions, [2, 2, 1]);
}

#[tokio::test]
async fn the_number_of_versions_alone() {
    let server = Server::start().await;
    server
        .send("PUT /Patient/a\n\n{\"resourceType\":\"Patient\",\"id\":\"a\"}")
        .await;
    for query in ["_count=0", "_summary=count"] {
        let answer = server.get(&format!("/Patient/a/_history?{query}")).await;
        assert_eq!(
            (answer.at("total"), answer.at("entry")),
            ("1".into(), String::new()),
            "{query}"
        );
        assert_eq!(server.last_access(), "anonymous history-instance Patient 200 0");
    }
}

#[tokio::test]
async fn since_and_at_look_at_the_time() {
    let server = Server::start().await;
    server
        .send("PUT /Patient/a\n\n{\"resourceType\":\"Patient\",\"id\":\"a\"}")
        .await;
    assert_eq!(
        server
            .get("/Patient/a/_history?_since=2000-01-01T00:00:00Z")
            .await
            .at("total"),
        "1"
    );
    assert_eq!(server.get("/Patient/a/_history?_at=2099").await.at("total"), "1");
    for none in ["_since=2999-01-01T00:00:00+01:00", "_at=2000-01-01"] {
        let answer = server.get(&format!("/Patient/a/_history?{none}")).await;
        assert_eq!(
            (answer.status.as_u16(), answer.at("entry")),
            (200, String::new()),
            "{none}"
        );
    }
}
