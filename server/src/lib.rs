//! A FHIR R4 server over PostgreSQL.
//!
//! The way of a request: HTTP → authenticate → authorize → interaction → storage → response.
//! A handler knows no SQL, storage knows no HTTP.

pub mod admin;
pub mod application;
pub mod arguments;
pub mod audit;
pub mod authentication;
pub mod authorization;
pub mod command;
pub mod configuration;
pub mod file_change;
pub mod health;
pub mod metrics;
pub mod resource;
pub mod search;
pub mod serve;
pub mod storage;
pub mod summary;
pub mod telemetry;
pub mod validation;
