//! Logs: one JSON object a line on standard error. They hold no token, and nothing of what is served.

use std::error::Error;
use std::panic::PanicHookInfo;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// Starts logging. `RUST_LOG` chooses what is logged, for instance `debug` or `brazier_service=debug`; default `info`.
pub fn start() {
    start_with(&std::env::var(EnvFilter::DEFAULT_ENV).unwrap_or_default());
}

/// Starts logging what `directives` choose, written as in `RUST_LOG`. Those that cannot be read are left out; if none
/// can, they mean `info`.
pub fn start_with(directives: &str) {
    let filter = EnvFilter::builder()
        .with_default_directive(LevelFilter::INFO.into())
        .parse_lossy(directives);
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_writer(std::io::stderr)
        .with_env_filter(filter)
        .init();
    std::panic::set_hook(Box::new(log_panic));
}

/// A panic's message may quote what was being worked on, so only its place is told.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string);
    tracing::error!(place, "a task panicked; this is a fault in the program");
}

/// An error with its causes, in one line.
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("outside")]
    struct Outside(#[source] std::fmt::Error);

    #[test]
    fn an_error_is_told_with_its_causes() {
        assert_eq!(
            chain(&Outside(std::fmt::Error)),
            format!("outside: {}", std::fmt::Error)
        );
    }
}
