//! A FHIR service as the connector uses it: read, search by identifier, and update with preconditions
//! (<https://hl7.org/fhir/R4/http.html>). `run` writes to services over HTTP (`client`), `map` to one in memory that is empty at
//! first (`in_memory`): the pipeline does not know the difference.

pub mod client;
pub mod in_memory;

use http::HeaderValue;

use crate::json::Json;

/// Any FHIR R4 service that takes ids from clients.
pub trait FhirService: Send + Sync {
    /// The service's name in answers, metrics and logs.
    fn name(&self) -> &str;

    /// Reads a resource; nothing if there is none, or it is deleted.
    fn read(
        &self,
        resource_type: &str,
        id: &str,
    ) -> impl Future<Output = Result<Option<Stored>, FhirError>> + Send;

    /// The resources that have this identifier, in whatever system; two are enough to know that it is not unique.
    fn find(
        &self,
        resource_type: &str,
        identifier: &str,
    ) -> impl Future<Output = Result<Vec<Json>, FhirError>> + Send;

    /// Stores a resource under its id.
    fn update(
        &self,
        resource_type: &str,
        id: &str,
        resource: &Json,
        precondition: Precondition,
    ) -> impl Future<Output = Result<Updated, FhirError>> + Send;
}

/// Why a FHIR service did not do what it was asked for.
#[derive(Clone, Debug, thiserror::Error)]
pub enum FhirError {
    /// It cannot be reached, is overloaded, failed, or does not let this connector in. Trying later may help.
    #[error("the FHIR service {destination} is not available: {reason}")]
    Unavailable {
        /// Name of the destination that did not answer as it should.
        destination: String,
        /// What kept it from doing what it was asked for, in words.
        reason: String,
    },
    /// It refused the content. Trying again does not help.
    #[error("the FHIR service {destination} refused with {status}: {diagnostics}")]
    Refused {
        /// Name of the destination that refused.
        destination: String,
        /// The HTTP status.
        status: u16,
        /// What its OperationOutcome says. It may quote content: not for logs.
        diagnostics: String,
    },
}

/// A stored resource with the version that it was read at.
#[derive(Clone, Debug)]
pub struct Stored {
    /// The whole resource as it was read.
    pub resource: Json,
    /// Its entity tag.
    pub version: Option<HeaderValue>,
}

/// What must hold for an update to take place.
#[derive(Clone, Debug)]
pub enum Precondition {
    /// There is none with this id yet.
    Absent,
    /// The stored one is the one that was read.
    Version(Option<HeaderValue>),
}

/// What became of an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Updated {
    /// The service holds the resource as it was given.
    Stored,
    /// Another writer was faster (409 or 412): read again.
    Conflict,
}
