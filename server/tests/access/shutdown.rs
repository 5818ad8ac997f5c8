//! How the program starts and ends.

use super::fixture::Database;
use super::process::{Server, Setting, run};

#[tokio::test]
async fn without_its_database_it_lives_and_is_not_ready() {
    let setting = Setting::new("postgres://nobody@127.0.0.1:1/none");
    std::fs::write(&setting.access_file, "{\"version\": \"1\", \"assignments\": []}").unwrap();
    let mut server = setting.start();
    assert_eq!(server.health("livez").await.0, 200);
    let (status, reason) = server.health("readyz").await;
    assert_eq!(
        (status, reason.as_str()),
        (503, "the database is not connected yet\n")
    );
    server.terminate();
    assert_eq!(server.ended().await.code(), Some(0));
}

#[tokio::test]
async fn without_a_policy_it_is_not_ready_and_with_one_it_is() {
    let database = Database::start();
    let setting = Setting::new(&database.url());
    let (code, said) = run(&["migrate", "--config", setting.config.to_str().unwrap()]);
    assert_eq!(code, Some(0), "{said}");
    let server = setting.start();
    server.address("fhir").await;
    let (status, reason) = server.health("readyz").await;
    assert_eq!((status, reason.as_str()), (503, "no access policy is loaded\n"));
    std::fs::write(&setting.access_file, "{\"version\": \"1\", \"assignments\": []}").unwrap();
    super::eventually::eventually(async || server.health("readyz").await.0, |status| *status == 200).await;
}

#[tokio::test]
async fn a_trial_migrates_and_serves_this_machine_alone() {
    let database = Database::start();
    let url = database.url();
    let trial = |address| {
        [
            "serve",
            "--database-url",
            &url,
            "--no-authentication",
            "--http",
            address,
        ]
    };
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:8080"] {
        let (code, said) = run(&trial(address));
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains("loopback"), "{said}");
    }
    let mut server = Server::start(&[&trial("127.0.0.1:0")[..], &["--metrics", "127.0.0.1:0"]].concat());
    server.address("fhir").await;
    assert_eq!(server.health("readyz").await.0, 200);
    server.terminate();
    assert_eq!(server.ended().await.code(), Some(0));
}
