//! Versions count from 1 without gaps, over deletion too; preconditions hold; a refused write leaves nothing.

use brazier_server::storage::{Current, Precondition, StorageError};

use super::{House, create, delete, patient, update};
use crate::fixture::definitions;

#[tokio::test]
async fn a_resource_lives_through_create_update_delete_and_comes_back() {
    let house = House::open().await;
    let created = house.write(create("a", "One")).await;
    assert_eq!((created.version, created.created), (1, true));
    let expected = format!(
        r#"{{"resourceType":"Patient","id":"a","meta":{{"versionId":"1","lastUpdated":"{:.3}"}},"name":[{{"family":"One"}}]}}"#,
        created.last_updated
    );
    assert_eq!(created.json, expected);
    let Current::Found(read) = house.storage.read(patient(), "a").await.unwrap() else {
        panic!("not found")
    };
    assert_eq!(read.json, expected);

    let updated = house
        .write(update("a", "Two", Precondition::Version(1), false))
        .await;
    assert_eq!((updated.version, updated.created), (2, false));
    assert!(updated.last_updated > created.last_updated);

    let deleted = house.write(delete("a", Precondition::None)).await;
    assert_eq!(
        (deleted.version, deleted.created, deleted.json.as_str()),
        (3, false, "")
    );
    let current = house.storage.read(patient(), "a").await.unwrap();
    assert!(
        matches!(current, Current::Deleted { version: 3, .. }),
        "{current:?}"
    );
    assert_eq!(house.write(delete("a", Precondition::None)).await.version, 0);

    let back = house.write(update("a", "Four", Precondition::None, true)).await;
    assert_eq!((back.version, back.created), (4, true));
    let Current::Found(old) = house.storage.vread(patient(), "a", 2).await.unwrap() else {
        panic!("not found")
    };
    assert_eq!(old.json, updated.json);
    assert!(matches!(
        house.storage.vread(patient(), "a", 3).await.unwrap(),
        Current::Deleted { .. }
    ));
    assert_eq!(
        house.storage.vread(patient(), "a", 5).await.unwrap(),
        Current::Unknown
    );
    assert_eq!(
        house.storage.read(patient(), "b").await.unwrap(),
        Current::Unknown
    );
}

#[tokio::test]
async fn preconditions_are_refused_with_what_is_there() {
    let house = House::open().await;
    house.write(create("a", "One")).await;
    let refused = async |write| {
        house
            .storage
            .write(definitions(), vec![write], None)
            .await
            .unwrap_err()
    };
    let error = refused(update("a", "x", Precondition::Version(7), true)).await;
    assert!(
        matches!(error, StorageError::VersionConflict { current: Some(1), .. }),
        "{error:?}"
    );
    let error = refused(update("a", "x", Precondition::Absent, true)).await;
    assert!(matches!(error, StorageError::AlreadyExists { .. }), "{error:?}");
    let error = refused(update("new", "x", Precondition::None, false)).await;
    assert!(matches!(error, StorageError::DoesNotExist { .. }), "{error:?}");
    let error = refused(update("new", "x", Precondition::Version(1), true)).await;
    assert!(
        matches!(error, StorageError::VersionConflict { current: None, .. }),
        "{error:?}"
    );
    let error = refused(delete("a", Precondition::Version(2))).await;
    assert!(
        matches!(error, StorageError::VersionConflict { current: Some(1), .. }),
        "{error:?}"
    );
}

#[tokio::test]
async fn several_changes_stand_or_fall_together() {
    let house = House::open().await;
    house.write(create("a", "One")).await;
    let writes = vec![
        create("b", "New"),
        update("a", "Two", Precondition::None, true),
        update("c", "Three", Precondition::None, true),
        delete("nothing", Precondition::None),
    ];
    let done = house.storage.write(definitions(), writes, None).await.unwrap();
    let versions: Vec<_> = done
        .iter()
        .map(|written| (written.version, written.created))
        .collect();
    assert_eq!(versions, [(1, true), (2, false), (1, true), (0, false)]);

    let refused = vec![create("d", "x"), update("a", "x", Precondition::Version(1), true)];
    assert!(house.storage.write(definitions(), refused, None).await.is_err());
    assert_eq!(
        house.storage.read(patient(), "d").await.unwrap(),
        Current::Unknown
    );
    let Current::Found(read) = house.storage.read(patient(), "a").await.unwrap() else {
        panic!("not found")
    };
    assert_eq!(read.version, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn writers_of_one_resource_take_turns() {
    let house = House::open().await;
    let writers = (0..8).map(|writer| {
        let storage = house.storage.clone();
        tokio::spawn(async move {
            let mut versions = Vec::new();
            for turn in 0..20 {
                let write = update("a", &format!("{writer}-{turn}"), Precondition::None, true);
                versions.push(storage.write(definitions(), vec![write], None).await.unwrap()[0].version);
            }
            versions
        })
    });
    let mut versions: Vec<i32> = futures::future::join_all(writers)
        .await
        .into_iter()
        .flat_map(Result::unwrap)
        .collect();
    versions.sort_unstable();
    assert_eq!(versions, (1..=160).collect::<Vec<_>>());
}
