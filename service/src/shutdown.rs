//! The signals that tell a program to end.

use std::io;

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Hears SIGTERM (who runs the program) and SIGINT (a terminal) from now on; cancelled at the first of them.
///
/// # Errors
/// If the system does not tell us of signals.
pub fn on_signal() -> io::Result<CancellationToken> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let told = CancellationToken::new();
    let tell = told.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tell.cancel();
    });
    Ok(told)
}
