//! Keeps a number of clients busy for a while and counts what they did.

use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::future::join_all;
use http::StatusCode;

use crate::client::{Answer, Target};

/// No request of a timed phase may take longer.
const PATIENCE: Duration = Duration::from_secs(60);

/// How many failures are kept with their text.
const FAILURES_SHOWN: usize = 3;

/// By how many bytes an answer may differ from the one that was checked: time stamps, links.
const LENGTH_TOLERANCE: usize = 256;

/// One request of a timed phase.
pub struct Work<'a> {
    /// The path and query.
    pub path: &'a str,
    /// The body to POST; without one it is a GET.
    pub body: Option<Bytes>,
    /// What a right answer looks like from afar: the contents were checked before.
    pub accept: Accept,
}

/// What is looked at in the answers of a timed phase.
#[derive(Debug, Clone, Copy)]
pub enum Accept {
    /// The HTTP status has to be this one.
    Status(StatusCode),
    /// 200, and about as long as the answer that was checked.
    Length(usize),
}

impl Accept {
    fn accepts(self, answer: &Answer) -> bool {
        match self {
            Accept::Status(status) => answer.status == status,
            Accept::Length(length) => {
                answer.status == StatusCode::OK && answer.body.len().abs_diff(length) <= LENGTH_TOLERANCE
            }
        }
    }
}

/// What a phase did.
#[derive(Debug, Default)]
pub struct Measured {
    /// How long it took.
    pub elapsed: Duration,
    /// How long each request with a right answer took, in microseconds, shortest first.
    pub latencies: Vec<u32>,
    /// How many requests failed or were answered wrongly.
    pub failures: u64,
    /// The first few of those.
    pub failure_texts: Vec<String>,
}

impl Measured {
    /// Right answers a second.
    pub fn rate(&self) -> f64 {
        self.latencies.len() as f64 / self.elapsed.as_secs_f64().max(f64::EPSILON)
    }

    /// The latency, in milliseconds, that `share` (0 to 1) of the requests stayed under.
    pub fn percentile(&self, share: f64) -> f64 {
        let last = self.latencies.len().saturating_sub(1);
        let place = (last as f64 * share).round() as usize;
        self.latencies
            .get(place)
            .map_or(0.0, |micros| f64::from(*micros) / 1000.0)
    }

    fn add(&mut self, other: Measured) {
        self.latencies.extend(other.latencies);
        self.failures += other.failures;
        self.failure_texts.extend(other.failure_texts);
        self.failure_texts.truncate(FAILURES_SHOWN);
    }
}

/// Runs requests for `seconds` on `clients` connections. `next` chooses each request; its random numbers are the
/// same in every run.
pub async fn run<'a, F>(target: &Target, clients: u16, seconds: f64, next: F) -> Measured
where
    F: Fn(&mut fastrand::Rng) -> Work<'a>,
{
    let start = Instant::now();
    let end = start + Duration::from_secs_f64(seconds);
    let clients = (0..clients).map(|number| one_client(target, u64::from(number), end, &next));
    let mut total = Measured::default();
    for measured in join_all(clients).await {
        total.add(measured);
    }
    total.elapsed = start.elapsed();
    total.latencies.sort_unstable();
    total
}

async fn one_client<'a, F>(target: &Target, seed: u64, end: Instant, next: &F) -> Measured
where
    F: Fn(&mut fastrand::Rng) -> Work<'a>,
{
    let mut random = fastrand::Rng::with_seed(seed);
    let mut connection = target.connection(PATIENCE);
    let mut measured = Measured::default();
    loop {
        let start = Instant::now();
        if start >= end {
            return measured;
        }
        let Work { path, body, accept } = next(&mut random);
        let answer = match body {
            Some(body) => connection.post(path, body).await,
            None => connection.get(path).await,
        };
        let failure = match answer {
            Ok(answer) if accept.accepts(&answer) => {
                measured
                    .latencies
                    .push(u32::try_from(start.elapsed().as_micros()).unwrap_or(u32::MAX));
                continue;
            }
            Ok(answer) => format!(
                "{path}: expected {accept:?}, got {} bytes: {}",
                answer.body.len(),
                answer.excerpt()
            ),
            Err(error) => error.to_string(),
        };
        measured.failures += 1;
        if measured.failure_texts.len() < FAILURES_SHOWN {
            measured.failure_texts.push(failure);
        }
        // A server that refuses at once would otherwise be asked as fast as the machine can.
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_taken_from_the_sorted_latencies() {
        let measured = Measured {
            latencies: (1..=101).map(|n| n * 1000).collect(),
            ..Measured::default()
        };
        assert_eq!(measured.percentile(0.5), 51.0);
        assert_eq!(measured.percentile(0.99), 100.0);
        assert_eq!(Measured::default().percentile(0.5), 0.0);
    }
}
