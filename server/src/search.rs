//! Search: what the standard defines (parameters), what a resource says about itself (index), and what a
//! client asks for (query). All of it is pure; `storage` turns index and query into rows and SQL. What codes stand for is told
//! by `terminology`, which knows nothing of searches.

pub mod compartment;
pub mod decimal;
pub mod index;
pub mod parse;
pub mod query;
pub mod value;

pub use index::extract;
pub use parse::{QueryError, SearchRequest, parse, parse_with};
