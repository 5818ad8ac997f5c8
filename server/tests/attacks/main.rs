//! Requests and connections that mean harm, each kind a test, against the program itself. During all of them the server keeps
//! below the memory that it has been told to have, another principal reads what it may, and the kubelet's probe is answered. How
//! long that takes is printed and not judged.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests end the test"
)]

#[path = "../fixture/mod.rs"]
mod fixture;

mod bodies;
#[path = "../../../service/tests/listen/certificates.rs"]
#[expect(dead_code, reason = "other tests use more of it")]
mod certificates;
mod connections;
#[path = "../../../service/tests/listen/eventually.rs"]
mod eventually;
mod large_answers;
mod many_entries;
mod packed_bodies;
mod patches;
#[path = "../access/process.rs"]
#[expect(dead_code, reason = "other tests use more of it")]
mod process;
#[path = "../../../access/tests/fixture/signing.rs"]
mod signing;
mod target;
mod witness;
