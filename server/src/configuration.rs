//! What a server is told when it starts: read once, checked as a whole, every mistake reported.
//! `docs/server.md` describes each field.

pub mod database;
pub mod problem;
pub mod trust;

pub use database::DatabaseConfiguration;
pub use problem::Problem;
