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
pub mod budget;
pub mod bundle;
pub mod capability_statement;
pub mod command;
pub mod compression;
pub mod configuration;
pub mod definitions;
pub mod exchange;
pub mod fhirpath;
pub mod health;
pub mod interaction;
pub mod long_work;
pub mod metrics;
pub mod middleware;
pub mod operation;
pub mod operation_outcome;
pub mod policy_trail;
pub mod request;
pub mod resource;
pub mod response;
pub mod rest;
pub mod retrieval;
pub mod router;
pub mod search;
pub mod serve;
pub mod state;
pub mod storage;
pub mod summary;
pub mod terminology;
pub mod validation;
