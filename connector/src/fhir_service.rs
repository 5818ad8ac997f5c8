//! A FHIR service as the connector uses it: read, search by identifier, and update with preconditions
//! (<https://hl7.org/fhir/R4/http.html>). `run` writes to services over HTTP (`client`), `map` to one in memory that is empty at
//! first (`in_memory`): the pipeline does not know the difference.

pub mod client;
pub mod in_memory;
pub mod reference;

use std::time::Duration;

use http::HeaderValue;

use crate::json::Json;

/// Any FHIR R4 service that takes ids from clients.
pub trait FhirService: Send + Sync {
    /// The service's name in answers, metrics and logs.
    fn name(&self) -> &str;

    /// Its base URL, with which absolute references into it begin; nothing if it has none.
    fn base(&self) -> Option<&str>;

    /// Reads a resource; nothing if there is none, or it is deleted.
    fn read(
        &self,
        resource_type: &str,
        id: &str,
    ) -> impl Future<Output = Result<Option<Stored>, FhirError>> + Send;

    /// The resources that have this identifier; two are enough to know that it is not unique.
    fn find(
        &self,
        resource_type: &str,
        identifier: Identifier<'_>,
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
    /// It cannot be reached, is overloaded, failed, does not let this connector in, or does not answer as a FHIR service that takes
    /// what is written. Trying later may help.
    #[error("the FHIR service {destination} is not available: {reason}")]
    Unavailable {
        /// Name of the destination that did not answer as it should.
        destination: String,
        /// What kept it from doing what it was asked for, in words.
        reason: String,
        /// How long it wants to be left alone, if it said so.
        retry_after: Option<Duration>,
    },
    /// It answered, but other writers were faster each time. Trying again helps.
    #[error(
        "other writers keep changing the same {resource_type} in the FHIR service {destination}; send the message again"
    )]
    Contended {
        /// Name of the destination.
        destination: String,
        /// What is being changed.
        resource_type: &'static str,
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

impl FhirError {
    /// It did not answer as it should, and did not say when to come back.
    pub fn unavailable(destination: &str, reason: impl Into<String>) -> Self {
        Self::Unavailable {
            destination: destination.to_owned(),
            reason: reason.into(),
            retry_after: None,
        }
    }

    /// How long the service wants to be left alone, if it said so.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Unavailable { retry_after, .. } => *retry_after,
            Self::Contended { .. } | Self::Refused { .. } => None,
        }
    }
}

/// What a resource is searched by (<https://hl7.org/fhir/R4/search.html#token>).
#[derive(Clone, Copy, Debug)]
pub struct Identifier<'i> {
    /// The system that it must have; whatever it is without.
    pub system: Option<&'i str>,
    /// The value, compared as the service compares tokens.
    pub value: &'i str,
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
