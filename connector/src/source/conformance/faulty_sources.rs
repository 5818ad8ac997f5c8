//! The suite, tried itself: a source over a channel passes it when it keeps the contract, and for each way to break the contract there
//! is a test of the suite that fails.

use std::marker::PhantomData;
use std::panic::AssertUnwindSafe;

use futures::FutureExt;
use tokio::sync::{Mutex, Semaphore, mpsc, oneshot};
use tokio_util::task::TaskTracker;

use super::*;
use crate::device_message::DeviceMessage;
use crate::intake::Intake;

/// How many batches the source hands in at a time.
const PLACES: usize = 4;

/// How a source breaks the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Nothing,
    AcknowledgesFirst,
    AcknowledgesWhatIsNotStored,
    DropsWhatItCannotRead,
    TakesWithoutLimit,
    EndsBeforeItsWork,
    StaysConnected,
}

/// The fault of a rig's source.
trait Conduct: Send + Sync + 'static {
    const FAULT: Fault;
}

macro_rules! conduct {
    ($($name:ident),*) => {
        $(
            struct $name;
            impl Conduct for $name {
                const FAULT: Fault = Fault::$name;
            }
        )*
    };
}

conduct!(
    Nothing,
    AcknowledgesFirst,
    AcknowledgesWhatIsNotStored,
    DropsWhatItCannotRead,
    TakesWithoutLimit,
    EndsBeforeItsWork,
    StaysConnected
);

mod sound {
    use super::{ChannelRig, Nothing, conforms};

    conforms!(ChannelRig<Nothing>);
}

/// Messages that were sent together. `true` acknowledges them, `false` asks for them again.
struct Batch {
    messages: Vec<String>,
    answer: oneshot::Sender<bool>,
}

/// A channel in place of a network.
struct ChannelRig<C> {
    sender: mpsc::Sender<Batch>,
    batches: Arc<Mutex<mpsc::Receiver<Batch>>>,
    conduct: PhantomData<C>,
}

/// Takes batches off the channel.
struct ChannelSource<C> {
    batches: Arc<Mutex<mpsc::Receiver<Batch>>>,
    conduct: PhantomData<C>,
}

impl<C: Conduct> Rig for ChannelRig<C> {
    type Source = ChannelSource<C>;
    const MOST_AT_A_TIME: usize = PLACES;

    async fn new() -> Self {
        let (sender, batches) = mpsc::channel(1);
        Self {
            sender,
            batches: Arc::new(Mutex::new(batches)),
            conduct: PhantomData,
        }
    }

    async fn source(&self, _metrics: Arc<Metrics>) -> ChannelSource<C> {
        ChannelSource {
            batches: Arc::clone(&self.batches),
            conduct: PhantomData,
        }
    }

    async fn send(&self, messages: Vec<String>) {
        loop {
            let (answer, answered) = oneshot::channel();
            let messages = messages.clone();
            self.sender.send(Batch { messages, answer }).await.ok().unwrap();
            if answered.await == Ok(true) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl<C: Conduct> Source for ChannelSource<C> {
    async fn run<I: Intake>(self, running: Running<I>) {
        let Running {
            intake,
            connected,
            drain,
        } = running;
        let places = Arc::new(Semaphore::new(match C::FAULT {
            Fault::TakesWithoutLimit => 1000,
            _ => PLACES,
        }));
        let work = TaskTracker::new();
        connected.send_replace(true);
        loop {
            let next = async {
                let place = Arc::clone(&places).acquire_owned().await.unwrap();
                (place, self.batches.lock().await.recv().await)
            };
            let (place, batch) = tokio::select! {
                () = drain.cancelled() => break,
                next = next => next,
            };
            let Some(batch) = batch else { break };
            let intake = Arc::clone(&intake);
            work.spawn(async move {
                take(C::FAULT, &*intake, batch).await;
                drop(place);
            });
        }
        if C::FAULT != Fault::EndsBeforeItsWork {
            work.close();
            work.wait().await;
        }
        connected.send_replace(C::FAULT == Fault::StaysConnected);
    }
}

async fn take(fault: Fault, intake: &impl Intake, batch: Batch) {
    let Batch { messages, answer } = batch;
    let mut read: Vec<_> = messages
        .iter()
        .map(|message| DeviceMessage::read(message, COMPATIBILITY))
        .collect();
    if fault == Fault::DropsWhatItCannotRead {
        read.retain(Result::is_ok);
    }
    // Whoever sent it may be gone.
    if fault == Fault::AcknowledgesFirst {
        answer.send(true).ok();
        intake.take(&read).await.ok();
        return;
    }
    let taken = intake.take(&read).await.is_ok();
    answer
        .send(taken || fault == Fault::AcknowledgesWhatIsNotStored)
        .ok();
}

/// What the suite says of a source: the message of the test that failed.
async fn complaint(test: impl Future<Output = ()>) -> String {
    let panic = AssertUnwindSafe(test).catch_unwind().await;
    let panic = panic.expect_err("the suite found nothing");
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap()
}

/// A test of the suite fails for a source of this conduct, and says this.
macro_rules! fails {
    ($conduct:ident, $test:ident, $says:literal) => {
        let said = complaint($test::<ChannelRig<$conduct>>()).await;
        assert!(said.contains($says), "{said}");
    };
}

#[tokio::test]
async fn a_source_that_acknowledges_too_early_fails() {
    fails!(
        AcknowledgesFirst,
        nothing_is_acknowledged_before_it_is_stored,
        "acknowledged while it was not stored"
    );
    fails!(
        AcknowledgesFirst,
        what_a_crash_interrupted_comes_again,
        "right: [1, 2]"
    );
    fails!(
        AcknowledgesWhatIsNotStored,
        what_cannot_be_stored_now_is_taken_later,
        "acknowledged while the FHIR service was away"
    );
}

#[tokio::test]
async fn a_source_that_drops_what_it_cannot_read_fails() {
    fails!(
        DropsWhatItCannotRead,
        what_is_refused_is_counted_and_costs_no_other,
        "left: (4, 2)"
    );
}

#[tokio::test]
async fn a_source_that_takes_without_limit_fails() {
    fails!(TakesWithoutLimit, what_is_taken_at_a_time_has_a_limit, "right: 4");
}

#[tokio::test]
async fn a_source_that_does_not_end_as_it_should_fails() {
    fails!(
        EndsBeforeItsWork,
        what_was_taken_is_finished_before_the_end,
        "ended before what it had taken was stored"
    );
    fails!(
        StaysConnected,
        what_was_taken_is_finished_before_the_end,
        "connected after its end"
    );
}
