//! What is found for a principal, as steps that interactions and operations are made of: the version under an id
//! ([`found()`]), whether it may be seen ([`visible`]), what meets criteria ([`PermittedQuery`]), a page of a search ([`Search`]),
//! and the ValueSets and CodeSystems that a search names.
//!
//! The arrows: `interaction`, `operation` → here → `exchange`, `bundle`, `search`, `terminology`, `storage`.

mod found;
mod permitted_query;
mod searchset;
mod terminology;
mod visibility;

pub use found::found;
pub use permitted_query::PermittedQuery;
pub use searchset::Search;
pub use visibility::{check as visible, may_see};
