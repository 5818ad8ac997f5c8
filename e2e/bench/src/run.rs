//! The run from start to end: environment, floor, import, checks, measurements, report.

use std::process::ExitCode;
use std::time::Duration;

use http::StatusCode;

use crate::arguments::{Arguments, Lengths, Part};
use crate::client::Target;
use crate::data::{Bundle, read_bundles};
use crate::environment::{Database, Postgres, Server};
use crate::error::BenchError;
use crate::floor;
use crate::limits::judge;
use crate::phase::{create, import, read, search};
use crate::population::Population;
use crate::report::Report;
use crate::results::{Data, DatabaseSize, FloorRates, Phase, Process, Results};

/// How long the server is left alone before its idle memory is read.
const QUIET: Duration = Duration::from_secs(3);

/// How many relations are listed by size.
const LARGEST: usize = 12;

/// How many wrong answers of one check are told.
const WRONG_TOLD: usize = 5;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Every answer was right, and the limits were met or not enforced.
    Good,
    /// An answer was wrong or failed, or an enforced limit was not met.
    Bad,
}

impl Verdict {
    /// 0 or 1.
    pub fn exit_code(self) -> ExitCode {
        match self {
            Verdict::Good => ExitCode::SUCCESS,
            Verdict::Bad => ExitCode::from(1),
        }
    }
}

/// Runs everything that the command line asks for and prints the results.
pub async fn run(arguments: &Arguments) -> Result<Verdict, BenchError> {
    progress(&format!("Reading the bundles of {}", arguments.data.display()));
    let bundles = read_bundles(&arguments.data)?;
    let mut results = Results {
        clients: arguments.clients,
        processors: std::thread::available_parallelism().map_or(1, usize::from),
        data: Data {
            bundles: bundles.len(),
            resources: bundles.iter().map(|bundle| bundle.entries.len()).sum(),
            megabytes: bundles.iter().map(|bundle| bundle.body.len()).sum::<usize>() as f64 / 1e6,
        },
        ..Results::default()
    };
    match (&arguments.url, &arguments.server) {
        (Some(url), _) => measure(arguments, &Target::parse(url)?, None, &bundles, &mut results).await?,
        (None, Some(server)) => measure_own(arguments, server, &bundles, &mut results).await?,
        (None, None) => {
            return Err(BenchError::Missing {
                program: "a server",
                advice: "give --server or --url",
            });
        }
    }
    conclude(arguments, results)
}

/// Starts PostgreSQL and the server, measures, and stops them.
async fn measure_own(
    arguments: &Arguments,
    program: &std::path::Path,
    bundles: &[Bundle],
    results: &mut Results,
) -> Result<(), BenchError> {
    progress("Starting a PostgreSQL");
    let postgres = Postgres::start(
        &arguments.directory,
        &arguments.postgres_parameter,
        arguments.keep,
    )
    .await?;
    if arguments.measures(Part::Floor) && !arguments.quick {
        progress("Measuring the floor with pgbench");
        let floor = floor::measure(&postgres, arguments.clients, arguments.lengths().phase).await?;
        progress(&format!(
            "  {:.0} inserts, {:.0} selects a second",
            floor.inserts, floor.selects
        ));
        results.floor = Some(FloorRates {
            inserts: floor.inserts,
            selects: floor.selects,
        });
    }
    let database = postgres.create_database("brazier").await?;
    progress(&format!("Starting {}", program.display()));
    let server = Server::start(program, &database.url(), &postgres.directory().join("server.log")).await?;
    tokio::time::sleep(QUIET).await;
    let idle = server.memory()?;
    measure(arguments, server.target(), Some(&database), bundles, results).await?;
    tokio::time::sleep(QUIET).await;
    let rest = server.memory()?;
    results.server = Some(Process {
        start_seconds: server.start.as_secs_f64(),
        idle_mib: idle.resident as f64 / 1024.0,
        peak_mib: rest.peak as f64 / 1024.0,
        rest_mib: rest.resident as f64 / 1024.0,
    });
    server.stop().await
}

/// Imports, checks and measures.
async fn measure(
    arguments: &Arguments,
    target: &Target,
    database: Option<&Database<'_>>,
    bundles: &[Bundle],
    results: &mut Results,
) -> Result<(), BenchError> {
    let lengths = arguments.lengths();
    let inserts = results.floor.as_ref().map(|floor| floor.inserts);
    refuse_filled(target).await?;
    progress("Importing");
    let imported = import::run(target, arguments.clients, bundles).await?;
    let mut phase = Phase::new("import", &imported.measured, None, !imported.wrong.is_empty());
    phase.rate = imported.population.len() as f64 / imported.measured.elapsed.as_secs_f64();
    phase.floor_ratio = inserts.map(|floor| phase.rate / floor);
    progress(&format!("  {:.0} resources a second", phase.rate));
    results.phases.push(phase);
    note_wrong(results, imported.wrong);
    let population = imported.population;
    if let Some(database) = database {
        after_import(database, lengths, results).await?;
    }
    measure_read(arguments, target, &population, results).await?;
    if arguments.measures(Part::Search) {
        measure_search(arguments, target, &population, results).await?;
    }
    if arguments.measures(Part::Create) {
        progress("Creating");
        let created = create::run(target, arguments.clients, lengths.phase, &population).await?;
        progress(&format!("  Observations of {} bytes", created.mean_bytes));
        note_wrong(results, created.measured.failure_texts.clone());
        results
            .phases
            .push(Phase::new("create", &created.measured, inserts, false));
    }
    Ok(())
}

async fn after_import(
    database: &Database<'_>,
    lengths: Lengths,
    results: &mut Results,
) -> Result<(), BenchError> {
    let megabytes = database.bytes().await? as f64 / 1e6;
    let largest = database.largest(LARGEST).await?;
    let largest = largest
        .into_iter()
        .map(|relation| (relation.name, relation.bytes as f64 / 1e6))
        .collect();
    results.database = Some(DatabaseSize { megabytes, largest });
    let waited = database.settle(Duration::from_secs_f64(lengths.settle)).await?;
    progress(&format!(
        "  {megabytes:.1} MB; waited {} s for autovacuum",
        waited.as_secs()
    ));
    Ok(())
}

async fn measure_read(
    arguments: &Arguments,
    target: &Target,
    population: &Population<'_>,
    results: &mut Results,
) -> Result<(), BenchError> {
    let selects = results.floor.as_ref().map(|floor| floor.selects);
    progress("Comparing what is read with what was sent");
    let wrong = read::check(target, population).await?;
    let is_wrong = !wrong.is_empty();
    note_wrong(results, wrong);
    if arguments.measures(Part::Read) {
        progress("Reading");
        let measured = read::run(target, arguments.clients, arguments.lengths().phase, population).await;
        note_wrong(results, measured.failure_texts.clone());
        results
            .phases
            .push(Phase::new("read", &measured, selects, is_wrong));
    }
    Ok(())
}

async fn measure_search(
    arguments: &Arguments,
    target: &Target,
    population: &Population<'_>,
    results: &mut Results,
) -> Result<(), BenchError> {
    let selects = results.floor.as_ref().map(|floor| floor.selects);
    let mut kinds = Vec::new();
    for kind in arguments.kinds() {
        progress(&format!("Checking the answers of search {}", kind.name()));
        let checked = search::check_kind(target, population, kind).await?;
        note_wrong(results, checked.wrong.clone());
        kinds.push(checked);
    }
    for kind in &kinds {
        progress(&format!("Searching {}", kind.kind.name()));
        let measured = search::run(target, arguments.clients, arguments.lengths().kind, &[kind]).await;
        note_wrong(results, measured.failure_texts.clone());
        let name = format!("search {}", kind.kind.name());
        results
            .phases
            .push(Phase::new(name, &measured, selects, kind.wrong_queries > 0));
    }
    progress("Searching all kinds mixed");
    let all: Vec<_> = kinds.iter().collect();
    let measured = search::run(target, arguments.clients, arguments.lengths().phase, &all).await;
    let is_wrong = kinds.iter().any(|kind| kind.wrong_queries > 0);
    results
        .phases
        .push(Phase::new("search mix", &measured, selects, is_wrong));
    Ok(())
}

/// The expectations hold only where nothing but the bundles is stored.
async fn refuse_filled(target: &Target) -> Result<(), BenchError> {
    let path = target.path("Patient?_count=1");
    let answer = target.connection(Duration::from_secs(60)).get(&path).await?;
    if answer.status != StatusCode::OK {
        return Err(BenchError::NotServing {
            path,
            reason: answer.excerpt(),
        });
    }
    let bundle: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    match bundle.get("entry").and_then(serde_json::Value::as_array) {
        Some(entries) if !entries.is_empty() => Err(BenchError::NotEmpty(path)),
        _ => Ok(()),
    }
}

fn conclude(arguments: &Arguments, mut results: Results) -> Result<Verdict, BenchError> {
    if !arguments.quick {
        results.limits = judge(&results);
    }
    println!("{}", Report(&results));
    if let Some(file) = &arguments.json {
        let text = serde_json::to_string_pretty(&results).map_err(|source| BenchError::Bundle {
            file: file.clone(),
            source,
        })?;
        std::fs::write(file, text + "\n").map_err(BenchError::io(format!("write {}", file.display())))?;
    }
    let failed = results.phases.iter().any(|phase| phase.failures > 0);
    let missed = arguments.enforce_limits && results.limits.iter().any(|limit| !limit.met);
    Ok(if failed || missed || !results.wrong.is_empty() {
        Verdict::Bad
    } else {
        Verdict::Good
    })
}

/// Keeps what is wrong for the report; of many of one kind, the first few and their number.
fn note_wrong(results: &mut Results, mut wrong: Vec<String>) {
    let more = wrong.len().saturating_sub(WRONG_TOLD);
    wrong.truncate(WRONG_TOLD);
    for text in &wrong {
        progress(&format!("WRONG: {text}"));
    }
    results.wrong.extend(wrong);
    if more > 0 {
        results.wrong.push(format!("… and {more} more of these"));
    }
}

fn progress(text: &str) {
    eprintln!("{text}");
}
