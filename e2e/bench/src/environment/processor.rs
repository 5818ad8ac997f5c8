//! The processor time of client, server and database as Linux counts it: who of them a phase kept busy.

use std::time::{Duration, Instant};

use serde::Serialize;

/// Linux counts in hundredths of a second, on every architecture that we run on.
const TICKS_A_SECOND: f64 = 100.0;

/// The processes whose time is counted.
#[derive(Debug, Clone, Copy, Default)]
pub struct Processes {
    /// The server, if it is ours.
    pub server: Option<u32>,
    /// PostgreSQL's first process, if it is ours; its children count with it.
    pub database: Option<u32>,
}

/// How many processors each kept busy.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct ProcessorShare {
    /// This program, which plays all clients.
    pub client: f64,
    /// The server under test; 0 when it is not ours.
    pub server: f64,
    /// All processes of PostgreSQL.
    pub database: f64,
}

/// A reading to count from.
#[derive(Debug, Clone, Copy)]
pub struct Reading {
    at: Instant,
    seconds: ProcessorShare,
}

impl Processes {
    /// Reads all counters.
    pub fn read(&self) -> Reading {
        let client = Counters::of(std::process::id());
        let server = self.server.and_then(Counters::of);
        let database = self.database.map(with_children).unwrap_or_default();
        let seconds = |counters: Option<Counters>| counters.map_or(0.0, |counters| counters.own);
        let seconds = ProcessorShare {
            client: seconds(client),
            server: seconds(server),
            database,
        };
        Reading {
            at: Instant::now(),
            seconds,
        }
    }

    /// How many processors each kept busy since a reading.
    pub fn share_since(&self, start: Reading) -> ProcessorShare {
        let Reading { at, seconds } = self.read();
        let elapsed = (at - start.at).max(Duration::from_millis(1)).as_secs_f64();
        ProcessorShare {
            client: (seconds.client - start.seconds.client) / elapsed,
            server: (seconds.server - start.seconds.server) / elapsed,
            database: (seconds.database - start.seconds.database) / elapsed,
        }
    }
}

/// Processor time in seconds.
struct Counters {
    parent: u32,
    own: f64,
    ended_children: f64,
}

impl Counters {
    fn of(process: u32) -> Option<Counters> {
        Counters::parse(&std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?)
    }

    /// See proc_pid_stat(5); the program's name, in parentheses, may hold anything.
    fn parse(stat: &str) -> Option<Counters> {
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_ascii_whitespace().collect();
        let seconds = |place: usize| Some(fields.get(place)?.parse::<f64>().ok()? / TICKS_A_SECOND);
        Some(Counters {
            parent: fields.get(1)?.parse().ok()?,
            own: seconds(11)? + seconds(12)?,
            ended_children: seconds(13)? + seconds(14)?,
        })
    }
}

/// The time of a process, of its children, and of those that have ended.
fn with_children(process: u32) -> f64 {
    let first = Counters::of(process).map_or(0.0, |counters| counters.own + counters.ended_children);
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let children = processes
        .filter_map(|entry| Counters::of(entry.file_name().to_str()?.parse().ok()?))
        .filter(|counters| counters.parent == process)
        .map(|counters| counters.own);
    first + children.sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_are_found_behind_a_strange_name() {
        let stat = "42 (a) b (c) S 7 42 42 0 -1 4194304 100 0 0 0 150 50 30 20 20 0 1 0 100 0 0";
        let counters = Counters::parse(stat).unwrap();
        assert_eq!(
            (counters.parent, counters.own, counters.ended_children),
            (7, 2.0, 0.5)
        );
    }

    #[test]
    fn this_process_can_be_read() {
        assert!(Counters::of(std::process::id()).is_some());
    }
}
