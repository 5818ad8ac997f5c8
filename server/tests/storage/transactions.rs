//! Transactions: what they do stands only after a commit, and those with one text take turns.

use brazier_server::storage::Current;

use super::{House, create, patient};
use crate::fixture::definitions;

#[tokio::test]
async fn without_commit_nothing_has_happened() {
    let house = House::open().await;
    let transaction = house.storage.begin(&["x".into()]).await.unwrap();
    transaction
        .write(definitions(), vec![create("a", "One")], None)
        .await
        .unwrap();
    assert!(matches!(
        transaction.read(patient(), "a").await.unwrap(),
        Current::Found(_)
    ));
    assert_eq!(
        house.storage.read(patient(), "a").await.unwrap(),
        Current::Unknown
    );
    drop(transaction);
    assert_eq!(
        house.storage.read(patient(), "a").await.unwrap(),
        Current::Unknown
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_that_would_create_the_same_one_does() {
    let house = House::open().await;
    let attempts = (0..12).map(|number| {
        let storage = house.storage.clone();
        tokio::spawn(async move {
            let transaction = storage.begin(&["Patient?identifier=1".into()]).await.unwrap();
            if transaction.read(patient(), "only").await.unwrap() == Current::Unknown {
                transaction
                    .write(definitions(), vec![create("only", &number.to_string())], None)
                    .await
                    .unwrap();
                transaction.commit().await.unwrap();
                1
            } else {
                0
            }
        })
    });
    let created: i32 = futures::future::join_all(attempts)
        .await
        .into_iter()
        .map(Result::unwrap)
        .sum();
    assert_eq!(created, 1);
}
