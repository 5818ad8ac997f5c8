//! Conditions: one small builder that keeps transition times right, so that a status that says the same is the
//! same, and is not written again.

use brazier_crds::condition;
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};

/// What is known of one aspect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// `Some` true or false, `None` when it is not known.
    pub holds: Option<bool>,
    /// One CamelCase word, for programs to compare.
    pub reason: &'static str,
    /// What it means and what to do.
    pub message: String,
}

impl Finding {
    /// It is so.
    pub fn yes(reason: &'static str, message: impl Into<String>) -> Self {
        Finding {
            holds: Some(true),
            reason,
            message: message.into(),
        }
    }

    /// It is not so.
    pub fn no(reason: &'static str, message: impl Into<String>) -> Self {
        Finding {
            holds: Some(false),
            reason,
            message: message.into(),
        }
    }

    /// It is not known whether it is so.
    pub fn unknown(reason: &'static str, message: impl Into<String>) -> Self {
        Finding {
            holds: None,
            reason,
            message: message.into(),
        }
    }

    /// Whether it is so.
    pub fn is_yes(&self) -> bool {
        self.holds == Some(true)
    }
}

/// The conditions of one object, next to those that it had.
#[derive(Debug)]
pub struct Conditions<'a> {
    before: &'a [Condition],
    generation: Option<i64>,
    now: Timestamp,
    conditions: Vec<Condition>,
}

impl<'a> Conditions<'a> {
    /// Starts from what was `before`.
    pub fn new(before: &'a [Condition], generation: Option<i64>, now: Timestamp) -> Self {
        Conditions {
            before,
            generation,
            now,
            conditions: Vec::new(),
        }
    }

    /// Adds the condition `type_`.
    #[must_use]
    pub fn with(mut self, type_: &str, finding: &Finding) -> Self {
        let status = match finding.holds {
            Some(true) => "True",
            Some(false) => "False",
            None => "Unknown",
        };
        let since = self
            .before
            .iter()
            .find(|before| before.type_ == type_ && before.status == status)
            .map_or(self.now, |before| before.last_transition_time.0);
        self.conditions.push(Condition {
            type_: type_.to_string(),
            status: status.to_string(),
            reason: finding.reason.to_string(),
            message: finding.message.clone(),
            observed_generation: self.generation,
            last_transition_time: Time(whole_seconds(since)),
        });
        self
    }

    /// Adds Ready and the two that tell why not: Reconciling while it may still come by itself, Stalled when not.
    #[must_use]
    pub fn with_ready(self, ready: &Finding, stalled: bool) -> Self {
        let (reconciling, stalling) = match (ready.is_yes(), stalled) {
            (true, _) => (
                Finding::no(ready.reason, ready.message.clone()),
                Finding::no(ready.reason, ready.message.clone()),
            ),
            (false, true) => (
                Finding::no(ready.reason, ready.message.clone()),
                Finding::yes(ready.reason, ready.message.clone()),
            ),
            (false, false) => (
                Finding::yes(ready.reason, ready.message.clone()),
                Finding::no(ready.reason, ready.message.clone()),
            ),
        };
        self.with(condition::READY, ready)
            .with(condition::RECONCILING, &reconciling)
            .with(condition::STALLED, &stalling)
    }

    /// Adds a condition as it was before, for what could not be looked at this time.
    #[must_use]
    pub fn keeping(mut self, types: &[&str]) -> Self {
        let kept = self
            .before
            .iter()
            .filter(|before| types.contains(&before.type_.as_str()))
            .cloned();
        self.conditions.extend(kept);
        self
    }

    /// All conditions, in the order in which they were added.
    pub fn finish(self) -> Vec<Condition> {
        self.conditions
    }
}

/// The API server keeps times of conditions in whole seconds.
fn whole_seconds(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn the_transition_time_moves_only_with_the_status() {
        let first = Conditions::new(&[], Some(1), at(10))
            .with("Ready", &Finding::no("InProgress", "a"))
            .finish();
        let same = Conditions::new(&first, Some(2), at(20))
            .with("Ready", &Finding::no("Other", "b"))
            .finish();
        assert_eq!(same[0].last_transition_time, Time(at(10)));
        assert_eq!(
            (same[0].reason.as_str(), same[0].observed_generation),
            ("Other", Some(2))
        );
        let other = Conditions::new(&same, Some(2), at(30))
            .with("Ready", &Finding::yes("AsDesired", "c"))
            .finish();
        assert_eq!(other[0].last_transition_time, Time(at(30)));
    }

    #[test]
    fn the_same_findings_give_the_same_conditions() {
        let finding = Finding::no("InProgress", "a");
        let first = Conditions::new(&[], Some(1), at(10))
            .with_ready(&finding, false)
            .finish();
        let again = Conditions::new(&first, Some(1), at(99))
            .with_ready(&finding, false)
            .finish();
        assert_eq!(first, again);
    }

    #[test]
    fn not_ready_is_either_reconciling_or_stalled() {
        let finding = Finding::no("InvalidSpec", "a");
        let holds = |stalled| -> Vec<String> {
            let conditions = Conditions::new(&[], None, at(1))
                .with_ready(&finding, stalled)
                .finish();
            conditions
                .into_iter()
                .filter(|one| one.status == "True")
                .map(|one| one.type_)
                .collect()
        };
        assert_eq!(holds(true), ["Stalled"]);
        assert_eq!(holds(false), ["Reconciling"]);
    }
}
