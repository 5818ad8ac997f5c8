//! The audit trail: a record stands with its write or not at all, and is never changed.

use brazier_server::audit::{AccessRecord, GivenOut};
use brazier_server::storage::Precondition;
use jiff::Timestamp;

use super::{House, create, patient, update};
use crate::fixture::definitions;

pub fn record(interaction: &str, status: u16) -> AccessRecord {
    AccessRecord {
        recorded: Timestamp::now(),
        agent: "system:serviceaccount:team-a:reporting".into(),
        interaction: interaction.into(),
        resource_type: Some("Patient".into()),
        resource_id: Some("a".into()),
        status,
        request_id: "r1".into(),
        source: Some("127.0.0.1".into()),
        resources: 1,
        ..AccessRecord::default()
    }
}

const TRAIL: &str =
    "SELECT string_agg(concat_ws(' ', interaction, resource_id, version, status), ',' ORDER BY access_record)
    FROM fhir.access_record";

#[tokio::test]
async fn a_record_stands_with_its_write() {
    let house = House::open().await;
    house
        .storage
        .write(
            definitions(),
            vec![create("a", "One")],
            Some(record("create", 201)),
        )
        .await
        .unwrap();
    let write = update("a", "Two", Precondition::None, true);
    house
        .storage
        .write(definitions(), vec![write], Some(record("update", 200)))
        .await
        .unwrap();
    let write = update("b", "New", Precondition::None, true);
    house
        .storage
        .write(definitions(), vec![write], Some(record("update", 200)))
        .await
        .unwrap();
    let write = update("a", "x", Precondition::Version(9), true);
    house
        .storage
        .write(definitions(), vec![write], Some(record("update", 200)))
        .await
        .unwrap_err();
    assert_eq!(
        house.database.query(TRAIL).trim(),
        "create a 1 201,update a 2 200,update a 1 201"
    );
}

#[tokio::test]
async fn many_records_at_once_are_all_there_when_they_are_answered() {
    let house = House::open().await;
    let records = (0..200).map(|_| house.storage.record_access(record("read", 403)));
    for result in futures::future::join_all(records).await {
        result.unwrap();
    }
    let count = house
        .database
        .query("SELECT count(*) FROM fhir.access_record WHERE status = 403");
    assert_eq!(count.trim(), "200");
}

#[tokio::test]
async fn records_are_never_changed() {
    let house = House::open().await;
    house.storage.record_access(record("read", 200)).await.unwrap();
    for statement in [
        "UPDATE fhir.access_record SET status = 1",
        "DELETE FROM fhir.access_record",
        "TRUNCATE fhir.access_record",
    ] {
        let guarded = format!(
            "DO $$ BEGIN {statement}; EXCEPTION WHEN raise_exception THEN RAISE NOTICE 'refused'; END $$"
        );
        house.database.query(&guarded);
    }
    assert_eq!(
        house
            .database
            .query("SELECT count(*) FROM fhir.access_record WHERE status = 200")
            .trim(),
        "1"
    );
}

#[tokio::test]
async fn each_change_of_a_write_has_its_record_or_none_has() {
    let house = House::open().await;
    let record_of = |id: &str, status| AccessRecord {
        resource_id: Some(id.to_owned()),
        ..record("update", status)
    };
    let write = async |preconditions: [Precondition; 2]| {
        let [first, second] = preconditions;
        let writes = vec![update("a", "One", first, true), update("b", "Two", second, true)];
        let records = vec![record_of("a", 200), record_of("b", 200)];
        let others = vec![record_of("all", 200)];
        house
            .storage
            .write_each(definitions(), writes, records, others)
            .await
    };
    house.write(create("b", "Zero")).await;
    write([Precondition::None, Precondition::None]).await.unwrap();
    write([Precondition::None, Precondition::Version(9)])
        .await
        .unwrap_err();
    assert_eq!(
        house.database.query(TRAIL).trim(),
        "update a 1 201,update b 2 200,update all 200"
    );
}

#[tokio::test]
async fn what_a_transaction_records_stands_with_it() {
    let house = House::open().await;
    for is_committed in [false, true] {
        let transaction = house.storage.begin(&[]).await.unwrap();
        transaction.record_access(record("read", 200)).await.unwrap();
        let several = vec![record("search-type", 200), record("vread", 200)];
        transaction.record_accesses(several).await.unwrap();
        if is_committed {
            transaction.commit().await.unwrap();
        }
    }
    assert_eq!(
        house.database.query(TRAIL).trim(),
        "read a 200,search-type a 200,vread a 200"
    );
}

#[tokio::test]
async fn what_was_given_out_has_a_name() {
    let house = House::open().await;
    house.write(create("a", "One")).await;
    house.write(update("a", "Two", Precondition::None, false)).await;
    house.write(create("b", "Three")).await;
    let keys = house
        .database
        .query("SELECT string_agg(resource_key::text, ',' ORDER BY id) FROM fhir.resource");
    let keys: Vec<i64> = keys.trim().split(',').map(|key| key.parse().unwrap()).collect();
    let given_out = GivenOut::of([(keys[1], 1), (keys[0], 2), (keys[0], 1)].into_iter());
    let search = AccessRecord {
        given_out,
        ..record("search-type", 200)
    };
    house.storage.record_access(search).await.unwrap();
    let named = house.database.query(
        "SELECT string_agg(concat_ws('/', resource_type, resource_id, version), ',' ORDER BY resource_id, version)
         FROM fhir.given_out",
    );
    assert_eq!(named.trim(), "Patient/a/1,Patient/a/2,Patient/b/1");
}

#[tokio::test]
async fn what_one_request_brings_spoils_no_record_of_another() {
    let house = House::open().await;
    house.write(create("a", "One")).await;
    let hostile = || AccessRecord {
        agent: "https://login.example#a\0b".to_owned(),
        query: Some(format!("name=\0{}", "x".repeat(100_000))),
        reason: Some("\0".to_owned()),
        client_request_id: Some("\0".to_owned()),
        ..record("search-type", 403)
    };
    let (searches, reads): (Vec<_>, Vec<_>) = (0..40)
        .map(|number| {
            let is_hostile = number % 4 == 0;
            let record = if is_hostile {
                hostile()
            } else {
                record("search-type", 200)
            };
            let search = house.storage.record_access(record.clone());
            let read = house.storage.read_recorded(patient(), "a", record);
            (search, read)
        })
        .unzip();
    let (searches, reads) = tokio::join!(
        futures::future::join_all(searches),
        futures::future::join_all(reads)
    );
    assert!(searches.iter().all(Result::is_ok), "{searches:?}");
    assert!(reads.iter().all(Result::is_ok), "{reads:?}");
    let largest = house
        .database
        .query("SELECT max(octet_length(r::text)) FROM fhir.access_record AS r");
    assert!(largest.trim().parse::<u32>().unwrap() < 4096, "{largest}");
}
