//! Listeners and probes over real sockets and real TLS.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests end the test"
)]

mod certificates;
mod connections;
mod eventually;
mod probes;
mod tls;
