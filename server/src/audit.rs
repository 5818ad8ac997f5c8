//! What the audit trail says of one access: who asked for what, when, and what came of it.
//! The terms are those of AuditEvent, <http://hl7.org/fhir/R4/auditevent.html>.

use jiff::Timestamp;

/// One access, allowed or refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessRecord {
    /// When the request came.
    pub recorded: Timestamp,
    /// Who: the principal's stable name (`system:serviceaccount:team-a:reporting`, `issuer#subject`), or `anonymous`.
    pub agent: String,
    /// The interaction's code: `read`, `search-type`, `create`, `transaction`, …
    /// (<http://hl7.org/fhir/R4/valueset-restful-interaction.html>).
    pub interaction: String,
    /// The resource type, where one was named.
    pub resource_type: Option<String>,
    /// The logical id, where one was named or made.
    pub resource_id: Option<String>,
    /// The version read or made.
    pub version: Option<i32>,
    /// The query string of a search.
    pub query: Option<String>,
    /// HTTP status of the answer.
    pub status: u16,
    /// For refusals and failures: why, in a few words.
    pub reason: Option<String>,
    /// `X-Request-Id` of the request.
    pub request_id: String,
    /// The client's address.
    pub source: Option<String>,
    /// How many resources were given out.
    pub resources: u32,
}
