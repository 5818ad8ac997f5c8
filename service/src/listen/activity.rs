//! What a connection is doing: which of its requests are the server's to move on, which the client's, and since when.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

/// What a connection is doing.
#[derive(Debug)]
pub struct Activity {
    exchanges: Mutex<Vec<State>>,
    next: AtomicU64,
    /// When a request was last answered in full; at first, when the connection began.
    useful: Mutex<Instant>,
    known: AtomicBool,
}

/// A request and its answer, for as long as they are under way; over when dropped.
#[derive(Debug)]
pub struct Exchange {
    number: u64,
    activity: Arc<Activity>,
    /// Whether the answer went out as a whole.
    answered: AtomicBool,
}

#[derive(Debug, Clone, Copy)]
struct State {
    number: u64,
    /// Whether the client must do something: send the rest of its request, or take the answer.
    is_clients_turn: bool,
    /// When something last moved.
    since: Instant,
}

/// How much a connection would be missed.
#[derive(Debug, Clone, Copy)]
pub struct Standing {
    /// Whether the server is working on an answer.
    pub is_worked_for: bool,
    /// Whether its client has shown who it is.
    pub is_known: bool,
    /// Whether requests are under way.
    pub has_exchanges: bool,
    /// When it was last of use.
    pub useful: Instant,
}

impl Standing {
    /// The smaller, the less it is missed. Of the unknown, what they are about to send counts for nothing.
    pub fn rank(&self) -> (bool, bool, Instant) {
        (self.is_known, self.is_known && self.has_exchanges, self.useful)
    }
}

/// The connection by which a request came. Who has found out that its sender is somebody tells it, so that it is not
/// among the first that make room for others. An extension of requests.
#[derive(Debug, Clone)]
pub struct Vouching(pub(super) Arc<Activity>);

impl Vouching {
    /// The sender has shown who it is.
    pub fn sender_is_known(&self) {
        self.0.know();
    }
}

impl Activity {
    /// That of a connection which has just begun.
    pub fn new() -> Arc<Activity> {
        Arc::new(Activity {
            exchanges: Mutex::default(),
            next: AtomicU64::default(),
            useful: Mutex::new(Instant::now()),
            known: AtomicBool::default(),
        })
    }

    /// A request has come; it is the server's turn.
    pub fn begin(self: &Arc<Self>) -> Arc<Exchange> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        self.exchanges().push(State {
            number,
            is_clients_turn: false,
            since: Instant::now(),
        });
        Arc::new(Exchange {
            number,
            activity: Arc::clone(self),
            answered: AtomicBool::default(),
        })
    }

    /// The client has shown who it is.
    pub fn know(&self) {
        if !self.known.load(Ordering::Relaxed) {
            self.known.store(true, Ordering::Relaxed);
        }
    }

    /// Since when nothing has moved; `None` while the server is working.
    pub fn quiet_since(&self) -> Option<Instant> {
        let exchanges = self.exchanges();
        if exchanges.iter().any(|exchange| !exchange.is_clients_turn) {
            return None;
        }
        let moved = exchanges.iter().map(|exchange| exchange.since).max();
        Some(moved.map_or(self.useful(), |moved| moved.max(self.useful())))
    }

    /// Since when the client has owed something on the request on which it has owed longest.
    pub fn owed_since(&self) -> Option<Instant> {
        let exchanges = self.exchanges();
        let owed = exchanges.iter().filter(|exchange| exchange.is_clients_turn);
        owed.map(|exchange| exchange.since).min()
    }

    /// How much the connection would be missed.
    pub fn standing(&self) -> Standing {
        let exchanges = self.exchanges();
        Standing {
            is_worked_for: exchanges.iter().any(|exchange| !exchange.is_clients_turn),
            is_known: self.known.load(Ordering::Relaxed),
            has_exchanges: !exchanges.is_empty(),
            useful: self.useful(),
        }
    }

    fn useful(&self) -> Instant {
        *self.useful.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn exchanges(&self) -> MutexGuard<'_, Vec<State>> {
        self.exchanges.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Exchange {
    /// It is the client's turn, since now if it was not before.
    pub fn waits(&self) {
        self.change(|state| {
            if !state.is_clients_turn {
                state.since = Instant::now();
            }
            state.is_clients_turn = true;
        });
    }

    /// It is the client's turn, and it has just done something.
    pub fn moved(&self) {
        self.change(|state| {
            state.is_clients_turn = true;
            state.since = Instant::now();
        });
    }

    /// It is the server's turn.
    pub fn is_worked_for(&self) {
        self.change(|state| {
            state.is_clients_turn = false;
            state.since = Instant::now();
        });
    }

    /// The answer has gone out as a whole.
    pub fn is_answered(&self) {
        self.answered.store(true, Ordering::Relaxed);
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut exchanges = self.activity.exchanges();
        let own = exchanges.iter_mut().find(|state| state.number == self.number);
        own.map(change).unwrap_or_default();
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let mut exchanges = self.activity.exchanges();
        exchanges.retain(|state| state.number != self.number);
        if *self.answered.get_mut() {
            *self
                .activity
                .useful
                .lock()
                .unwrap_or_else(PoisonError::into_inner) = Instant::now();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_whose_turn_it_is_and_since_when() {
        let activity = Activity::new();
        let begun = activity.quiet_since().unwrap();
        let request = activity.begin();
        assert_eq!((activity.quiet_since(), activity.owed_since()), (None, None));
        request.waits();
        let waits = activity.owed_since().unwrap();
        assert_eq!(activity.quiet_since(), Some(waits));
        request.waits();
        assert_eq!(activity.owed_since(), Some(waits), "to wait is not to move");
        request.moved();
        assert!(activity.owed_since().unwrap() > waits);
        request.is_worked_for();
        assert_eq!((activity.quiet_since(), activity.owed_since()), (None, None));
        drop(request);
        assert_eq!(
            activity.quiet_since(),
            Some(begun),
            "what had no answer was of no use"
        );
        let request = activity.begin();
        request.is_answered();
        drop(request);
        assert!(activity.quiet_since().unwrap() > begun);
    }
}
