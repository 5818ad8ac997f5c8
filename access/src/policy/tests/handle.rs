//! Which policy is in force, and who hears of it.

use std::sync::mpsc::channel;

use serde_json::json;

use super::{allows, check, document, readers, service_account, with};
use crate::policy::{AccessPolicy, Origin, PolicyHandle};

fn handle() -> PolicyHandle {
    PolicyHandle::new(AccessPolicy::deny_all(), check)
}

#[test]
fn a_refused_document_changes_nothing() {
    let handle = handle();
    assert!(!handle.is_loaded());
    handle
        .replace(&document("1", &[readers()]), Origin::File)
        .unwrap();
    assert!(handle.is_loaded());
    for origin in [Origin::File, Origin::Push] {
        handle.replace(b"{}", origin).unwrap_err();
        assert_eq!(handle.current().version(), "1");
        assert!(allows(&handle.current(), &service_account("team-a", "reporting")));
    }
}

#[test]
fn a_file_that_lags_behind_a_push_changes_nothing() {
    let handle = handle();
    let replace = |version, origin| handle.replace(&document(version, &[]), origin).unwrap();
    assert_eq!(replace("1", Origin::File), "1");
    assert_eq!(replace("2", Origin::Push), "2");
    assert_eq!(replace("3", Origin::Push), "3");
    assert_eq!(replace("2", Origin::File), "3", "the push of 3 came after 2");
    assert_eq!(
        replace("4", Origin::File),
        "4",
        "nobody has pushed anything newer than 4"
    );
    assert_eq!(
        replace("1", Origin::Push),
        "1",
        "a push is always the newest word"
    );
    assert_eq!(replace("1", Origin::File), "1");
}

#[test]
fn a_file_that_was_edited_without_a_new_version_counts() {
    let handle = handle();
    handle
        .replace(&document("1", &[readers()]), Origin::File)
        .unwrap();
    handle.replace(&document("1", &[]), Origin::File).unwrap();
    assert!(!allows(
        &handle.current(),
        &service_account("team-a", "reporting")
    ));
}

#[test]
fn every_policy_that_comes_into_force_is_told() {
    let (sender, receiver) = channel();
    let handle = handle().telling(move |change| sender.send(change).unwrap());
    let replace = |version, origin| handle.replace(&document(version, &[]), origin).unwrap();
    replace("1", Origin::File);
    replace("2", Origin::Push);
    // To hear it confirmed, late news, and no document.
    replace("2", Origin::Push);
    replace("1", Origin::File);
    handle.replace(b"{}", Origin::Push).unwrap_err();
    let unknown = with(readers(), "dataActions", json!(["readAll"]));
    handle.replace(&document("3", &[unknown]), Origin::Push).unwrap();
    let told: Vec<_> = receiver
        .try_iter()
        .map(|change| {
            (
                change.before,
                change.version,
                change.origin,
                change.ignored.join(","),
            )
        })
        .collect();
    let change = |before: &str, version: &str, origin, ignored: &str| {
        (before.to_owned(), version.to_owned(), origin, ignored.to_owned())
    };
    assert_eq!(
        told,
        [
            change("", "1", Origin::File, ""),
            change("1", "2", Origin::Push, ""),
            change("2", "3", Origin::Push, "readers"),
        ]
    );
}
