//! The floor: what PostgreSQL itself reaches on this machine, by pgbench, for the least that a FHIR server has to
//! do for a create and for a read. No server over PostgreSQL can be faster; the ratio says how close one comes.

use std::path::Path;

use crate::environment::{Database, Postgres};
use crate::error::BenchError;

/// The size of a stored resource, in bytes.
const RESOURCE_BYTES: usize = 1200;

/// Rows that are there before anything is measured, about as many as the import brings.
const ROWS: u32 = 100_000;

/// Resources in a table, and typed index tables as a FHIR server has them, each with its B-tree.
const TABLES: &str = "
    CREATE TABLE resource (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, content text NOT NULL);
    CREATE TABLE token_index (parameter smallint NOT NULL, system integer NOT NULL, code text NOT NULL, resource bigint NOT NULL);
    CREATE TABLE reference_index (parameter smallint NOT NULL, target bigint NOT NULL, resource bigint NOT NULL);
    CREATE TABLE date_index (parameter smallint NOT NULL, low bigint NOT NULL, high bigint NOT NULL, resource bigint NOT NULL);
    CREATE TABLE quantity_index (parameter smallint NOT NULL, code integer NOT NULL, low numeric NOT NULL, high numeric NOT NULL, resource bigint NOT NULL);
    CREATE INDEX ON token_index (parameter, code, system, resource);
    CREATE INDEX ON reference_index (parameter, target, resource);
    CREATE INDEX ON date_index (parameter, low, high, resource);
    CREATE INDEX ON quantity_index (parameter, code, low, high, resource);";

/// What stands for one resource: a row, and eight index rows, in one statement and so in one round trip.
/// `$content` and `$number` are replaced; `$rows` is where the new resources come from.
const INSERT: &str = "
    WITH new AS (INSERT INTO resource (content) SELECT $content FROM $rows RETURNING id),
    token AS (INSERT INTO token_index SELECT p, p, 'code-' || ($number % 500 + p), id FROM new, generate_series(1, 4) AS p),
    reference AS (INSERT INTO reference_index SELECT p, $number % 1000, id FROM new, generate_series(5, 6) AS p),
    date AS (INSERT INTO date_index SELECT 7, $number * 1000, $number * 1000 + 1000, id FROM new)
    INSERT INTO quantity_index SELECT 8, $number % 100, $number / 100.0, $number / 100.0 + 0.01, id FROM new";

/// What pgbench measured.
#[derive(Debug, Clone, Copy)]
pub struct Floor {
    /// Resources with eight index rows inserted, a second.
    pub inserts: f64,
    /// Resources selected by key, a second.
    pub selects: f64,
}

/// Measures both, in a database that is gone afterwards.
pub async fn measure(postgres: &Postgres, clients: u16, seconds: f64) -> Result<Floor, BenchError> {
    let database = postgres.create_database("floor").await?;
    database.query(TABLES).await?;
    let fill = INSERT
        .replace(
            "$content",
            &format!("substr(repeat(md5(n::text), 40), 1, {RESOURCE_BYTES})"),
        )
        .replace("$rows", &format!("generate_series(1, {ROWS}) AS n"))
        .replace("$number", "id");
    database.query(&fill).await?;
    database.query("VACUUM ANALYZE").await?;
    database.query("CHECKPOINT").await?;

    let select = format!("\\set id random(1, {ROWS})\nSELECT content FROM resource WHERE id = :id;\n");
    let selects = pgbench(
        &database,
        postgres.directory(),
        "select",
        &select,
        clients,
        seconds,
    )
    .await?;

    let insert = INSERT
        .replace("$content", ":content")
        .replace("$rows", "(SELECT 1) AS one")
        .replace("$number", ":number");
    let insert = format!(
        "\\set number random(1, 1000000)\n{};\n",
        insert.trim().replace('\n', " ")
    );
    let inserts = pgbench(
        &database,
        postgres.directory(),
        "insert",
        &insert,
        clients,
        seconds,
    )
    .await?;
    postgres.drop_database(database).await?;
    Ok(Floor { inserts, selects })
}

async fn pgbench(
    database: &Database<'_>,
    directory: &Path,
    name: &str,
    script: &str,
    clients: u16,
    seconds: f64,
) -> Result<f64, BenchError> {
    let file = directory.join(format!("{name}.pgbench"));
    std::fs::write(&file, script).map_err(BenchError::io(format!("write {}", file.display())))?;
    // Not all the same character, and the same in every run.
    let content: String = (0..RESOURCE_BYTES)
        .map(|place| char::from(b'a' + (place * place % 23) as u8))
        .collect();
    let report = database
        .pgbench(&[
            "--no-vacuum".to_owned(),
            "--protocol=prepared".to_owned(),
            format!("--client={clients}"),
            "--jobs=2".to_owned(),
            format!("--time={}", seconds.ceil()),
            format!("--define=content={content}"),
            format!("--file={}", file.display()),
        ])
        .await?;
    let rate = report
        .lines()
        .find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
    rate.ok_or(BenchError::Output {
        command: "pgbench",
        wanted: "tps",
        output: report,
    })
}
