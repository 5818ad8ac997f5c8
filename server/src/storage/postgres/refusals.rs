//! Refusals of requests without a valid token. Anybody can send such requests, as many as the network bears: of each
//! address the first of a second gets a record of its own before it is answered, the others are counted and get one
//! together when the second is over.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::audit::AuditTrail;
use crate::audit::AccessRecord;
use crate::storage::StorageError;

/// Addresses that are told apart within a second; all others are counted together.
const SOURCES: usize = 64;
/// What one record of many requests is written after, and what it is tried again after.
const PAUSE: Duration = Duration::from_secs(1);
/// How often one is tried again.
const ATTEMPTS: usize = 60;

/// Takes refusals and answers when they are recorded or counted.
#[derive(Clone)]
pub struct Refusals {
    trail: AuditTrail,
    counted: Arc<Mutex<Counted>>,
}

#[derive(Default)]
struct Counted {
    /// Seconds since 1970.
    second: i64,
    /// Addresses of whom this second's first refusal has its record.
    recorded: HashSet<Option<String>>,
    /// What is counted and not yet written, by second and address.
    sums: HashMap<(i64, Option<String>), AccessRecord>,
    /// Whether somebody will write the sums.
    is_awaited: bool,
}

impl Refusals {
    /// Nothing has been refused yet.
    pub fn new(trail: AuditTrail) -> Refusals {
        Refusals {
            trail,
            counted: Arc::default(),
        }
    }

    /// Adds a refusal; it may be answered when this returns.
    ///
    /// # Errors
    /// When the database did not take the first one of a second.
    pub async fn record(&self, record: AccessRecord) -> Result<(), StorageError> {
        let first = self.counted().first_or_sum(record);
        if let Some(first) = first {
            return self.trail.record(first, None).await;
        }
        if !std::mem::replace(&mut self.counted().is_awaited, true) {
            tokio::spawn(self.clone().write_sums());
        }
        Ok(())
    }

    /// Writes what has been counted, once the second is over.
    async fn write_sums(self) {
        tokio::time::sleep(PAUSE).await;
        let sums = {
            let mut counted = self.counted();
            counted.is_awaited = false;
            std::mem::take(&mut counted.sums)
        };
        let writes = sums.into_values().map(|sum| self.write(sum));
        futures::future::join_all(writes).await;
    }

    async fn write(&self, sum: AccessRecord) {
        for _ in 0..ATTEMPTS {
            match self.trail.record(sum.clone(), None).await {
                Ok(()) => return,
                Err(error) => tracing::warn!(%error, "counted refusals are not recorded yet"),
            }
            tokio::time::sleep(PAUSE).await;
        }
        let (requests, source) = (sum.requests, sum.source);
        tracing::error!(requests, source, "counted refusals could not be recorded");
    }

    fn counted(&self) -> MutexGuard<'_, Counted> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counted {
    /// The record, if it is the first one of its address and second; else it is counted.
    fn first_or_sum(&mut self, record: AccessRecord) -> Option<AccessRecord> {
        let second = record.recorded.as_second();
        if self.second != second {
            self.second = second;
            self.recorded.clear();
        }
        if self.recorded.len() < SOURCES && self.recorded.insert(record.source.clone()) {
            return Some(record);
        }
        let mut key = (second, record.source.clone());
        if self.sums.len() >= SOURCES && !self.sums.contains_key(&key) {
            key.1 = None;
        }
        match self.sums.get_mut(&key) {
            Some(sum) => {
                // What each of many asked for is not told: that is what would fill the trail.
                *sum = AccessRecord {
                    recorded: sum.recorded,
                    agent: std::mem::take(&mut sum.agent),
                    interaction: "unknown".to_owned(),
                    status: sum.status,
                    reason: sum.reason.take(),
                    request_id: std::mem::take(&mut sum.request_id),
                    source: key.1,
                    requests: sum.requests.saturating_add(1),
                    ..AccessRecord::default()
                };
            }
            None => {
                self.sums.insert(key, record);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn refusal(second: i64, source: &str) -> AccessRecord {
        AccessRecord {
            recorded: Timestamp::from_second(second).unwrap(),
            source: Some(source.to_owned()),
            query: Some("name=x".to_owned()),
            status: 401,
            ..AccessRecord::default()
        }
    }

    #[test]
    fn the_first_of_an_address_and_second_stands_alone_and_the_others_are_counted() {
        let mut counted = Counted::default();
        assert_eq!(counted.first_or_sum(refusal(1, "a")), Some(refusal(1, "a")));
        for _ in 0..500 {
            assert_eq!(counted.first_or_sum(refusal(1, "a")), None);
        }
        assert!(counted.first_or_sum(refusal(1, "b")).is_some());
        assert!(counted.first_or_sum(refusal(2, "a")).is_some());
        assert_eq!(counted.first_or_sum(refusal(2, "a")), None);
        let sum = |second| &counted.sums[&(second, Some("a".to_owned()))];
        assert_eq!((sum(1).requests, sum(2).requests), (500, 1));
        assert_eq!(sum(1).query, None);
    }

    #[test]
    fn many_addresses_do_not_make_many_records() {
        let mut counted = Counted::default();
        let mut alone = 0;
        for round in 0..3 {
            for address in 0..10_000 {
                let record = refusal(1, &format!("{round} {address}"));
                alone += usize::from(counted.first_or_sum(record).is_some());
            }
        }
        assert_eq!(alone, SOURCES);
        assert!(counted.sums.len() <= SOURCES + 1);
        let summed: u32 = counted.sums.values().map(|sum| sum.requests).sum();
        assert_eq!(summed, 30_000 - u32::try_from(alone).unwrap());
    }
}
