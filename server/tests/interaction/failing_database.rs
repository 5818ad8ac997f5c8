//! What clients are told when it is the database that cannot: it took too long, it has no room left, it is away.

use std::time::Duration;

use crate::fixture::Server;

/// As PostgreSQL says it where the disk is full. A disk cannot be filled here.
const NO_ROOM: &str = r#"
    CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE EXCEPTION 'could not extend file "base/5/16385": No space left on device' USING ERRCODE = 'disk_full';
    END $$;
    CREATE TRIGGER no_room BEFORE INSERT ON access_record FOR EACH ROW EXECUTE FUNCTION no_room()"#;

#[tokio::test]
async fn what_takes_too_long_is_told_as_that_and_what_to_ask_for_instead() {
    let server = Server::start().await;
    server.create(r#"{"resourceType":"Patient","active":true}"#).await;
    let hurried = server.hurried(Duration::from_secs(1)).await;
    server.database.query(
        "ALTER TABLE resource RENAME TO stored;
         CREATE VIEW resource AS SELECT stored.* FROM stored CROSS JOIN (SELECT pg_sleep(60)) AS slow",
    );
    let search = hurried.get("/Patient?active=true").await;
    search.refused("504 too-costly: the database took longer over this than one request may take");
    assert!(search.text.contains("narrow the search"), "{}", search.text);
    // The same would take as long again.
    assert_eq!(search.header("retry-after"), "");
    assert_eq!(hurried.last_access(), "anonymous search-type Patient 504 0");
}

#[tokio::test]
async fn without_room_on_the_disk_nothing_is_stored_or_given_out_and_it_is_said_why() {
    let server = Server::start().await;
    let stored = server.create(r#"{"resourceType":"Patient"}"#).await;
    server.database.query(NO_ROOM);
    let read = format!("GET /Patient/{stored}");
    for request in [
        read.as_str(),
        "GET /Patient/nobody",
        "GET /Patient?active=true",
        "PUT /Patient/new\n\n{\"resourceType\":\"Patient\",\"id\":\"new\"}",
        "POST /\n\n{\"resourceType\":\"Bundle\",\"type\":\"batch\"}",
    ] {
        let answer = server.send(request).await;
        answer.refused("507 no-store: the database has no room left on its disk");
        assert!(!answer.text.contains("base/5/16385"), "{}", answer.text);
    }
    assert_eq!(server.get("/metadata").await.status, 200);
    server.database.query("DROP TRIGGER no_room ON access_record");
    assert_eq!(server.send(&read).await.status, 200);
    assert_eq!(server.get("/Patient/new").await.status, 404);
}
