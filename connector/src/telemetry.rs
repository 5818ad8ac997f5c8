//! Logs: one JSON object a line on standard error, without anything that a message or a resource says.

use std::panic::PanicHookInfo;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// Starts logging. The environment variable `RUST_LOG` chooses what is logged; default `info`.
pub fn start() {
    let filter = EnvFilter::builder()
        .with_default_directive(LevelFilter::INFO.into())
        .from_env_lossy();
    let format = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_writer(std::io::stderr);
    format.with_env_filter(filter).init();
    std::panic::set_hook(Box::new(log_panic));
}

/// A panic's message may quote a message of a device, so only its place is told.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string);
    tracing::error!(place, "a task panicked; this is a fault in the connector");
}
