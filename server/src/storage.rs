//! Resources, their versions, their index and the audit trail in PostgreSQL.
//!
//! Promises: a write is atomic, durable when it returns, and takes one round trip; the versions of a resource
//! count from 1 without gaps; a deleted resource keeps its versions; a page of a search or of a history neither
//! skips nor repeats what was there when the first page was asked for.
//!
//! Storage knows no HTTP.

pub mod error;
pub mod history;
pub mod postgres;
pub mod search_page;
pub mod stored;
pub mod write;

pub use error::StorageError;
pub use history::{HistoryEntry, HistoryPage, HistoryQuery, HistoryScope};
pub use postgres::{Storage, Transaction, migrate, wait_until_reachable};
pub use search_page::SearchPage;
pub use stored::{Current, StoredResource};
pub use write::{Method, Precondition, Write, Written};
