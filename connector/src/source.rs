//! Where device messages come from. A source takes messages, hands them in, and acknowledges them in its own way once it has been told
//! what became of them.

#[cfg(test)]
mod conformance;
pub mod http;

use std::sync::Arc;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::intake::Intake;

/// A source of device messages: HTTP, or a broker. It hands batches of messages to an [`Intake`], and owns their acknowledgement.
///
/// # Contract
///
/// `source/conformance.rs` tests what can be tested of it; a new source plugs in there.
///
/// **Acknowledgement**
/// - A source MUST NOT acknowledge a message before [`Intake::take`] has returned `Ok` for the batch that holds it. It acknowledges as its
///   protocol does: HTTP answers the request, Kafka commits the offset after the message, MQTT sends PUBACK.
/// - After `Ok` every message of the batch is stored, or refused with reasons. The source MUST acknowledge them all: what is refused once is
///   refused again. It SHOULD pass the reasons on where its protocol has a place for them.
/// - After `Err` nothing of the batch may be acknowledged. The source MUST make the sender send it again (HTTP: 503) or, where the protocol
///   cannot ask for that, keep the batch and hand it in again after a pause that grows. It MUST NOT go past it.
/// - Every message that was taken off the wire MUST be handed in, also one that cannot be read: as the error, so that it is counted and
///   answered. Nothing is dropped in silence.
///
/// **Order**
/// - Where the protocol has an order (a partition, a session), batches of one sequence MUST be handed in one after the other, and
///   acknowledged in that order. Different sequences SHOULD be handed in at the same time.
///
/// **Backpressure**
/// - A source MUST bound what it has taken and not yet acknowledged, and beyond that take no more: it refuses, pauses or stops reading, so
///   that messages wait with their sender or broker.
///
/// **Readiness**
/// - [`Running::connected`] MUST be true while messages can come, and false while they cannot and at the end.
/// - A connection that is lost MUST be made again by the source, with pauses that grow. A source never gives up by itself.
///
/// **Shutdown**
/// - After [`Running::drain`] is cancelled a source MUST take no new messages, MUST finish and acknowledge what it has handed in, and then
///   return. (Senders have had time to notice: the connector has not been ready for a few seconds by then.)
/// - What takes longer than 25 seconds is cut off: `run` is dropped. Dropping it, at any moment, MUST NOT acknowledge anything.
pub trait Source: Send {
    /// Takes messages until it has been drained.
    fn run<I: Intake>(self, running: Running<I>) -> impl Future<Output = ()> + Send;
}

/// What a source runs with.
pub struct Running<I> {
    /// Takes what the source took.
    pub intake: Arc<I>,
    /// Says whether messages can come.
    pub connected: watch::Sender<bool>,
    /// Asks the source to come to its end.
    pub drain: CancellationToken,
}
