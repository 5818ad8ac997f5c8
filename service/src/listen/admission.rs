//! How many connections may be open. When all places are taken, a newcomer gets the place of a connection on which the
//! server has nothing to do: one that only sits there, sends its request byte by byte, or does not take its answer. Those whose
//! clients nobody knows go first.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::activity::Activity;

/// How long a newcomer waits before it looks again for a connection that can go.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// The places of one listener.
#[derive(Debug)]
pub struct Admission {
    places: usize,
    /// Whether a connection may be closed in the middle of an answer.
    disposable: bool,
    open: Mutex<Open>,
    left: Notify,
}

#[derive(Debug, Default)]
struct Open {
    next: u64,
    connections: HashMap<u64, Connection>,
    /// Connections that have lost their places and are not gone yet.
    leaving: usize,
}

#[derive(Debug)]
struct Connection {
    activity: Arc<Activity>,
    leave: CancellationToken,
}

/// A place that is taken; free again when dropped.
#[derive(Debug)]
pub struct Place {
    number: u64,
    activity: Arc<Activity>,
    leave: CancellationToken,
    admission: Arc<Admission>,
}

impl Admission {
    /// `places` connections may be open. When there is nothing else to close, `disposable` ones are closed while they are being
    /// answered.
    pub fn new(places: usize, disposable: bool) -> Arc<Admission> {
        Arc::new(Admission {
            places,
            disposable,
            open: Mutex::default(),
            left: Notify::new(),
        })
    }

    /// Waits for a place. `shed` is called each time another connection loses its place for it.
    pub async fn admit(self: &Arc<Self>, shed: impl Fn()) -> Place {
        loop {
            let (place, made_room) = self.take();
            if made_room {
                shed();
            }
            if let Some(place) = place {
                return place;
            }
            tokio::select! {
                () = self.left.notified() => {}
                () = tokio::time::sleep(LOOK_AGAIN) => {}
            }
        }
    }

    /// A place, and whether another connection has lost its own for it.
    fn take(self: &Arc<Self>) -> (Option<Place>, bool) {
        let mut open = self.open();
        let is_full = open.connections.len() >= self.places;
        if is_full && !self.shed_one(&mut open) {
            return (None, false);
        }
        let (number, activity, leave) = (open.next, Activity::new(), CancellationToken::new());
        open.next += 1;
        let connection = Connection {
            activity: Arc::clone(&activity),
            leave: leave.clone(),
        };
        open.connections.insert(number, connection);
        drop(open);
        let place = Place {
            number,
            activity,
            leave,
            admission: Arc::clone(self),
        };
        (Some(place), is_full)
    }

    /// Takes its place from the connection that can do without it best; `false` when there is none, or when so many are on
    /// their way out that those who come in must wait for them.
    fn shed_one(&self, open: &mut Open) -> bool {
        if open.leaving > self.places / 4 {
            return false;
        }
        let standings = open.connections.iter();
        let standings = standings.map(|(number, connection)| (connection.activity.standing(), *number));
        let idle = standings.clone().filter(|(standing, _)| !standing.is_worked_for);
        let found = idle
            .min_by_key(|(standing, number)| (standing.rank(), *number))
            .or_else(|| {
                let any = standings.filter(|_| self.disposable);
                any.min_by_key(|(standing, number)| (standing.useful, *number))
            });
        let Some(connection) = found.and_then(|(_, number)| open.connections.remove(&number)) else {
            return false;
        };
        open.leaving += 1;
        connection.leave.cancel();
        true
    }

    /// Closes a connection on which there is nothing to do, to get its file descriptor; `false` when there is none.
    pub fn shed(&self) -> bool {
        self.shed_one(&mut self.open())
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// What the connection in this place is doing.
    pub fn activity(&self) -> &Arc<Activity> {
        &self.activity
    }

    /// Waits until the connection is to leave.
    pub async fn asked_to_leave(&self) {
        self.leave.cancelled().await;
    }

    /// Whether the connection is to leave even if it is being answered.
    pub fn is_disposable(&self) -> bool {
        self.admission.disposable
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.admission.open();
        if open.connections.remove(&self.number).is_none() {
            open.leaving -= 1;
        }
        drop(open);
        self.admission.left.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures::poll;

    use super::*;

    fn nobody() {
        panic!("there is room");
    }

    #[tokio::test]
    async fn a_connection_with_nothing_to_do_makes_room_at_once() {
        let admission = Admission::new(2, false);
        let busy = admission.admit(nobody).await;
        let _request = busy.activity().begin();
        let idle = admission.admit(nobody).await;
        // The idle one has not even noticed yet.
        let _newcomer = admission.admit(|| {}).await;
        assert!(idle.leave.is_cancelled());
        assert!(!busy.leave.is_cancelled());
    }

    #[tokio::test]
    async fn who_waits_for_its_client_goes_before_one_that_is_known() {
        let admission = Admission::new(2, false);
        let known = admission.admit(nobody).await;
        drop(known.activity().begin());
        known.activity().know();
        let stalled = admission.admit(nobody).await;
        let request = stalled.activity().begin();
        request.waits();
        let _newcomer = admission.admit(|| {}).await;
        assert!(stalled.leave.is_cancelled());
        assert!(!known.leave.is_cancelled());
    }

    #[tokio::test]
    async fn newcomers_wait_while_all_are_busy() {
        let admission = Admission::new(1, false);
        let place = admission.admit(|| {}).await;
        let request = place.activity().begin();
        let mut newcomer = pin!(admission.admit(|| {}));
        assert!(poll!(newcomer.as_mut()).is_pending());
        assert!(!place.leave.is_cancelled());
        drop(request);
        let _place = newcomer.await;
        assert!(place.leave.is_cancelled());
    }

    #[tokio::test]
    async fn those_on_their_way_out_are_few() {
        let admission = Admission::new(4, false);
        let mut places = Vec::new();
        for _connection in 0..6 {
            places.push(admission.admit(|| {}).await);
        }
        let mut newcomer = pin!(admission.admit(|| {}));
        assert!(poll!(newcomer.as_mut()).is_pending());
        places.retain(|place| !place.leave.is_cancelled());
        let _place = newcomer.await;
    }

    #[tokio::test]
    async fn where_answers_are_cheap_the_oldest_makes_room_even_if_it_is_busy() {
        let admission = Admission::new(2, true);
        let places = [admission.admit(|| {}).await, admission.admit(|| {}).await];
        let _requests = places.each_ref().map(|place| place.activity().begin());
        let _newcomer = admission.admit(|| {}).await;
        assert!(places[0].leave.is_cancelled());
        assert!(!places[1].leave.is_cancelled());
    }
}
