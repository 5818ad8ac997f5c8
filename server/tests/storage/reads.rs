//! Reads that come together are answered each with its own, and with what was acknowledged before; each that gives
//! something out is in the audit trail.

use std::time::Duration;

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
