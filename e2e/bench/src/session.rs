//! A session with a server, ours or another: import, then checks and measurements, phase after phase.

use std::future::Future;
use std::time::Duration;

use http::StatusCode;
use serde_json::Value;

use crate::arguments::{Arguments, Part};
use crate::client::Target;
use crate::data::Bundle;
use crate::environment::{Database, Processes};
use crate::error::BenchError;
use crate::load::Measured;
use crate::phase::search::CheckedKind;
use crate::phase::{create, import, read, search};
use crate::population::Population;
use crate::results::{DatabaseSize, Phase, Results, SMALL};
use crate::search::Kind;

/// How many relations are listed by size.
const LARGEST: usize = 12;

/// How many wrong answers of one check are told.
const WRONG_TOLD: usize = 5;

/// What the phases work with.
pub struct Session<'a> {
    /// What the command line asks for.
    pub arguments: &'a Arguments,
    /// Where the server under test answers.
    pub target: &'a Target,
    /// Its database, if that is ours.
    pub database: Option<&'a Database<'a>>,
    /// The processes whose time is counted.
    pub processes: Processes,
    /// Where the results go.
    pub results: &'a mut Results,
}

impl Session<'_> {
    /// Imports, checks and measures.
    pub async fn run(&mut self, bundles: &[Bundle]) -> Result<(), BenchError> {
        self.refuse_filled().await?;
        let population = self.import(bundles).await?;
        if let Some(database) = self.database {
            self.measure_database(database).await?;
        }
        self.read(&population).await?;
        if self.arguments.measures(Part::Search) {
            self.search(&population).await?;
        }
        if self.arguments.measures(Part::Create) {
            self.create(&population).await?;
        }
        Ok(())
    }

    /// Imports a small part of the data, and measures the searches that must not take longer in a large database.
    pub async fn run_small(&mut self, bundles: &[Bundle]) -> Result<(), BenchError> {
        let sent = import::send(self.target, self.arguments.clients, bundles).await;
        let imported = sent.read(bundles)?;
        self.note_wrong(imported.wrong);
        let population = imported.population;
        if let Some(database) = self.database {
            database
                .settle(Duration::from_secs_f64(self.arguments.lengths().settle))
                .await?;
        }
        let mut kinds = Vec::new();
        for kind in self.arguments.kinds() {
            if kind.is_around_one() {
                kinds.push(self.check(&population, kind).await?);
            }
        }
        self.searches(&kinds, SMALL).await;
        Ok(())
    }

    /// The expectations hold only where nothing but the bundles is stored.
    async fn refuse_filled(&self) -> Result<(), BenchError> {
        let path = self.target.path("Patient?_count=1");
        let answer = self.target.connection(Duration::from_secs(60)).get(&path).await?;
        if answer.status != StatusCode::OK {
            return Err(BenchError::NotServing {
                path,
                reason: answer.excerpt(),
            });
        }
        let bundle: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        match bundle.get("entry").and_then(Value::as_array) {
            Some(entries) if !entries.is_empty() => Err(BenchError::NotEmpty(path)),
            _ => Ok(()),
        }
    }

    async fn import<'b>(&mut self, bundles: &'b [Bundle]) -> Result<Population<'b>, BenchError> {
        progress("Importing");
        let start = self.processes.read();
        let sent = import::send(self.target, self.arguments.clients, bundles).await;
        let processors = self.processes.share_since(start);
        let imported = sent.read(bundles)?;
        let rate = imported.population.len() as f64 / imported.measured.elapsed.as_secs_f64();
        progress(&format!("  {rate:.0} resources a second"));
        self.results.phases.push(Phase {
            rate,
            floor_ratio: self.inserts().map(|floor| rate / floor),
            processors,
            wrong: !imported.wrong.is_empty(),
            ..Phase::new("import", &imported.measured, None)
        });
        self.note_wrong(imported.wrong);
        Ok(imported.population)
    }

    async fn measure_database(&mut self, database: &Database<'_>) -> Result<(), BenchError> {
        let megabytes = database.bytes().await? as f64 / 1e6;
        let largest = database.largest(LARGEST).await?;
        let largest = largest
            .into_iter()
            .map(|relation| (relation.name, relation.bytes as f64 / 1e6))
            .collect();
        self.results.database = Some(DatabaseSize { megabytes, largest });
        let settle = Duration::from_secs_f64(self.arguments.lengths().settle);
        let waited = database.settle(settle).await?;
        progress(&format!(
            "  {megabytes:.1} MB; waited {} s for autovacuum",
            waited.as_secs()
        ));
        Ok(())
    }

    async fn read(&mut self, population: &Population<'_>) -> Result<(), BenchError> {
        progress("Comparing what is read with what was sent");
        let wrong = read::check(self.target, population).await?;
        let is_wrong = !wrong.is_empty();
        self.note_wrong(wrong);
        if self.arguments.measures(Part::Read) {
            progress("Reading");
            let seconds = self.arguments.lengths().phase;
            let reads = read::run(self.target, self.arguments.clients, seconds, population);
            self.timed("read", self.selects(), is_wrong, reads).await;
        }
        Ok(())
    }

    async fn search(&mut self, population: &Population<'_>) -> Result<(), BenchError> {
        let mut kinds = Vec::new();
        for kind in self.arguments.kinds() {
            kinds.push(self.check(population, kind).await?);
        }
        self.searches(&kinds, "").await;
        kinds.retain(|kind| !kind.kind.is_around_one());
        progress("Measuring the other kinds mixed");
        let (clients, seconds) = (self.arguments.clients, self.arguments.lengths().phase);
        let is_wrong = kinds.iter().any(|kind| kind.wrong_queries > 0);
        let searches = search::run(self.target, clients, seconds, &kinds);
        self.timed("search mix", self.selects(), is_wrong, searches).await;
        Ok(())
    }

    async fn check(&mut self, population: &Population<'_>, kind: Kind) -> Result<CheckedKind, BenchError> {
        progress(&format!("Checking the answers of search {}", kind.name()));
        let checked = search::check_kind(self.target, population, kind).await?;
        self.note_wrong(checked.wrong.clone());
        Ok(checked)
    }

    /// Measures each kind on its own; `where_asked` is added to its name.
    async fn searches(&mut self, kinds: &[CheckedKind], where_asked: &str) {
        let (clients, seconds) = (self.arguments.clients, self.arguments.lengths().kind);
        for kind in kinds {
            let name = format!("search {}{where_asked}", kind.kind.name());
            progress(&format!("Measuring {name}"));
            let searches = search::run(self.target, clients, seconds, std::slice::from_ref(kind));
            self.timed(&name, self.selects(), kind.wrong_queries > 0, searches)
                .await;
        }
    }

    async fn create(&mut self, population: &Population<'_>) -> Result<(), BenchError> {
        let bodies = create::bodies(population)?;
        let mean = create::mean_size(&bodies);
        progress(&format!("Creating Observations of {mean} bytes"));
        let seconds = self.arguments.lengths().phase;
        let creates = create::run(self.target, self.arguments.clients, seconds, &bodies);
        self.timed("create", self.inserts(), false, creates).await;
        Ok(())
    }

    /// Carries out a timed phase and keeps its result.
    async fn timed(
        &mut self,
        name: &str,
        floor: Option<f64>,
        wrong: bool,
        work: impl Future<Output = Measured>,
    ) {
        let start = self.processes.read();
        let measured = work.await;
        let processors = self.processes.share_since(start);
        self.results.phases.push(Phase {
            processors,
            wrong,
            ..Phase::new(name, &measured, floor)
        });
        self.note_wrong(measured.failure_texts);
    }

    fn inserts(&self) -> Option<f64> {
        self.results.floor.as_ref().map(|floor| floor.inserts)
    }

    fn selects(&self) -> Option<f64> {
        self.results.floor.as_ref().map(|floor| floor.selects)
    }

    /// Keeps what is wrong for the report; of many of one kind, the first few and their number.
    fn note_wrong(&mut self, mut wrong: Vec<String>) {
        let more = wrong.len().saturating_sub(WRONG_TOLD);
        wrong.truncate(WRONG_TOLD);
        for text in &wrong {
            progress(&format!("WRONG: {text}"));
        }
        self.results.wrong.extend(wrong);
        if more > 0 {
            self.results.wrong.push(format!("… and {more} more of these"));
        }
    }
}

/// Says on standard error what is being done; standard output is for the results.
pub fn progress(text: &str) {
    eprintln!("{text}");
}
