//! The operator: custom resources in, running FHIR services out.
//!
//! Each kind goes through the same stages, one file each:
//!
//! ```text
//! custom resource → dereference → validate → build → apply → update_status
//!                   (reads)       (pure)     (pure)  (writes) (writes)
//! ```
//!
//! Only the first and the last two talk to Kubernetes. `fhir_service`, `role_assignment` and `iot_connector`
//! are the kinds; the other modules are what they share, `access` among them: who may do what is compiled, handed out
//! and followed up in one place for all three.

pub mod access;
pub mod apply;
pub mod arguments;
pub mod certificate;
pub mod cluster_keys;
pub mod compare;
pub mod condition;
pub mod context;
pub mod controllers;
pub mod credential;
pub mod error;
pub mod event;
pub mod fhir_service;
pub mod health;
pub mod image;
pub mod iot_connector;
pub mod labels;
pub mod leader;
pub mod manifest;
pub mod metrics;
pub mod pod;
pub mod requeue;
pub mod role_assignment;
pub mod run;
pub mod startup;
pub mod status;
pub mod watches;
