//! How many connections may be open. When all places are taken, the connection that has been idle longest makes room, so
//! clients that only sit there, or send their request byte by byte, cannot keep others out.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How long a newcomer waits before it looks again for a connection that has become idle.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// The places of one listener.
#[derive(Debug)]
pub struct Admission {
    places: usize,
    open: Mutex<Open>,
    left: Notify,
}

#[derive(Debug, Default)]
struct Open {
    next: u64,
    connections: HashMap<u64, Arc<Activity>>,
}

/// What a connection is doing.
#[derive(Debug)]
pub struct Activity {
    requests: AtomicUsize,
    idle_since: Mutex<Instant>,
    leave: CancellationToken,
}

/// A place that is taken; free again when dropped.
#[derive(Debug)]
pub struct Place {
    number: u64,
    activity: Arc<Activity>,
    admission: Arc<Admission>,
}

/// A request that is being answered; over when dropped.
#[derive(Debug)]
pub struct Busy(Arc<Activity>);

impl Admission {
    /// `places` connections may be open.
    pub fn new(places: usize) -> Arc<Admission> {
        let (open, left) = (Mutex::default(), Notify::new());
        Arc::new(Admission { places, open, left })
    }

    /// Waits for a place. `shed` is called each time an idle connection is asked to leave for it.
    pub async fn admit(self: &Arc<Self>, shed: impl Fn()) -> Place {
        loop {
            if let Some(place) = self.take() {
                return place;
            }
            if self.ask_idlest_to_leave() {
                shed();
            }
            tokio::select! {
                () = self.left.notified() => {}
                () = tokio::time::sleep(LOOK_AGAIN) => {}
            }
        }
    }

    fn take(self: &Arc<Self>) -> Option<Place> {
        let mut open = self.open();
        if open.connections.len() >= self.places {
            return None;
        }
        let activity = Arc::new(Activity {
            requests: AtomicUsize::new(0),
            idle_since: Mutex::new(Instant::now()),
            leave: CancellationToken::new(),
        });
        let number = open.next;
        open.next += 1;
        open.connections.insert(number, Arc::clone(&activity));
        let admission = Arc::clone(self);
        Some(Place {
            number,
            activity,
            admission,
        })
    }

    /// Asks the connection that has been idle longest to leave; `false` when all are busy or asked already.
    pub fn ask_idlest_to_leave(&self) -> bool {
        let open = self.open();
        let staying = open
            .connections
            .values()
            .filter(|activity| !activity.leave.is_cancelled());
        let idle = staying.filter_map(|activity| Some((activity.idle_since()?, activity)));
        match idle.min_by_key(|(since, _)| *since) {
            Some((_, activity)) => {
                activity.leave.cancel();
                true
            }
            None => false,
        }
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Activity {
    /// Marks a request as being answered.
    pub fn begin(self: &Arc<Self>) -> Busy {
        self.requests.fetch_add(1, Ordering::AcqRel);
        Busy(Arc::clone(self))
    }

    /// Since when no request is being answered; `None` while one is.
    pub fn idle_since(&self) -> Option<Instant> {
        let idle = self.requests.load(Ordering::Acquire) == 0;
        idle.then(|| *self.idle_since.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        *self.0.idle_since.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        self.0.requests.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Place {
    /// What the connection in this place is doing.
    pub fn activity(&self) -> &Arc<Activity> {
        &self.activity
    }

    /// Waits until the connection is asked to leave.
    pub async fn asked_to_leave(&self) {
        self.activity.leave.cancelled().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.admission.open().connections.remove(&self.number);
        self.admission.left.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures::poll;

    use super::*;

    #[tokio::test]
    async fn the_longest_idle_connection_makes_room() {
        let admission = Admission::new(2);
        let busy = admission.admit(|| panic!("there is room")).await;
        let _request = busy.activity().begin();
        let idle = admission.admit(|| panic!("there is room")).await;
        let newcomer = tokio::spawn({
            let admission = Arc::clone(&admission);
            async move { admission.admit(|| {}).await }
        });
        idle.asked_to_leave().await;
        assert!(!busy.activity().leave.is_cancelled());
        assert!(!newcomer.is_finished());
        drop(idle);
        newcomer.await.unwrap();
    }

    #[tokio::test]
    async fn newcomers_wait_while_all_are_busy() {
        let admission = Admission::new(1);
        let place = admission.admit(|| {}).await;
        let request = place.activity().begin();
        let mut newcomer = pin!(admission.admit(|| {}));
        assert!(poll!(newcomer.as_mut()).is_pending());
        assert!(!place.activity().leave.is_cancelled());
        drop(request);
        let leaving = async {
            place.asked_to_leave().await;
            drop(place);
        };
        let ((), _place) = tokio::join!(leaving, newcomer);
    }
}
