//! The audit trail: a record stands with its write or not at all, and is never changed.

use brazier_server::audit::AccessRecord;
use brazier_server::storage::Precondition;
use jiff::Timestamp;

use super::{House, create, update};
use crate::fixture::definitions;

pub fn record(interaction: &str, status: u16) -> AccessRecord {
    AccessRecord {
        recorded: Timestamp::now(),
        agent: "system:serviceaccount:team-a:reporting".into(),
        interaction: interaction.into(),
        resource_type: Some("Patient".into()),
        resource_id: Some("a".into()),
        version: None,
        query: None,
        status,
        reason: None,
        request_id: "r1".into(),
        source: Some("127.0.0.1".into()),
        resources: 1,
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
