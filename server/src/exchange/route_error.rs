//! Why a method and a path ask for no interaction.

use crate::request::query_string::QueryStringError;

/// Why a method and a path are no interaction.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum RouteError {
    /// 404
    #[error("there is nothing at \"{0}\"; write [type], [type]/[id], [type]/[id]/_history or metadata")]
    UnknownPath(String),
    /// 404
    #[error("\"{0}\" is not a resource type of FHIR R4")]
    UnknownResourceType(String),
    /// 404
    #[error("the operation {0} is not supported")]
    UnknownOperation(String),
    /// 404 for reading, 400 for writing
    #[error("\"{id}\" is not a valid logical id; use 1 to 64 letters, digits, hyphens and dots")]
    InvalidId {
        /// What stands in the id's place.
        id: String,
        /// Whether the request would only read.
        reading: bool,
    },
    /// 405
    #[error("{method} is not allowed here; use {}", .allowed.join(", "))]
    MethodNotAllowed {
        /// The HTTP method of the request.
        method: String,
        /// Those that are allowed.
        allowed: Vec<&'static str>,
    },
    /// 400
    #[error("the path cannot be read: {0}")]
    InvalidPath(#[from] QueryStringError),
}
