//! What storage answers to a search.

use super::stored::StoredResource;

/// A page of matches and what they include.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SearchPage {
    /// The matches in order.
    pub matches: Vec<StoredResource>,
    /// What `_include` and `_revinclude` brought, none of it a match of this page.
    pub included: Vec<StoredResource>,
    /// The number of all matches, when it was asked for or costs nothing.
    pub total: Option<u64>,
    /// The next page's cursor, when there is a next page.
    pub next: Option<String>,
    /// The previous page's cursor, when there is one.
    pub previous: Option<String>,
    /// The last page's cursor, when there is a next page.
    pub last: Option<String>,
    /// What the client should know about how it was searched.
    pub warnings: Vec<String>,
}

impl SearchPage {
    /// How many bytes of JSON its resources have.
    pub fn bytes(&self) -> usize {
        let resources = self.matches.iter().chain(&self.included);
        resources.map(|resource| resource.json.len()).sum()
    }
}
