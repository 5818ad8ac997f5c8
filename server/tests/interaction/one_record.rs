//! A request has one record, also when nobody could tell the client that it was carried out.

use std::time::{Duration, Instant};

use brazier_server::state::Settings;

use crate::fixture::{Database, Server};

/// How long the server may take to begin with a request.
const PATIENCE: Duration = Duration::from_secs(60);

/// Sessions whose transaction is committed, and that have not said so.
const COMMITTED: &str = "FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'SyncRep'";

/// The records: interaction, id, version, status.
fn records(server: &Server) -> String {
    server.database.query(
        "SELECT string_agg(concat_ws(' ', interaction, resource_id, version, status), ',' ORDER BY access_record)
         FROM access_record",
    )
}

async fn until_committed(database: &Database) {
    let begun = Instant::now();
    while database.query(&format!("SELECT count(*) {COMMITTED}")) != "1" {
        assert!(begun.elapsed() < PATIENCE, "nothing was committed");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

const PUT: &str =
    "PUT /Patient/a\n\n{\"resourceType\":\"Patient\",\"id\":\"a\",\"name\":[{\"family\":\"A\"}]}";

const TRANSACTION: &str = r#"POST /

    {"resourceType":"Bundle","type":"transaction","entry":[
        {"request":{"method":"PUT","url":"Patient/a"},"resource":{"resourceType":"Patient","id":"a"}},
        {"request":{"method":"GET","url":"Patient/a"}}]}"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_committed_when_its_time_was_over_is_recorded_as_done() {
    for (request, recorded) in [
        (PUT, "update a 1 201"),
        (TRANSACTION, "update a 1 201,transaction 200,read a 1 200"),
    ] {
        let server = Server::start_with(Settings {
            request_timeout: Duration::from_secs(4),
            ..Settings::default()
        })
        .await;
        server.database.hold_commits();
        server.send(request).await.refused("504 timeout");
        assert_eq!(records(&server), recorded);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_committed_when_its_connection_broke_is_recorded_as_done() {
    for (request, recorded) in [
        (PUT, "update a 1 201"),
        (TRANSACTION, "update a 1 201,transaction 200,read a 1 200"),
    ] {
        let server = Server::start().await;
        server.database.hold_commits();
        let breaks = async {
            until_committed(&server.database).await;
            server
                .database
                .query(&format!("SELECT pg_terminate_backend(pid) {COMMITTED}"));
        };
        let (answer, ()) = tokio::join!(server.send(request), breaks);
        answer.refused("503 transient");
        assert_eq!(records(&server), recorded);
    }
}
