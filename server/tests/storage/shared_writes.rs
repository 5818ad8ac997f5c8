//! Changes of single resources that are made together: each has its own outcome and its own record, none waits for what another
//! one waits for, and nobody is told of a change that is not there.

use std::time::{Duration, Instant};

use brazier_server::audit::AccessRecord;
use brazier_server::configuration::database::DatabaseConfiguration;
use brazier_server::storage::{Precondition, Storage, StorageError, Write, Written};

use super::trail::record;
use super::{House, create, delete, patient, update};
use crate::fixture::definitions;

/// The longest that a test waits for what should come at once.
const SOON: Duration = Duration::from_secs(20);

async fn write(house: &House, interaction: &str, status: u16, write: Write) -> Result<Written, StorageError> {
    let record = AccessRecord {
        resource_id: Some(write.id.clone()),
        ..record(interaction, status)
    };
    let written = house.storage.write(definitions(), vec![write], Some(record));
    written.await.map(|mut written| written.remove(0))
}

/// How many versions of resources there are, how many records of a change, and how many of both go together.
const VERSIONS_AND_RECORDS: &str = "WITH version AS (
         SELECT id, version FROM fhir.resource UNION ALL
         SELECT id, version FROM fhir.resource_history
     )
     SELECT (SELECT count(*) FROM version), (SELECT count(*) FROM fhir.access_record),
         (SELECT count(*) FROM version JOIN fhir.access_record AS record
          ON record.resource_id = version.id AND record.version = version.version)";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_of_many_changes_has_its_own_outcome_and_record() {
    let house = House::open().await;
    for number in 0..20 {
        write(&house, "create", 201, create(&format!("old{number}"), "One"))
            .await
            .unwrap();
    }
    let house = &house;
    let creates = (0..60).map(|number| write(house, "create", 201, create(&format!("new{number}"), "One")));
    let updates = (0..10).map(|number| {
        let change = update(&format!("old{number}"), "Two", Precondition::Version(1), false);
        write(house, "update", 200, change)
    });
    let conflicts = (0..10).map(|number| {
        let change = update(&format!("old{number}"), "No", Precondition::Version(7), false);
        write(house, "update", 200, change)
    });
    let deletes = (10..19).map(|number| {
        let change = delete(&format!("old{number}"), Precondition::None);
        write(house, "delete", 204, change)
    });
    let same = (0..10).map(|_| {
        write(
            house,
            "update",
            200,
            update("old19", "More", Precondition::None, false),
        )
    });
    let all = async {
        tokio::join!(
            futures::future::join_all(creates),
            futures::future::join_all(updates),
            futures::future::join_all(conflicts),
            futures::future::join_all(deletes),
            futures::future::join_all(same),
        )
    };
    let (creates, updates, conflicts, deletes, same) = tokio::time::timeout(SOON, all).await.unwrap();
    for created in creates {
        let created = created.unwrap();
        assert!(created.created && created.version == 1, "{created:?}");
    }
    for (number, updated) in updates.into_iter().enumerate() {
        let json = updated.unwrap().json;
        assert!(
            json.contains(&format!("\"old{number}\"")) && json.contains("Two"),
            "{json}"
        );
    }
    for (number, conflict) in conflicts.into_iter().enumerate() {
        match conflict {
            Err(StorageError::VersionConflict { id, .. }) => assert_eq!(id, format!("old{number}")),
            other => panic!("{other:?}"),
        }
    }
    assert!(deletes.into_iter().all(|deleted| deleted.unwrap().version == 2));
    let mut versions: Vec<i32> = same.into_iter().map(|updated| updated.unwrap().version).collect();
    versions.sort_unstable();
    assert_eq!(versions, (2..=11).collect::<Vec<i32>>());
    // 20 and 60 first versions, 10 updates, 9 deletions, 10 of one resource.
    assert_eq!(house.database.query(VERSIONS_AND_RECORDS), "109|109|109");
    let commits = "SELECT count(DISTINCT xmin::text) < 100 FROM fhir.access_record";
    assert_eq!(house.database.query(commits), "t", "none was made with others");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_one_waits_for_holds_up_no_other() {
    let house = House::open().await;
    write(&house, "create", 201, create("a", "One")).await.unwrap();
    let holder = house.storage.begin(&[]).await.unwrap();
    holder.lock(&[(patient(), "a")]).await.unwrap();
    let house = &house;
    let waiting = write(
        house,
        "update",
        200,
        update("a", "Two", Precondition::None, false),
    );
    let others = (0..40).map(|number| write(house, "create", 201, create(&format!("b{number}"), "One")));
    let others = tokio::time::timeout(SOON, futures::future::join_all(others));
    let released = async {
        let others = others.await.unwrap();
        assert!(others.iter().all(Result::is_ok), "{others:?}");
        holder.commit().await.unwrap();
    };
    let (updated, ()) = tokio::join!(waiting, released);
    assert_eq!(updated.unwrap().version, 2);
}

/// Commits wait here for a standby that there is not: what they write is on the disk, and nobody has been told.
const WAITING: &str = "SELECT count(*) FROM pg_stat_activity
     WHERE datname = current_database() AND wait_event = 'SyncRep'";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_is_told_of_a_change_when_the_database_ends_before_it_answers() {
    let house = House::open().await;
    let sql = "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = on', current_database()); END $$";
    house.database.query(sql);
    let configuration = DatabaseConfiguration::from_url(&house.database.url()).unwrap();
    let storage = Storage::connect(&configuration, definitions()).await.unwrap();
    let house = House { storage, ..house };
    // All other databases of this cluster commit without waiting.
    house
        .database
        .query("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
    house.database.query("SELECT pg_reload_conf()");
    let creates = (0..24).map(|number| write(&house, "create", 201, create(&format!("n{number}"), "One")));
    let ended = async {
        let begun = Instant::now();
        while house.database.query(WAITING) == "0" {
            assert!(begun.elapsed() < SOON, "no commit waits");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let end = WAITING.replace("count(*)", "count(pg_terminate_backend(pid))");
        while house.database.query(&end) != "0" {
            assert!(begun.elapsed() < SOON, "commits go on waiting");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        house
            .database
            .query("ALTER SYSTEM RESET synchronous_standby_names");
        house.database.query("SELECT pg_reload_conf()");
    };
    let (answers, ()) = tokio::join!(futures::future::join_all(creates), ended);
    let (mut told, mut not_told) = (0, 0);
    for answer in answers {
        match answer {
            Ok(_) => told += 1,
            Err(StorageError::Unavailable(_)) => not_told += 1,
            other => panic!("{other:?}"),
        }
    }
    assert!(not_told > 1, "{told} were told, {not_told} were not");
    let found = house.database.query(VERSIONS_AND_RECORDS);
    let counts: Vec<usize> = found.split('|').map(|count| count.parse().unwrap()).collect();
    // What is there has its record, and what was told of is there.
    assert!(
        counts[0] >= told && counts[1] == counts[0] && counts[2] == counts[0],
        "{found}, {told}"
    );
}
