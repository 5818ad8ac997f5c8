//! Remembers for a short time that a FHIR service answered in a way in which nothing can be stored there, so that `/readyz` and
//! `/status` can say so although the service answers when it is asked how it is.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long such an answer counts. After that messages show whether it is over.
const AGE: Duration = Duration::from_secs(10);

/// The newest trouble.
#[derive(Default)]
pub(super) struct Trouble(Mutex<Option<(String, Instant)>>);

impl Trouble {
    /// The service answered in that way.
    pub(super) fn began(&self, reason: String, now: Instant) {
        self.set(Some((reason, now)));
    }

    /// Something was stored.
    pub(super) fn is_over(&self) {
        self.set(None);
    }

    /// What the trouble is, if there was one not long ago.
    pub(super) fn reason(&self, now: Instant) -> Option<String> {
        let newest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = newest
            .as_ref()
            .filter(|(_, since)| now.duration_since(*since) < AGE);
        recent.map(|(reason, _)| reason.clone())
    }

    fn set(&self, newest: Option<(String, Instant)>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = newest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_is_over_with_the_next_success_or_after_a_while() {
        let (trouble, now) = (Trouble::default(), Instant::now());
        assert_eq!(trouble.reason(now), None);
        trouble.began("it answered 423 Locked".to_owned(), now);
        assert_eq!(trouble.reason(now).as_deref(), Some("it answered 423 Locked"));
        assert_eq!(trouble.reason(now + AGE), None);
        trouble.is_over();
        assert_eq!(trouble.reason(now), None);
    }
}
