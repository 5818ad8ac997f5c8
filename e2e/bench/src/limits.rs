//! What the project promises on a machine with two processors, and whether a run kept it.

use serde::Serialize;

use crate::results::{Results, SMALL};

/// Resources imported, a second.
const IMPORT: f64 = 1500.0;
/// Resources created one by one, a second.
const CREATE: f64 = 1000.0;
/// Resources read, a second.
const READ: f64 = 6000.0;
/// Searches of all kinds mixed, a second.
const SEARCH: f64 = 1200.0;
/// The database after the import, in MB (10^6 bytes).
const DATABASE_MB: f64 = 400.0;
/// The server's resident memory before the first request, in MiB.
const IDLE_MIB: f64 = 64.0;
/// From exec to the first answer, in seconds.
const START_SECONDS: f64 = 1.0;

/// The median time of a search around one patient in the whole data, for that in a small part of it.
const GROWTH: f64 = 1.5;

/// A promise beside what was measured.
#[derive(Debug, Serialize)]
pub struct Limit {
    /// What is promised.
    pub name: String,
    /// The least, or the most, that is allowed.
    pub limit: f64,
    /// What was measured.
    pub measured: f64,
    /// Whether the promise was kept.
    pub met: bool,
}

/// Compares everything that was measured with its limit.
pub fn judge(results: &Results) -> Vec<Limit> {
    let rate = |name: &str| {
        results
            .phases
            .iter()
            .find(|phase| phase.name == name)
            .map(|phase| phase.rate)
    };
    let server = results.server.as_ref();
    let at_least = [
        ("import, resources/s", IMPORT, rate("import")),
        ("create, 1/s", CREATE, rate("create")),
        ("read, 1/s", READ, rate("read")),
        ("search mix, 1/s", SEARCH, rate("search mix")),
    ];
    let below = [
        (
            "database after the import, MB",
            DATABASE_MB,
            results.database.as_ref().map(|database| database.megabytes),
        ),
        ("idle memory, MiB", IDLE_MIB, server.map(|server| server.idle_mib)),
        (
            "start, s",
            START_SECONDS,
            server.map(|server| server.start_seconds),
        ),
    ];
    let at_least = at_least
        .into_iter()
        .map(|(name, limit, measured)| (name.to_owned(), limit, measured, true));
    let below = below
        .into_iter()
        .map(|(name, limit, measured)| (name.to_owned(), limit, measured, false));
    at_least
        .chain(below)
        .chain(growth(results))
        .filter_map(|(name, limit, measured, is_least)| {
            let measured = measured?;
            let met = if is_least {
                measured >= limit
            } else {
                measured < limit
            };
            Some(Limit {
                name,
                limit,
                measured,
                met,
            })
        })
        .collect()
}

/// How much longer searches take in the whole data than in a small part.
fn growth(results: &Results) -> impl Iterator<Item = (String, f64, Option<f64>, bool)> {
    let median = |name: &str| {
        let phase = results.phases.iter().find(|phase| phase.name == name)?;
        Some(phase.milliseconds[0])
    };
    let small = results.phases.iter().filter_map(|phase| {
        let name = phase.name.strip_suffix(SMALL)?;
        let times = median(name)? / phase.milliseconds[0].max(f64::EPSILON);
        Some((
            format!("{name}, times its time when small"),
            GROWTH,
            Some(times),
            false,
        ))
    });
    small.collect::<Vec<_>>().into_iter()
}
