//! When to look again: after a success, and after each kind of error.

use std::{collections::HashMap, sync::Mutex, time::Duration};

use kube::runtime::controller::Action;

use crate::error::Category;

/// How long after a success everything is checked again, should an event have been missed.
const RESYNC: Duration = Duration::from_secs(600);

/// Counts errors in a row for each object, for waiting longer each time.
#[derive(Debug, Default)]
pub struct Backoff {
    attempts: Mutex<HashMap<String, u32>>,
}

impl Backoff {
    /// An error happened to `object`: when to try again.
    pub fn after(&self, object: &str, category: Category) -> Action {
        let attempt = self.attempts.lock().map_or(0, |mut attempts| {
            let count = attempts.entry(object.to_string()).or_default();
            *count = count.saturating_add(1);
            *count
        });
        let (first, longest) = match category {
            Category::Passing => (Duration::from_millis(500), Duration::from_secs(5)),
            Category::Unavailable => (Duration::from_secs(1), Duration::from_secs(30)),
            // What is put right elsewhere wakes nobody, so it is looked at twice a minute at the least.
            Category::Refused | Category::Internal => (Duration::from_secs(5), Duration::from_secs(30)),
            Category::Invalid | Category::Unreadable => (Duration::from_secs(10), Duration::from_secs(30)),
        };
        Action::requeue(
            first
                .saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(1).min(16)))
                .min(longest),
        )
    }

    /// Forgets all objects but those for which `is_there` holds.
    pub fn retain(&self, is_there: impl Fn(&str) -> bool) {
        if let Ok(mut attempts) = self.attempts.lock() {
            attempts.retain(|object, _| is_there(object));
        }
    }

    /// `object` is well again.
    pub fn forget(&self, object: &str) {
        if let Ok(mut attempts) = self.attempts.lock() {
            attempts.remove(object);
        }
    }
}

/// All is well: look again after `soonest`, at the latest after the resync time.
pub fn settled(soonest: Option<Duration>) -> Action {
    Action::requeue(soonest.unwrap_or(RESYNC).min(RESYNC))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_in_a_row_wait_longer_up_to_a_limit() {
        let backoff = Backoff::default();
        assert_eq!(
            backoff.after("a", Category::Passing),
            Action::requeue(Duration::from_millis(500))
        );
        assert_eq!(
            backoff.after("a", Category::Passing),
            Action::requeue(Duration::from_secs(1))
        );
        assert_eq!(
            backoff.after("b", Category::Passing),
            Action::requeue(Duration::from_millis(500))
        );
        for _ in 0..100 {
            backoff.after("a", Category::Passing);
        }
        assert_eq!(
            backoff.after("a", Category::Passing),
            Action::requeue(Duration::from_secs(5))
        );
        backoff.forget("a");
        assert_eq!(
            backoff.after("a", Category::Passing),
            Action::requeue(Duration::from_millis(500))
        );
    }
}
