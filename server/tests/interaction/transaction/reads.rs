//! Reads in a transaction see what it has written, on its own connection.

use super::post;
use crate::fixture::Server;

#[tokio::test]
async fn versions_and_histories_are_those_that_the_transaction_has_made() {
    let server = Server::start().await;
    server
        .send("PUT /Patient/a\n\n{\"resourceType\":\"Patient\",\"id\":\"a\"}")
        .await;
    let answer = post(
        &server,
        r#"{"request":{"method":"PUT","url":"Patient/a"},"resource":{"resourceType":"Patient","id":"a","active":true}},
           {"request":{"method":"GET","url":"Patient/a/_history"}},
           {"request":{"method":"GET","url":"Patient/a/_history/2"}},
           {"request":{"method":"GET","url":"Patient/_history"}},
           {"request":{"method":"GET","url":"_history"}}"#,
    )
    .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    for place in [1, 3, 4] {
        assert_eq!(answer.at(&format!("entry.{place}.resource.total")), "2");
        let newest = answer.at(&format!("entry.{place}.resource.entry.0.resource.active"));
        assert_eq!(newest, "true");
    }
    assert_eq!(answer.at("entry.2.resource.active"), "true");
}

#[tokio::test]
async fn many_transactions_that_read_do_not_wait_for_each_others_connections() {
    let server = Server::start().await;
    server
        .send("PUT /Patient/a\n\n{\"resourceType\":\"Patient\",\"id\":\"a\"}")
        .await;
    let value_set = r#"{"resourceType":"ValueSet","id":"v","url":"http://v","status":"active","compose":{"include":[{"system":"http://s","concept":[{"code":"x"}]}]}}"#;
    server.send(&format!("PUT /ValueSet/v\n\n{value_set}")).await;
    let entries = r#"
        {"request":{"method":"POST","url":"Patient"},"resource":{"resourceType":"Patient"}},
        {"request":{"method":"GET","url":"Patient/a/_history"}},
        {"request":{"method":"GET","url":"Patient/a/_history/1"}},
        {"request":{"method":"GET","url":"Patient?identifier:in=http://v"}}"#;
    let answers = futures::future::join_all((0..60).map(|_| post(&server, entries))).await;
    assert!(answers.iter().all(|answer| answer.status == 200), "{answers:?}");
}
