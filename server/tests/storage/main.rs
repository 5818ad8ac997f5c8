//! Storage on a real PostgreSQL: what it promises (`src/storage.rs`), one file a promise.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

#[path = "../fixture/mod.rs"]
mod fixture;

mod examples;
mod given_up;
mod history;
mod narrowed;
mod reads;
mod shared_writes;
mod trail;
mod transactions;
mod versions;

use brazier_server::configuration::database::DatabaseConfiguration;
use brazier_server::resource::{Json, Object, ResourceType};
use brazier_server::search::index::IndexEntries;
use brazier_server::storage::{self, Method, Precondition, Storage, Write, Written};
use fixture::definitions;

/// A migrated database of its own and a door to it.
struct House {
    database: fixture::Database,
    storage: Storage,
}

impl House {
    async fn open() -> House {
        let database = fixture::Database::start();
        let configuration = DatabaseConfiguration::from_url(&database.url()).unwrap();
        storage::migrate(&configuration, definitions(), None)
            .await
            .unwrap();
        // A second time changes nothing.
        storage::migrate(&configuration, definitions(), None)
            .await
            .unwrap();
        let storage = Storage::connect(&configuration, definitions()).await.unwrap();
        House { database, storage }
    }

    async fn write(&self, write: Write) -> Written {
        self.storage
            .write(definitions(), vec![write], None)
            .await
            .unwrap()
            .remove(0)
    }
}

fn patient() -> ResourceType {
    ResourceType::parse("Patient").unwrap()
}

fn object(text: &str) -> Object {
    match Json::parse(text.as_bytes()).unwrap() {
        Json::Object(object) => object,
        other => panic!("{other:?}"),
    }
}

fn named(family: &str) -> Object {
    object(&format!(
        r#"{{"resourceType":"Patient","name":[{{"family":"{family}"}}]}}"#
    ))
}

fn create(id: &str, family: &str) -> Write {
    let method = Method::Create {
        resource: named(family),
        index: IndexEntries::default(),
    };
    Write {
        resource_type: patient(),
        id: id.to_owned(),
        method,
    }
}

fn update(id: &str, family: &str, precondition: Precondition, may_create: bool) -> Write {
    let method = Method::Update {
        resource: named(family),
        index: IndexEntries::default(),
        precondition,
        may_create,
    };
    Write {
        resource_type: patient(),
        id: id.to_owned(),
        method,
    }
}

fn delete(id: &str, precondition: Precondition) -> Write {
    Write {
        resource_type: patient(),
        id: id.to_owned(),
        method: Method::Delete { precondition },
    }
}
