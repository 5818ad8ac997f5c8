//! When a server that could serve says that it cannot, and why.

use super::eventually::eventually;
use super::fixture::Database;
use super::process::Server;

async fn serve(database: &Database) -> Server {
    let url = database.url();
    let server = Server::start(&[
        "serve",
        "--database-url",
        &url,
        "--no-authentication",
        "--http",
        "127.0.0.1:0",
        "--metrics",
        "127.0.0.1:0",
    ]);
    server.address("fhir").await;
    assert_eq!(server.health("readyz").await, (200, "ok\n".to_owned()));
    server
}

#[tokio::test]
async fn without_an_audit_trail_it_is_not_ready() {
    let database = Database::start();
    let server = serve(&database).await;
    database.query("ALTER TABLE fhir.access_record RENAME TO elsewhere");
    let (status, reason) = server.health("readyz").await;
    assert_eq!(status, 503);
    assert!(
        reason.contains("no record can be written to the audit trail"),
        "{reason}"
    );
    assert_eq!(server.health("livez").await.0, 200);
    database.query("ALTER TABLE fhir.elsewhere RENAME TO access_record");
    assert_eq!(server.health("readyz").await.0, 200);
}

/// Not ready, it would be asked nothing, and could tell nobody why; no other server would do better.
#[tokio::test]
async fn without_room_on_the_databases_disk_it_is_ready_to_say_so() {
    let database = Database::start();
    let server = serve(&database).await;
    database.query(
        "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN RAISE EXCEPTION 'No space left on device' USING ERRCODE = 'disk_full'; END $$;
         CREATE TRIGGER no_room BEFORE INSERT ON fhir.access_record FOR EACH ROW EXECUTE FUNCTION no_room()",
    );
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!("http://{}/Patient/a", server.address("fhir").await);
    let read = client.get(url).send().await.unwrap();
    assert_eq!(read.status().as_u16(), 507);
    assert_eq!(server.health("readyz").await, (200, "ok\n".to_owned()));
    let (_, metrics) = server.health("metrics").await;
    let counted = "brazier_server_requests_total{interaction=\"read\",status=\"507\"} 1";
    assert!(metrics.contains(counted), "{metrics}");
}

#[tokio::test]
async fn while_every_connection_to_the_database_is_taken_it_is_not_ready() {
    let database = Database::start();
    let server = serve(&database).await;
    let (mut lock, connection) = tokio_postgres::connect(&database.url(), tokio_postgres::NoTls)
        .await
        .unwrap();
    let connection = tokio::spawn(connection);
    let transaction = lock.transaction().await.unwrap();
    transaction
        .execute("LOCK TABLE fhir.resource IN ACCESS EXCLUSIVE MODE", &[])
        .await
        .unwrap();
    let address = server.address("fhir").await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let ask = async || {
        let searches = (0..40).map(|number| {
            let url = format!("http://{address}/Patient?_id={number}");
            tokio::spawn(client.get(url).send())
        });
        futures::future::join_all(searches).await;
    };
    let asking = async {
        loop {
            ask().await;
        }
    };
    let looking = eventually(
        async || server.health("readyz").await,
        |(status, _)| *status == 503,
    );
    let (_, reason) = tokio::select! {
        _ = asking => unreachable!("it never stops asking"),
        seen = looking => seen,
    };
    assert!(
        reason.contains("connections to the database are taken"),
        "{reason}"
    );
    assert_eq!(server.health("livez").await.0, 200);
    transaction.rollback().await.unwrap();
    eventually(async || server.health("readyz").await.0, |status| *status == 200).await;
    drop(lock);
    connection.await.unwrap().unwrap();
}
