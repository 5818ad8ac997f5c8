//! The kinds of search: what is asked, what has to be answered, and whether it was.

pub use check::{CheckedQuery, check};
pub use kind::Kind;

mod around;
mod check;
mod joins;
mod kind;
mod observations;
mod patients;
mod query;
