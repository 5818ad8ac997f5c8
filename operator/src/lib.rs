//! The operator: custom resources in, running FHIR services out.
//!
//! Each kind goes through the same stages, one file each:
//!
//! ```text
//! custom resource → dereference → validate → build → rollout → observe → update_status
//!                   (reads)       (pure)     (pure)  (writes)  (reads)   (writes)
//! ```
//!
//! `reconcile` drives every kind: `fhir_service`, `iot_connector` and `role_assignment`. What more than one of them needs
//! of a stage is in the module of that stage's name here; the other modules are what they share besides, `access` among
//! them: who may do what is compiled, handed out and followed up in one place for all three.

pub mod access;
pub mod apply;
pub mod arguments;
pub mod build;
pub mod certificate;
pub mod cluster_keys;
pub mod compare;
pub mod condition;
pub mod context;
pub mod controllers;
pub mod credential;
pub mod delete;
pub mod dereference;
pub mod error;
pub mod event;
pub mod fhir_service;
pub mod finalizer;
pub mod health;
pub mod image;
pub mod iot_connector;
pub mod labels;
pub mod leader;
pub mod manifest;
pub mod memory;
pub mod metrics;
pub mod ownership;
pub mod pod;
pub mod reconcile;
pub mod request;
pub mod requeue;
pub mod role_assignment;
pub mod rollout;
pub mod run;
pub mod seal;
pub mod service_name;
pub mod startup;
pub mod status;
pub mod surroundings;
pub mod uninstall;
pub mod unwatched;
pub mod watches;
pub mod workload;
