//! Tests against a real kube-apiserver with etcd: what it refuses, and what the operator writes to it.
//!
//! They need `BRAZIER_CLUSTER_BIN`, the program of `e2e/cluster` that brings up a control plane; `make test` builds it and
//! sets the variable. Where it is not set they are ignored, and the test run says so.
//! One control plane serves all tests, each in a namespace of its own. There are no nodes and no controllers but
//! ours, so tests play the part of those: they set the status of a StatefulSet, make a pod ready, and so on.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may panic"
)]

mod admission;
mod chart;
mod cluster;
mod configuration;
mod control_plane;
mod convergence;
mod database;
mod delete;
mod deletion;
mod drift;
mod fhir_service;
mod iot_connector;
mod isolation;
mod laid_out;
mod meddling;
mod operator;
mod replica;
mod role_assignment;
