//! What is found for a principal, as steps that interactions and operations are made of: the version under an id
//! ([`found`]), a page of a search that keeps to what the principal may see ([`Search`]), and the ValueSets and CodeSystems
//! that a search names.
//!
//! The arrows: `interaction`, `operation` → here → `exchange`, `bundle`, `search`, `terminology`, `storage`.

mod found;
mod searchset;
mod terminology;
mod visibility;

pub use found::found;
pub use searchset::Search;
