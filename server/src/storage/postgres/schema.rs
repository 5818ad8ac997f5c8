//! The schema: migrations, forward only, each applied once and in order, under a lock.

use deadpool_postgres::Client;

use super::error::from_database;
use super::pool::SCHEMA;
use crate::definitions::search_parameter::Registry;
use crate::resource::ResourceType;
use crate::storage::StorageError;

/// Number and text of each migration. One that has been released never changes.
const MIGRATIONS: [(i32, &str); 6] = [
    (1, include_str!("migrations/0001_resources.sql")),
    (2, include_str!("migrations/0002_search_index.sql")),
    (3, include_str!("migrations/0003_audit.sql")),
    (4, include_str!("migrations/0004_write.sql")),
    (5, include_str!("migrations/0005_audit_given_out.sql")),
    (6, include_str!("migrations/0006_contained.sql")),
];

/// Any number, the same in every version: one migration runs at a time.
const LOCK: i64 = 0x4252_415a_4945_5201;

/// Brings the database to this version's schema and lets `runtime_role` use it. Everything happens in one
/// transaction: it is there, or nothing is.
///
/// # Errors
/// When the database cannot be reached or refuses, or belongs to a newer version.
pub async fn migrate(
    client: &mut Client,
    registry: &Registry,
    runtime_role: Option<&str>,
) -> Result<(), StorageError> {
    let transaction = client.transaction().await.map_err(from_database)?;
    transaction
        .execute("SELECT pg_advisory_xact_lock($1)", &[&LOCK])
        .await
        .map_err(from_database)?;
    transaction
        .batch_execute(&format!(
            "CREATE SCHEMA IF NOT EXISTS {SCHEMA};
             CREATE TABLE IF NOT EXISTS {SCHEMA}.schema_migration (
                 number integer PRIMARY KEY, applied timestamptz NOT NULL DEFAULT now());"
        ))
        .await
        .map_err(from_database)?;
    let row = transaction
        .query_one("SELECT coalesce(max(number), 0) FROM schema_migration", &[])
        .await
        .map_err(from_database)?;
    let current: i32 = row.get(0);
    let newest = MIGRATIONS[MIGRATIONS.len() - 1].0;
    if current > newest {
        return Err(StorageError::Unavailable(format!(
            "its schema has version {current}, this server knows versions up to {newest}; use a newer server"
        )));
    }
    for (number, sql) in MIGRATIONS.iter().filter(|(number, _)| *number > current) {
        transaction.batch_execute(sql).await.map_err(from_database)?;
        transaction
            .execute("INSERT INTO schema_migration (number) VALUES ($1)", &[number])
            .await
            .map_err(from_database)?;
    }
    let (resource_types, codes): (Vec<i16>, Vec<&str>) = registry
        .all()
        .map(|one| (one.resource_type.number(), one.code.as_str()))
        .unzip();
    transaction
        .execute(
            "INSERT INTO search_parameter (resource_type, code)
             SELECT new.resource_type, new.code
             FROM unnest($1::smallint[], $2::text[]) AS new (resource_type, code)
             WHERE NOT EXISTS (SELECT 1 FROM search_parameter AS old
                               WHERE old.resource_type = new.resource_type AND old.code = new.code)",
            &[&resource_types, &codes],
        )
        .await
        .map_err(from_database)?;
    let (numbers, names): (Vec<i16>, Vec<&str>) = ResourceType::all()
        .map(|resource_type| (resource_type.number(), resource_type.name()))
        .unzip();
    transaction
        .execute(
            "INSERT INTO resource_type (number, name) SELECT * FROM unnest($1::smallint[], $2::text[])
             ON CONFLICT DO NOTHING",
            &[&numbers, &names],
        )
        .await
        .map_err(from_database)?;
    if let Some(role) = runtime_role {
        transaction
            .batch_execute(&grants(role))
            .await
            .map_err(from_database)?;
    }
    transaction.commit().await.map_err(from_database)
}

/// The rights of the role that serves: rows, never tables; of the audit trail and of the search
/// parameters only adding and reading.
fn grants(role: &str) -> String {
    let role = format!("\"{}\"", role.replace('"', "\"\""));
    format!(
        "GRANT USAGE ON SCHEMA {SCHEMA} TO {role};
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {SCHEMA} TO {role};
         REVOKE INSERT, UPDATE, DELETE ON schema_migration, resource_type, given_out FROM {role};
         REVOKE UPDATE, DELETE ON search_parameter FROM {role};
         REVOKE UPDATE, DELETE, TRUNCATE ON access_record FROM {role};
         GRANT USAGE ON ALL SEQUENCES IN SCHEMA {SCHEMA} TO {role};
         REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA {SCHEMA} FROM PUBLIC;
         GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA {SCHEMA} TO {role};"
    )
}
