//! Reads that come together are answered each with its own, and with what was acknowledged before; each that gives
//! something out is in the audit trail.

use std::time::Duration;

use brazier_server::budget::{Budget, BudgetError};
use brazier_server::configuration::database::DatabaseConfiguration;
use brazier_server::resource::ResourceType;
use brazier_server::storage::{Current, Precondition, Storage, StorageError};

use super::trail::record;
use super::{House, create, delete, patient, update};
use crate::fixture::definitions;

async fn read(house: &House, kind: ResourceType, id: &str) -> Result<(Current, bool), StorageError> {
    let mut record = record("read", 200);
    record.resource_id = Some(id.to_owned());
    house.storage.read_recorded(kind, id, record).await
}

#[tokio::test]
async fn of_many_reads_at_once_each_gets_its_own_and_is_recorded() {
    let house = House::open().await;
    for number in 0..50 {
        house
            .write(create(&format!("p{number}"), &format!("Name{number}")))
            .await;
    }
    house.write(delete("p7", Precondition::None)).await;
    let organization = ResourceType::parse("Organization").unwrap();
    let wanted: Vec<_> = (0..200)
        .map(|number| {
            let kind = if number % 4 == 3 { organization } else { patient() };
            (kind, format!("p{}", number % 60))
        })
        .collect();
    let reads = wanted.iter().map(|(kind, id)| read(&house, *kind, id));
    let answers = futures::future::join_all(reads).await;
    let mut given_out = Vec::new();
    for ((kind, id), answer) in wanted.iter().zip(answers) {
        let number: u32 = id[1..].parse().unwrap();
        let (current, recorded) = answer.unwrap();
        assert_eq!(recorded, matches!(current, Current::Found(_)));
        match current {
            Current::Unknown => assert!(*kind == organization || number >= 50, "{kind}/{id}"),
            Current::Deleted { version, .. } => assert_eq!((id.as_str(), version), ("p7", 2)),
            Current::Found(found) => {
                assert_eq!((found.resource_type, &found.id), (*kind, id));
                assert!(
                    found.json.contains(&format!("\"Name{number}\"")),
                    "{}",
                    found.json
                );
                given_out.push(id.as_str());
            }
        }
    }
    given_out.sort_unstable();
    let trail = house.database.query(
        "SELECT string_agg(resource_id, ',' ORDER BY resource_id COLLATE \"C\") FROM fhir.access_record
         WHERE interaction = 'read' AND status = 200 AND version = 1",
    );
    assert_eq!(trail.trim(), given_out.join(","));
}

#[tokio::test]
async fn a_read_sees_the_write_that_was_acknowledged_before_it_whatever_else_is_read() {
    let house = House::open().await;
    house.write(create("a", "Name1")).await;
    let others = async {
        for _ in 0..100 {
            futures::future::join_all((0..8).map(|_| read(&house, patient(), "a"))).await;
        }
    };
    let writes = async {
        for version in 2..60 {
            let write = update("a", &format!("Name{version}"), Precondition::None, false);
            house.write(write).await;
            let Ok((Current::Found(found), true)) = read(&house, patient(), "a").await else {
                panic!("not found")
            };
            assert_eq!(found.version, version);
        }
    };
    tokio::join!(others, writes);
}

#[tokio::test]
async fn what_cannot_be_recorded_is_not_given_out() {
    let house = House::open().await;
    house.write(create("a", "One")).await;
    house
        .database
        .query("ALTER TABLE fhir.access_record RENAME TO away");
    let reads = (0..20).map(|_| read(&house, patient(), "a"));
    for answer in futures::future::join_all(reads).await {
        assert!(matches!(answer, Err(StorageError::Internal(_))), "{answer:?}");
    }
    house
        .database
        .query("ALTER TABLE fhir.away RENAME TO access_record");
    let back = read(&house, patient(), "a").await.unwrap();
    assert!(matches!(back, (Current::Found(_), true)), "{back:?}");
}

#[tokio::test]
async fn two_connections_are_enough() {
    let house = House::open().await;
    let mut configuration = DatabaseConfiguration::from_url(&house.database.url()).unwrap();
    configuration.max_connections = 2;
    let storage = Storage::connect(&configuration, definitions()).await.unwrap();
    drop(house.storage);
    let house = House {
        database: house.database,
        storage,
    };
    let house = &house;
    let work = async {
        house.write(create("a", "One")).await;
        let reads = futures::future::join_all((0..20).map(|_| read(house, patient(), "a")));
        let writes = futures::future::join_all((0..5).map(|number| async move {
            let transaction = house.storage.begin(&["name=two".to_owned()]).await.unwrap();
            let write = create(&format!("b{number}"), "Two");
            transaction
                .write(definitions(), vec![write], Some(record("create", 201)))
                .await
                .unwrap();
            transaction.commit().await.unwrap();
        }));
        let (reads, _) = tokio::join!(reads, writes);
        assert!(reads.iter().all(Result::is_ok), "{reads:?}");
    };
    tokio::time::timeout(Duration::from_secs(60), work).await.unwrap();
    let open = house.database.query(
        "SELECT count(*) FROM pg_stat_activity
         WHERE application_name = 'brazier-server' AND datname = current_database()",
    );
    assert_eq!(open.trim(), "2");
}

/// Records of reads that gave something out.
const GIVEN_OUT: &str = "SELECT count(*) FROM fhir.access_record WHERE interaction = 'read' AND status = 200";

/// The bytes that precede a name in a Patient of [`create`] and follow it, as far as they are stored.
const AROUND_A_NAME: usize = r#"},"name":[{"family":""}]}"#.len();

#[tokio::test]
async fn what_is_short_is_recorded_as_it_is_read_and_what_is_long_is_read_whole_and_left_to_be_recorded() {
    let house = House::open().await;
    let mut short = 0;
    for stored in [100, 255, 256, 257, 32_767, 32_768, 65_791, 65_792, 3 << 20] {
        let name = "n".repeat(stored - AROUND_A_NAME);
        let id = format!("of{stored}");
        house.write(create(&id, &name)).await;
        let (current, recorded) = read(&house, patient(), &id).await.unwrap();
        let Current::Found(found) = current else {
            panic!("{id} is not found")
        };
        assert!(found.json.contains(&format!("\"{name}\"")), "{id}");
        assert_eq!(recorded, stored <= 32_767, "{id}");
        short += u32::from(recorded);
        assert_eq!(house.database.query(GIVEN_OUT), short.to_string(), "{id}");
    }
}

#[tokio::test]
async fn what_there_is_no_memory_for_is_not_recorded_as_given_out() {
    let house = House::open().await;
    house.write(create("small", "Name")).await;
    // A few kilobytes as they are stored.
    house.write(create("large", &"n".repeat(8 << 20))).await;
    let budget = Budget::of(64 << 20);
    let refused = budget.count("a").of(read(&house, patient(), "large")).await;
    assert!(
        matches!(refused, Err(StorageError::Budget(BudgetError::TooMuch))),
        "{refused:?}"
    );
    let read_small = || budget.count("a").of(read(&house, patient(), "small"));
    // Others hold all that a principal may.
    let others: Vec<_> = std::iter::from_fn(|| budget.open("a").ok()).collect();
    let refused = read_small().await;
    assert!(
        matches!(refused, Err(StorageError::Budget(BudgetError::Busy))),
        "{refused:?}"
    );
    assert_eq!(house.database.query(GIVEN_OUT), "0");
    drop(others);
    let (_, recorded) = read_small().await.unwrap();
    assert!(recorded);
    assert_eq!(house.database.query(GIVEN_OUT), "1");
}
