//! Versions in order, newest first. <http://hl7.org/fhir/R4/http.html#history>

use jiff::Timestamp;

use super::stored::StoredResource;
use crate::resource::ResourceType;

/// Whose history is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HistoryScope {
    /// One resource, by its type and logical id.
    Instance(ResourceType, String),
    /// One resource type, or several (what the principal may see).
    Types(Vec<ResourceType>),
    /// All resources of all types.
    System,
}

/// A page of a history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryQuery {
    /// Whose versions are listed.
    pub scope: HistoryScope,
    /// `_since`: only versions at or after this.
    pub since: Option<Timestamp>,
    /// `_at`: only versions that were current at some time in `[low, high)`.
    pub at: Option<(Timestamp, Timestamp)>,
    /// Versions a page.
    pub count: u32,
    /// The place to go on from.
    pub cursor: Option<String>,
}

/// What storage answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryPage {
    /// The versions, newest first.
    pub entries: Vec<HistoryEntry>,
    /// All versions in scope, whatever the page.
    pub total: u64,
    /// The next page's cursor.
    pub next: Option<String>,
}

/// One version of a resource, and what brought it about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryEntry {
    /// The version; `json` is empty for a deletion.
    pub resource: StoredResource,
    /// What brought it about.
    pub method: HistoryMethod,
}

/// What brought a version about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HistoryMethod {
    /// A create under an id made by the server.
    Create,
    /// An update that created.
    UpdateCreate,
    /// An update of a resource that was there.
    Update,
    /// A delete, whose version has no content.
    Delete,
}
