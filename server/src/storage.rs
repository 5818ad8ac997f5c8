//! Resources, their versions, their index and the audit trail in PostgreSQL.
//!
//! Promises: a write is atomic, durable when it returns, and takes one round trip; the versions of a resource
//! count from 1 without gaps; a deleted resource keeps its versions; a page of a search or of a history neither
//! skips nor repeats what was there when the first page was asked for.
//!
//! Storage knows no HTTP.

pub mod error;
pub mod history;
pub mod search_page;
pub mod stored;
pub mod write;

pub use error::StorageError;
pub use history::{HistoryEntry, HistoryPage, HistoryQuery, HistoryScope};
pub use search_page::SearchPage;
pub use stored::{Current, StoredResource};
pub use write::{Method, Precondition, Write, Written};

// The one door, `Storage`, is in `storage/postgres.rs`:
//
//   Storage::connect(&DatabaseConfiguration) -> Result<Storage, StorageError>
//   storage.read(ResourceType, &str) -> Result<Current, StorageError>
//   storage.vread(ResourceType, &str, i32) -> Result<Current, StorageError>
//   storage.write(Vec<Write>, Option<AccessRecord>) -> Result<Vec<Written>, StorageError>      atomic, same order
//   storage.search(&Query) -> Result<SearchPage, StorageError>
//   storage.history(&HistoryQuery) -> Result<HistoryPage, StorageError>
//   storage.record_access(AccessRecord) -> Result<(), StorageError>                              durable when it returns
//   storage.serialized(&[String]) -> Result<Session, StorageError>
//        a transaction that holds a lock on each of the given texts (the criteria of conditional interactions), so that
//        two of them with the same criteria run one after the other; it has read, search and write as above
//        (write consumes nothing), and commit(self). Dropped without commit, nothing has happened.
//   storage.is_ready() -> Result<(), StorageError>
