//! Who gets in and what they may do, over real sockets and real TLS, with tokens that are really signed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests end the test"
)]

#[path = "../fixture/mod.rs"]
mod fixture;

#[path = "../../../service/tests/listen/certificates.rs"]
mod certificates;
mod check_config;
#[path = "../../../service/tests/listen/eventually.rs"]
mod eventually;
mod ledger;
mod open_id;
mod operator_files;
mod policy_push;
mod process;
mod readiness;
mod service;
mod shutdown;
#[path = "../../../access/tests/fixture/signing.rs"]
mod signing;
