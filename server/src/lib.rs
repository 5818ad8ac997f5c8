//! A FHIR R4 server over PostgreSQL.
//!
//! The way of a request: HTTP → authenticate → authorize → interaction → storage → response.
//! A handler knows no SQL, storage knows no HTTP.

pub mod audit;
pub mod authentication;
pub mod authorization;
pub mod configuration;
pub mod metrics;
pub mod resource;
pub mod search;
pub mod storage;
pub mod validation;
