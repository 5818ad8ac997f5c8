//! One search with the answer it must get, computed from the data alone.

use std::collections::HashMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::population::Index;

/// How many queries of each kind there are; different values, so that no single plan or cached page decides.
pub const QUERIES_OF_A_KIND: usize = 12;

/// Places in a sort order: most significant first. Descending order is written with negated numbers.
pub type SortKey = [i64; 2];

/// A search and its right answer.
#[derive(Debug, Default)]
pub struct Query {
    /// Path and parameters, such as `Patient?name=a`; without `_count`.
    pub search: String,
    /// The matches, each once; in any order unless `order` is there.
    pub matches: Vec<Index>,
    /// Where each match stands in the asked order; equal keys may come in any order.
    pub order: Option<HashMap<Index, SortKey>>,
    /// What each match brings along as an included resource.
    pub includes: Option<HashMap<Index, Vec<Index>>>,
    /// Whether a page may leave out some of `includes`.
    pub may_include: bool,
}

impl Query {
    /// A search whose answer is only its matches.
    pub fn new(search: String, mut matches: Vec<Index>) -> Query {
        matches.sort_unstable();
        matches.dedup();
        Query {
            search,
            matches,
            ..Query::default()
        }
    }

    /// The search with pages of so many matches.
    pub fn with_count(&self, count: usize) -> String {
        let separator = if self.search.contains('?') { '&' } else { '?' };
        format!("{}{separator}_count={count}", self.search)
    }
}

/// Everything but what a query may hold as it is (RFC 3986, unreserved characters).
const ESCAPED: AsciiSet = NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A value as it is written in a URL.
pub fn encoded(value: &str) -> String {
    utf8_percent_encode(value, &ESCAPED).to_string()
}

/// Up to `count` items, evenly spread over the list from first to last.
pub fn spread<T>(items: Vec<T>, count: usize) -> Vec<T> {
    let last = items.len().saturating_sub(1);
    let mut wanted: Vec<usize> = (0..count)
        .map(|step| step * last / count.saturating_sub(1).max(1))
        .collect();
    wanted.dedup();
    let mut wanted = wanted.into_iter().peekable();
    items
        .into_iter()
        .enumerate()
        .filter(|(place, _)| wanted.next_if_eq(place).is_some())
        .map(|(_, item)| item)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spreading_takes_first_last_and_between() {
        assert_eq!(spread((0..10).collect(), 4), [0, 3, 6, 9]);
        assert_eq!(spread(vec![1, 2], 5), [1, 2]);
        assert!(spread(Vec::<u8>::new(), 5).is_empty());
    }

    #[test]
    fn values_are_escaped() {
        assert_eq!(
            encoded("http://loinc.org|8302-2$gt1"),
            "http%3A%2F%2Floinc.org%7C8302-2%24gt1"
        );
    }
}
