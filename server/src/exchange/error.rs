//! Why an interaction was not carried out. What each means to a client is decided in one place, the table in `outcome.rs`.

use brazier_access::token::AuthenticationError;

use super::RouteError;
use crate::budget::BudgetError;
use crate::request::body::BodyError;
use crate::request::conditional_headers::HeaderError;
use crate::request::format::FormatError;
use crate::request::query_string::QueryStringError;
use crate::request::resource_body::ResourceBodyError;
use crate::resource::ResourceType;
use crate::search::QueryError;
use crate::storage::StorageError;
use crate::summary::SubsetError;
use crate::validation::Issue;

/// Why an interaction was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum InteractionError {
    /// Method and path are no interaction.
    #[error(transparent)]
    Route(#[from] RouteError),
    /// The query string or the form cannot be read.
    #[error("the query cannot be read: {0}")]
    QueryString(#[from] QueryStringError),
    /// A header cannot be read.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// A format that we do not speak.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// The body did not arrive.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// The body is not the resource that is needed.
    #[error(transparent)]
    ResourceBody(#[from] ResourceBodyError),
    /// An element of the body is not what this interaction needs.
    #[error("{expression}: {problem}")]
    Element {
        /// The element, as a FHIRPath expression.
        expression: String,
        /// What is wrong, and what to write instead.
        problem: String,
    },
    /// The resource breaks the rules of its type.
    #[error("the resource is not valid")]
    Invalid(Vec<Issue>),
    /// A search that cannot be understood.
    #[error(transparent)]
    Search(#[from] QueryError),
    /// A parameter of a history, or of the answer's form, that cannot be understood.
    #[error("the parameter {name} is \"{value}\"; {expected}")]
    Parameter {
        /// Name as in the query string, such as `_since`.
        name: String,
        /// What the client wrote, percent-decoded.
        value: String,
        /// What to write instead.
        expected: &'static str,
    },
    /// The part of a resource that is asked for cannot be told.
    #[error(transparent)]
    Subset(#[from] SubsetError),
    /// A conditional interaction without criteria.
    #[error("{0} needs search parameters that select the resource")]
    NoCriteria(&'static str),
    /// The request has no token that this service accepts.
    #[error(transparent)]
    Unauthenticated(#[from] AuthenticationError),
    /// Not allowed; says to whom and what.
    #[error("{0}")]
    Forbidden(String),
    /// No version was ever stored under this id.
    #[error("{resource_type}/{id} does not exist")]
    NotFound {
        /// Type of the resource that is missing.
        resource_type: ResourceType,
        /// Logical id that is not in use.
        id: String,
    },
    /// Exists or existed, but not in this version.
    #[error("{resource_type}/{id} has no version {version}")]
    VersionNotFound {
        /// Type of the resource that is there.
        resource_type: ResourceType,
        /// Logical id of the resource.
        id: String,
        /// What was asked for.
        version: String,
    },
    /// What was asked for is deleted.
    #[error("{resource_type}/{id} was deleted in version {version}")]
    Gone {
        /// Type of the deleted resource.
        resource_type: ResourceType,
        /// Logical id of the deleted resource.
        id: String,
        /// The version that stands for the deletion.
        version: i32,
    },
    /// `If-Match` names no version that this server could have given.
    #[error(
        "the version in If-Match is not the current one of {resource_type}/{id}; versions are numbers here, as in W/\"1\""
    )]
    ForeignVersion {
        /// Type of the resource to be changed.
        resource_type: ResourceType,
        /// Logical id of the resource to be changed.
        id: String,
    },
    /// Criteria that should name one resource meet several.
    #[error("the criteria \"{criteria}\" match several resources; they must match at most one")]
    MultipleMatches {
        /// The criteria, such as `identifier=a|b`.
        criteria: String,
    },
    /// A conditional reference or a conditional patch whose criteria meet nothing.
    #[error("the criteria \"{criteria}\" match no resource")]
    NoMatch {
        /// The criteria, such as `identifier=a|b`.
        criteria: String,
    },
    /// `If-Match` where the criteria meet nothing that could have a version.
    #[error("If-Match names a version, and the criteria \"{criteria}\" match no resource")]
    NothingToMatch {
        /// The criteria, such as `identifier=a|b`.
        criteria: String,
    },
    /// A conditional update whose body names another resource than the one met.
    #[error("the criteria match {resource_type}/{found}, but the body has the id {sent}")]
    OtherId {
        /// Type of both resources.
        resource_type: ResourceType,
        /// The id of the match.
        found: String,
        /// The id in the body.
        sent: String,
    },
    /// A conditional update that would create under an id which is taken.
    #[error("{resource_type}/{id} exists and does not match the criteria")]
    IdTaken {
        /// Type of the resource that is there.
        resource_type: ResourceType,
        /// The id in the body, which is taken.
        id: String,
    },
    /// A patch that cannot be applied to the resource.
    #[error("the patch cannot be applied: {0}")]
    Patch(String),
    /// Storage could not do it.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// There is no memory for it.
    #[error(transparent)]
    Budget(#[from] BudgetError),
    /// It took too long.
    #[error(
        "the request took longer than {seconds} seconds and was cancelled; ask for less: narrow the search, or send a Bundle in \
         parts. Whether a change was made shows when it is read"
    )]
    Timeout {
        /// How long a request may take, in seconds.
        seconds: u64,
    },
    /// A fault of ours.
    #[error("the server failed to handle the request; this is a fault of the server, not of the request")]
    Fault,
    /// An entry of a transaction failed, so all of it did.
    #[error("entry {index} ({url}): {error}")]
    Entry {
        /// Its position, from 0.
        index: usize,
        /// Method and URL of its request.
        url: String,
        /// What was wrong with it.
        error: Box<InteractionError>,
    },
}

impl InteractionError {
    /// As a failure of entry `index` of a transaction.
    #[must_use]
    pub fn of_entry(self, index: usize, url: &str) -> InteractionError {
        match self {
            InteractionError::Entry { .. } => self,
            error => InteractionError::Entry {
                index,
                url: url.to_owned(),
                error: Box::new(error),
            },
        }
    }

    /// That an element is missing or wrong.
    pub fn element(expression: impl Into<String>, problem: impl Into<String>) -> InteractionError {
        InteractionError::Element {
            expression: expression.into(),
            problem: problem.into(),
        }
    }
}
