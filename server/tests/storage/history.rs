//! Pages of a history neither skip nor repeat, and name what brought each version about.

use brazier_server::storage::history::HistoryMethod;
use brazier_server::storage::{HistoryQuery, HistoryScope, Precondition};

use super::{House, create, delete, patient, update};

fn whole(scope: HistoryScope) -> HistoryQuery {
    HistoryQuery {
        scope,
        since: None,
        at: None,
        count: 100,
        cursor: None,
    }
}

#[tokio::test]
async fn an_instance_tells_its_story_newest_first() {
    let house = House::open().await;
    house.write(create("a", "One")).await;
    let second = house.write(update("a", "Two", Precondition::None, true)).await;
    let third = house.write(delete("a", Precondition::None)).await;
    house.write(update("a", "Four", Precondition::None, true)).await;
    house.write(create("other", "x")).await;
    let instance = HistoryScope::Instance(patient(), "a".into());
    let page = house.storage.history(&whole(instance.clone())).await.unwrap();
    let story: Vec<_> = page
        .entries
        .iter()
        .map(|entry| (entry.resource.version, entry.method))
        .collect();
    assert_eq!(
        story,
        [
            (4, HistoryMethod::UpdateCreate),
            (3, HistoryMethod::Delete),
            (2, HistoryMethod::Update),
            (1, HistoryMethod::Create)
        ]
    );
    assert_eq!(page.entries[1].resource.json, "");
    assert_eq!((page.total, page.next), (4, None));

    let since = HistoryQuery {
        since: Some(third.last_updated),
        ..whole(instance.clone())
    };
    assert_eq!(house.storage.history(&since).await.unwrap().total, 2);
    let at = Some((second.last_updated, third.last_updated));
    let page = house
        .storage
        .history(&HistoryQuery {
            at,
            ..whole(instance)
        })
        .await
        .unwrap();
    assert_eq!(
        page.entries
            .iter()
            .map(|entry| entry.resource.version)
            .collect::<Vec<_>>(),
        [2]
    );
}

#[tokio::test]
async fn pages_neither_skip_nor_repeat_while_others_write() {
    let house = House::open().await;
    for number in 0..25 {
        house.write(create(&format!("p{number}"), "x")).await;
        house
            .write(update(&format!("p{number}"), "y", Precondition::None, false))
            .await;
    }
    for (scope, late) in [
        (HistoryScope::System, "late-a"),
        (HistoryScope::Types(vec![patient()]), "late-b"),
    ] {
        let mut seen = Vec::new();
        let mut query = HistoryQuery {
            count: 7,
            ..whole(scope)
        };
        loop {
            let page = house.storage.history(&query).await.unwrap();
            seen.extend(
                page.entries
                    .iter()
                    .map(|entry| (entry.resource.id.clone(), entry.resource.version)),
            );
            house.write(create(&format!("{late}{}", seen.len()), "z")).await;
            query.cursor = page.next;
            if query.cursor.is_none() {
                break;
            }
        }
        let first: Vec<_> = seen.iter().filter(|(id, _)| id.starts_with('p')).collect();
        assert_eq!(first.len(), 50, "{seen:?}");
        let distinct: std::collections::BTreeSet<_> = seen.iter().collect();
        assert_eq!(distinct.len(), seen.len());
    }
}

#[tokio::test]
async fn a_cursor_of_somebody_elses_making_is_refused() {
    let house = House::open().await;
    for cursor in ["", "x", "1-2", "1-2-99999999999", "'; --"] {
        let query = HistoryQuery {
            cursor: Some(cursor.into()),
            ..whole(HistoryScope::System)
        };
        assert!(house.storage.history(&query).await.is_err(), "{cursor}");
    }
}
