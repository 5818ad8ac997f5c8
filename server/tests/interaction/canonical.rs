//! Canonical URLs lead to resources in chains, `_has` and includes, as references do.
//! <http://hl7.org/fhir/R4/references.html#canonical>

use crate::fixture::Server;

async fn filled() -> Server {
    let server = Server::start().await;
    for (path, members) in [
        (
            "Questionnaire/q1",
            r#""url":"http://example.org/q","version":"1","status":"active""#,
        ),
        (
            "Questionnaire/q2",
            r#""url":"http://example.org/q","version":"2","status":"draft""#,
        ),
        (
            "Questionnaire/other",
            r#""url":"http://example.org/other","status":"active""#,
        ),
        (
            "QuestionnaireResponse/one",
            r#""questionnaire":"http://example.org/q|2","status":"completed""#,
        ),
        (
            "QuestionnaireResponse/any",
            r#""questionnaire":"http://example.org/q","status":"amended""#,
        ),
    ] {
        let (resource_type, id) = path.split_once('/').unwrap();
        let body = format!(r#"{{"resourceType":"{resource_type}","id":"{id}",{members}}}"#);
        let answer = server.send_owned(format!("PUT /{path}\n\n{body}")).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
    }
    server
}

async fn ids(server: &Server, path: &str) -> String {
    let mut ids: Vec<String> = server
        .get(path)
        .await
        .ids()
        .split(',')
        .map(str::to_owned)
        .collect();
    ids.sort();
    ids.join(",")
}

#[tokio::test]
async fn chains_follow_canonical_urls() {
    let server = filled().await;
    let responses = "/QuestionnaireResponse?questionnaire.status=";
    assert_eq!(ids(&server, &format!("{responses}draft")).await, "any,one");
    assert_eq!(ids(&server, &format!("{responses}active")).await, "any");
    let has = "/Questionnaire?_has:QuestionnaireResponse:questionnaire:status=";
    assert_eq!(ids(&server, &format!("{has}completed")).await, "q2");
    assert_eq!(ids(&server, &format!("{has}amended")).await, "q1,q2");
}

#[tokio::test]
async fn includes_follow_canonical_urls() {
    let server = filled().await;
    let include = "_include=QuestionnaireResponse:questionnaire";
    assert_eq!(
        ids(&server, &format!("/QuestionnaireResponse?_id=one&{include}")).await,
        "one,q2"
    );
    assert_eq!(
        ids(&server, &format!("/QuestionnaireResponse?_id=any&{include}")).await,
        "any,q1,q2"
    );
    let reverse = "_revinclude=QuestionnaireResponse:questionnaire";
    assert_eq!(
        ids(&server, &format!("/Questionnaire?_id=q1&{reverse}")).await,
        "any,q1"
    );
    assert_eq!(
        ids(&server, &format!("/Questionnaire?_id=other&{reverse}")).await,
        "other"
    );
}
