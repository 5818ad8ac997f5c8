//! Statements end with the request that asked for them, and with the database's own clock; who waits for a lock holds nothing that
//! others need.

use std::time::{Duration, Instant};

use brazier_server::audit::AccessRecord;
use brazier_server::configuration::database::DatabaseConfiguration;
use brazier_server::storage::{Current, Precondition, Storage, StorageError};

use super::{House, create, patient, update};
use crate::fixture::{Database, definitions};

/// The longest that a test waits for what should come at once.
const SOON: Duration = Duration::from_secs(5);

/// What is waited for does not come: long enough to begin waiting, short enough for a test.
const A_WHILE: Duration = Duration::from_millis(300);

/// A transaction of somebody else's that holds what `lock` locks until the value is dropped.
struct Held<'h> {
    database: &'h Database,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl<'h> Held<'h> {
    fn lock(database: &'h Database, lock: &str) -> Held<'h> {
        let session = database.session("holder");
        let sql = format!("BEGIN; {lock}; SELECT pg_sleep(60)");
        let thread = std::thread::spawn(move || session.run_to_its_end(&sql));
        let held = Held {
            database,
            thread: Some(thread),
        };
        held.wait_for("1", HOLDS);
        held
    }

    /// Waits until `sql` says `expected`.
    fn wait_for(&self, expected: &str, sql: &str) {
        let begun = Instant::now();
        while self.database.query(sql) != expected {
            assert!(begun.elapsed() < SOON, "{sql} is {}", self.database.query(sql));
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.database
            .query(&HOLDS.replace("count(*)", "pg_terminate_backend(pid)"));
        self.thread.take().map(std::thread::JoinHandle::join);
    }
}

/// Whether the one who locks has done so.
const HOLDS: &str = "SELECT count(*) FROM pg_stat_activity
     WHERE application_name = 'holder' AND datname = current_database() AND wait_event = 'PgSleep'";

/// Statements of the server that run or wait in this database.
const RUNNING: &str = "SELECT count(*) FROM pg_stat_activity
     WHERE application_name = 'brazier-server' AND datname = current_database() AND state = 'active'";

/// Connections of the server to this database.
const CONNECTED: &str = "SELECT count(*) FROM pg_stat_activity
     WHERE application_name = 'brazier-server' AND datname = current_database()";

/// A door of its own to the house's database, with what `change` makes of its configuration.
async fn door(house: &House, change: impl FnOnce(&mut DatabaseConfiguration)) -> Storage {
    let mut configuration = DatabaseConfiguration::from_url(&house.database.url()).unwrap();
    change(&mut configuration);
    Storage::connect(&configuration, definitions()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_statement_ends_with_its_request_and_its_connection_counts_until_then() {
    let house = House::open().await;
    house.write(create("a", "One")).await;
    let held = Held::lock(&house.database, "LOCK TABLE fhir.resource");
    for _ in 0..3 {
        let reads = (0..8).map(|_| house.storage.read(patient(), "a"));
        let reads = futures::future::join_all(reads);
        assert!(tokio::time::timeout(A_WHILE, reads).await.is_err());
    }
    held.wait_for("0", RUNNING);
    drop(held);
    let found = tokio::time::timeout(SOON, house.storage.read(patient(), "a")).await;
    assert!(matches!(found, Ok(Ok(Current::Found(_)))), "{found:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn transactions_that_are_given_up_never_hold_more_connections_than_there_are() {
    let house = House::open().await;
    house.write(create("a", "One")).await;
    let storage = door(&house, |configuration| configuration.max_connections = 5).await;
    let held = Held::lock(&house.database, "SELECT FROM fhir.resource FOR UPDATE");
    let before: usize = house.database.query(CONNECTED).parse().unwrap();
    for _ in 0..4 {
        let changes = (0..6).map(|number| {
            let storage = &storage;
            async move {
                let transaction = storage.begin(&[number.to_string()]).await.unwrap();
                let write = update("a", "Two", Precondition::None, false);
                transaction.write(definitions(), vec![write], None).await
            }
        });
        let changes = futures::future::join_all(changes);
        assert!(tokio::time::timeout(A_WHILE, changes).await.is_err());
        // All but one of those that are for requests may wait for locks.
        let now: usize = house.database.query(CONNECTED).parse().unwrap();
        assert!(now <= before + 4, "{now} connections, {before} before");
    }
    held.wait_for("0", RUNNING);
    drop(held);
    let again = update("a", "Three", Precondition::None, false);
    let written = tokio::time::timeout(SOON, storage.write(definitions(), vec![again], None)).await;
    assert_eq!(written.unwrap().unwrap()[0].version, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_waits_for_a_lock_leaves_connections_to_others() {
    let house = House::open().await;
    house.write(create("a", "One")).await;
    let text = ["Patient?identifier=1".to_owned()];
    // With the same criteria, and all that change one resource, which the first one holds.
    let first = house.storage.begin(&text).await.unwrap();
    first.lock(&[(patient(), "a")]).await.unwrap();
    let waiting: Vec<_> = (0..32)
        .map(|number| {
            let (storage, text) = (house.storage.clone(), text.clone());
            tokio::spawn(async move {
                if number % 2 == 0 {
                    storage.begin(&text).await?.commit().await
                } else {
                    let write = update("a", "Two", Precondition::None, false);
                    storage.write(definitions(), vec![write], None).await.map(drop)
                }
            })
        })
        .collect();
    tokio::time::sleep(A_WHILE).await;
    let found = tokio::time::timeout(SOON, house.storage.read(patient(), "a")).await;
    assert!(matches!(found, Ok(Ok(Current::Found(_)))), "{found:?}");
    first.commit().await.unwrap();
    for waited in futures::future::join_all(waiting).await {
        waited.unwrap().unwrap();
    }
    assert_eq!(
        house
            .database
            .query("SELECT version FROM fhir.resource WHERE id = 'a'"),
        "17"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_database_ends_what_takes_too_long() {
    let house = House::open().await;
    house.write(create("a", "One")).await;
    let storage = door(&house, |configuration| {
        configuration.statement_timeout = A_WHILE;
    })
    .await;
    let idle = storage.begin(&[]).await.unwrap();
    idle.lock(&[(patient(), "a")]).await.unwrap();
    let write = || vec![update("a", "Two", Precondition::None, false)];
    let waited = tokio::time::timeout(SOON, storage.write(definitions(), write(), None)).await;
    assert!(
        matches!(waited, Ok(Ok(_) | Err(StorageError::Locked))),
        "{waited:?}"
    );
    // The transaction in which nothing happened is over, and with it its lock.
    let written = tokio::time::timeout(SOON, house.storage.write(definitions(), write(), None)).await;
    assert!(matches!(written, Ok(Ok(_))), "{written:?}");
    assert!(idle.commit().await.is_err());

    let held = Held::lock(&house.database, "SELECT FROM fhir.resource FOR UPDATE");
    let locked = tokio::time::timeout(SOON, storage.write(definitions(), write(), None)).await;
    assert!(matches!(locked, Ok(Err(StorageError::Locked))), "{locked:?}");
    drop(held);
}

#[tokio::test]
async fn what_one_asks_costs_those_who_were_asked_with_it_nothing() {
    let house = House::open().await;
    for number in 0..40 {
        house.write(create(&format!("p{number}"), "Name")).await;
    }
    // No text of the database holds a NUL, so that this one's statement is refused.
    let ids = (0..40).map(|number| match number % 10 {
        3 => format!("p{number}\0"),
        _ => format!("p{number}"),
    });
    let ids: Vec<String> = ids.collect();
    let reads = ids.iter().map(|id| {
        let record = super::trail::record("read", 200);
        house.storage.read_recorded(patient(), id, record)
    });
    for (id, answer) in ids.iter().zip(futures::future::join_all(reads).await) {
        match answer {
            Ok((Current::Found(found), true)) => assert_eq!(found.id, *id),
            Err(StorageError::Internal(_)) => assert!(id.ends_with('\0'), "{id}"),
            other => panic!("{id}: {other:?}"),
        }
    }
    let recorded = "SELECT count(*) FROM fhir.access_record WHERE interaction = 'read'";
    assert_eq!(house.database.query(recorded), "36");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_gave_up_on_what_is_done_all_the_same_leaves_one_record() {
    let house = House::open().await;
    house.write(create("a", "One")).await;
    for given_up in ["read", "search-type"] {
        let held = Held::lock(&house.database, "LOCK TABLE fhir.access_record IN SHARE MODE");
        let storage = house.storage.for_request();
        let base = super::trail::record(given_up, 200);
        let record = |status| AccessRecord {
            status,
            ..base.clone()
        };
        let asked = async {
            match given_up {
                "read" => storage.read_recorded(patient(), "a", record(200)).await.map(drop),
                _ => storage.record_access(record(200)).await,
            }
        };
        assert!(tokio::time::timeout(A_WHILE, asked).await.is_err());
        let (failed, ()) = tokio::join!(storage.record_failure(record(503)), async { drop(held) });
        failed.unwrap();
        let recorded = house.database.query(&format!(
            "SELECT string_agg(status::text, ',') FROM fhir.access_record WHERE interaction = '{given_up}'"
        ));
        assert_eq!(recorded, "200", "{given_up}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn records_whose_connection_breaks_are_written_on_another() {
    let house = House::open().await;
    let held = Held::lock(&house.database, "LOCK TABLE fhir.access_record IN SHARE MODE");
    let storage = house.storage.clone();
    let recording = tokio::spawn(async move {
        let records = (0..20).map(|number| AccessRecord {
            resource_id: Some(number.to_string()),
            ..super::trail::record("search-type", 200)
        });
        storage.record_accesses(records.collect()).await
    });
    held.wait_for("1", RUNNING);
    house
        .database
        .query(&RUNNING.replace("count(*)", "pg_terminate_backend(pid)"));
    drop(held);
    recording.await.unwrap().unwrap();
    let recorded = "SELECT count(*) FROM fhir.access_record WHERE interaction = 'search-type'";
    assert_eq!(house.database.query(recorded), "20");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_ended_a_statement_is_told_apart() {
    let house = House::open().await;
    house.write(create("a", "One")).await;
    let hurried = door(&house, |configuration| {
        configuration.statement_timeout = A_WHILE;
    })
    .await;
    // Whoever reads resources sleeps.
    house.database.query(
        "ALTER TABLE fhir.resource RENAME TO stored;
         CREATE VIEW fhir.resource AS SELECT stored.* FROM fhir.stored CROSS JOIN (SELECT pg_sleep(60)) AS slow",
    );
    let ended = tokio::time::timeout(SOON, hurried.read(patient(), "a")).await;
    assert!(matches!(ended, Ok(Err(StorageError::TooCostly))), "{ended:?}");

    let storage = house.storage.clone();
    let cancelled = tokio::spawn(async move { storage.read(patient(), "a").await });
    let cancel = "SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity
         WHERE application_name = 'brazier-server' AND datname = current_database() AND wait_event = 'PgSleep'";
    let begun = Instant::now();
    while house.database.query(cancel) != "1" {
        assert!(begun.elapsed() < SOON, "nothing was cancelled");
        std::thread::sleep(Duration::from_millis(20));
    }
    let cancelled = tokio::time::timeout(SOON, cancelled).await.unwrap().unwrap();
    assert!(
        matches!(&cancelled, Err(StorageError::Unavailable(reason)) if reason.contains("user request")),
        "{cancelled:?}"
    );
}
