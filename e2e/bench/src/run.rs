//! The run from start to end: data, environment, floor, a session with the server, report.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use crate::arguments::{Arguments, Part};
use crate::client::Target;
use crate::data::{Bundle, read_bundles, small_part};
use crate::environment::{Postgres, Processes, Server};
use crate::error::BenchError;
use crate::floor;
use crate::limits::judge;
use crate::report::Report;
use crate::results::{Data, FloorRates, Process, Results};
use crate::session::{Session, progress};

/// How long the server is left alone before its idle memory is read.
const QUIET: Duration = Duration::from_secs(3);

/// Resources of a small database.
const SMALL_RESOURCES: usize = 10_000;

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
        (Some(url), _) => {
            let target = Target::parse(url)?;
            let processes = Processes::default();
            let mut session = Session {
                arguments,
                target: &target,
                database: None,
                processes,
                results: &mut results,
            };
            session.run(&bundles).await?;
        }
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
    program: &Path,
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
    if arguments.measures(Part::Search) && arguments.kinds().iter().any(|kind| kind.is_around_one()) {
        measure_small(arguments, program, &postgres, bundles, results).await?;
    }
    let database = postgres.create_database("brazier").await?;
    progress(&format!("Starting {}", program.display()));
    let server = Server::start(program, &database.url(), &postgres.directory().join("server.log")).await?;
    tokio::time::sleep(QUIET).await;
    let idle = server.memory()?;
    let processes = Processes {
        server: Some(server.process()),
        database: Some(postgres.process()),
    };
    let (target, database) = (server.target(), Some(&database));
    Session {
        arguments,
        target,
        database,
        processes,
        results,
    }
    .run(bundles)
    .await?;
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

/// Measures some kinds of search with a small part of the data, on a database and a server of their own.
async fn measure_small(
    arguments: &Arguments,
    program: &Path,
    postgres: &Postgres,
    bundles: &[Bundle],
    results: &mut Results,
) -> Result<(), BenchError> {
    let bundles = small_part(bundles, SMALL_RESOURCES);
    let resources: usize = bundles.iter().map(|bundle| bundle.entries.len()).sum();
    progress(&format!("Importing a small part: {resources} resources"));
    let database = postgres.create_database("small").await?;
    let log = postgres.directory().join("small-server.log");
    let server = Server::start(program, &database.url(), &log).await?;
    let processes = Processes {
        server: Some(server.process()),
        database: Some(postgres.process()),
    };
    Session {
        arguments,
        target: server.target(),
        database: Some(&database),
        processes,
        results,
    }
    .run_small(&bundles)
    .await?;
    server.stop().await?;
    postgres.drop_database(database).await
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
