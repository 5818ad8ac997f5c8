//! Import: every bundle is POSTed to the base, first what all patients refer to, then the patients by all clients
//! together. Afterwards, off the clock, the answers tell which id each resource got.

use std::cell::Cell;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::future::join_all;
use http::StatusCode;

use crate::client::Target;
use crate::data::Bundle;
use crate::error::BenchError;
use crate::load::Measured;
use crate::population::Population;

/// How long one bundle may take; the largest hold some 10,000 resources.
const PATIENCE: Duration = Duration::from_secs(900);

/// How often it is said how far the import is.
const PROGRESS: Duration = Duration::from_secs(10);

/// An import and what it brought.
pub struct Import<'a> {
    /// What the server holds now.
    pub population: Population<'a>,
    /// Time and latencies of the bundles.
    pub measured: Measured,
    /// What is wrong with the answers.
    pub wrong: Vec<String>,
}

/// The answer to the bundle with a number, and how long it took.
struct Answered {
    bundle: usize,
    latency: Duration,
    answer: Result<Bytes, String>,
}

/// All answers to an import, not looked at yet.
pub struct Sent {
    answers: Vec<Answered>,
    elapsed: Duration,
}

/// Sends all bundles.
pub async fn send(target: &Target, clients: u16, bundles: &[Bundle]) -> Sent {
    let start = Instant::now();
    let shared = bundles.iter().take_while(|bundle| bundle.is_shared()).count();
    let mut answers = send_range(target, 1, bundles, 0..shared, start).await;
    answers.extend(send_range(target, clients, bundles, shared..bundles.len(), start).await);
    Sent {
        answers,
        elapsed: start.elapsed(),
    }
}

impl Sent {
    /// Reads the answers to the bundles that were sent.
    pub fn read(mut self, bundles: &[Bundle]) -> Result<Import<'_>, BenchError> {
        let mut import = Import {
            population: Population::new(),
            measured: Measured {
                elapsed: self.elapsed,
                ..Measured::default()
            },
            wrong: Vec::new(),
        };
        self.answers.sort_by_key(|answered| answered.bundle);
        for Answered {
            bundle,
            latency,
            answer,
        } in self.answers
        {
            let bundle = &bundles[bundle];
            match answer {
                Ok(body) => {
                    let micros = u32::try_from(latency.as_micros()).unwrap_or(u32::MAX);
                    import.measured.latencies.push(micros);
                    import.wrong.extend(import.population.add(bundle, &body));
                }
                Err(reason) => {
                    import.measured.failures += 1;
                    import.wrong.push(format!("import: {}: {reason}", bundle.name));
                }
            }
        }
        import.measured.latencies.sort_unstable();
        if import.population.len() == 0 {
            return Err(BenchError::NothingImported(
                import.wrong.into_iter().next().unwrap_or_default(),
            ));
        }
        Ok(import)
    }
}

async fn send_range(
    target: &Target,
    clients: u16,
    bundles: &[Bundle],
    range: std::ops::Range<usize>,
    start: Instant,
) -> Vec<Answered> {
    let next = Cell::new(range.start);
    let said = Cell::new(start);
    let workers = (0..clients).map(|_| async {
        let mut connection = target.connection(PATIENCE);
        let mut answers = Vec::new();
        loop {
            let bundle = next.get();
            if bundle >= range.end {
                return answers;
            }
            next.set(bundle + 1);
            let sent = Instant::now();
            let answer = connection
                .post(&target.path(""), bundles[bundle].body.clone())
                .await;
            let answer = match answer {
                Ok(answer) if answer.status == StatusCode::OK => Ok(answer.body),
                Ok(answer) => Err(answer.excerpt()),
                Err(error) => Err(error.to_string()),
            };
            answers.push(Answered {
                bundle,
                latency: sent.elapsed(),
                answer,
            });
            if said.get().elapsed() > PROGRESS {
                said.set(Instant::now());
                eprintln!(
                    "  {} of {} bundles sent, {} s",
                    next.get(),
                    bundles.len(),
                    start.elapsed().as_secs()
                );
            }
        }
    });
    join_all(workers).await.into_iter().flatten().collect()
}
