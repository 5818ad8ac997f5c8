//! The interactions, each as its requests and what they are answered with.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../fixture/mod.rs"]
mod fixture;
#[path = "../../../access/tests/fixture/signing.rs"]
mod signing;

mod audit;
mod bad_input;
mod batch;
mod binary;
mod canonical;
mod capabilities;
mod compression;
mod conditional_delete;
mod cost;
mod create;
mod definitions;
mod delete;
mod failing_database;
mod guarded;
mod history;
mod official_patches;
mod one_record;
mod operations;
mod patch;
mod permission;
mod posted_queries;
mod read;
mod search;
mod search_contained;
mod search_many;
mod search_meaning;
mod search_refused;
mod search_values;
mod search_versions;
mod terminology;
mod transaction;
mod update;
mod visibility;
