//! What the audit trail says of one access: who asked for what, when, and what came of it.
//! The terms are those of AuditEvent, <http://hl7.org/fhir/R4/auditevent.html>.

mod fit;
mod given_out;

use jiff::Timestamp;

pub use given_out::GivenOut;

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
    /// The compartment that was searched, `Patient/1`.
    pub compartment: Option<String>,
    /// The query string of a search, or the criteria of a conditional interaction; after the name of an operation.
    pub query: Option<String>,
    /// HTTP status of the answer.
    pub status: u16,
    /// For refusals and failures: why, in a few words.
    pub reason: Option<String>,
    /// The id that the server gave the request.
    pub request_id: String,
    /// `X-Request-Id` of the request.
    pub client_request_id: Option<String>,
    /// The client's address.
    pub source: Option<String>,
    /// How many resources were given out.
    pub resources: u32,
    /// Which they were, where the record does not name the only one.
    pub given_out: GivenOut,
    /// How many requests the record stands for: more than one for refusals that were counted together.
    pub requests: u32,
}

impl Default for AccessRecord {
    /// An access of which nothing is known.
    fn default() -> AccessRecord {
        AccessRecord {
            recorded: Timestamp::UNIX_EPOCH,
            agent: String::new(),
            interaction: String::new(),
            resource_type: None,
            resource_id: None,
            version: None,
            compartment: None,
            query: None,
            status: 0,
            reason: None,
            request_id: String::new(),
            client_request_id: None,
            source: None,
            resources: 0,
            given_out: GivenOut::default(),
            requests: 1,
        }
    }
}
