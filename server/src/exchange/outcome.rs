//! What an error means to a client: the one table error → HTTP status → issue code, and the OperationOutcome.
//! <http://hl7.org/fhir/R4/operationoutcome.html>, <http://hl7.org/fhir/R4/valueset-issue-type.html>
//!
//! 400 is for what cannot be read as FHIR: broken JSON, unknown elements, values that their type does not have,
//! parameters. 422 is for a resource that can be read and breaks a rule: a missing element, an invariant.

use http::StatusCode;

use super::{InteractionError, RouteError};
use crate::budget::BudgetError;
use crate::operation_outcome::{self, OutcomeIssue};
use crate::request::body::BodyError;
use crate::request::format::FormatError;
use crate::request::resource_body::ResourceBodyError;
use crate::resource::json::JsonError;
use crate::storage::StorageError;
use crate::summary::SubsetError;
use crate::validation;

impl InteractionError {
    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        row(self).0
    }

    /// The OperationOutcome, as JSON text.
    pub fn outcome(&self) -> String {
        operation_outcome::write(&issues(self))
    }
}

/// The row of an error: its HTTP status and the code of its issue.
fn row(error: &InteractionError) -> (StatusCode, &'static str) {
    use InteractionError as E;
    match error {
        E::Route(error) => route_row(error),
        E::QueryString(_) | E::Header(_) | E::Parameter { .. } => (StatusCode::BAD_REQUEST, "invalid"),
        E::Search(_) | E::Subset(SubsetError::UnknownSummary(_)) => (StatusCode::BAD_REQUEST, "invalid"),
        E::Format(FormatError::NotAcceptable(_)) => (StatusCode::NOT_ACCEPTABLE, "not-supported"),
        E::Format(FormatError::UnsupportedBody(..) | FormatError::UnsupportedEncoding(_)) => {
            (StatusCode::UNSUPPORTED_MEDIA_TYPE, "not-supported")
        }
        E::Body(BodyError::TooLarge { .. }) => (StatusCode::PAYLOAD_TOO_LARGE, "too-long"),
        E::Body(BodyError::TooSlow) => (StatusCode::REQUEST_TIMEOUT, "timeout"),
        E::Body(BodyError::Budget(error)) => budget_row(*error),
        E::Body(BodyError::Broken(_)) => (StatusCode::BAD_REQUEST, "incomplete"),
        E::Body(BodyError::NotGzip(_)) => (StatusCode::BAD_REQUEST, "structure"),
        E::ResourceBody(_) => (StatusCode::BAD_REQUEST, "structure"),
        E::Element { .. } => (StatusCode::BAD_REQUEST, "invalid"),
        E::Invalid(issues) => (validation_status(issues), "invalid"),
        E::NoCriteria(_) => (StatusCode::PRECONDITION_FAILED, "required"),
        E::Unauthenticated(_) => (StatusCode::UNAUTHORIZED, "login"),
        E::Forbidden(_) => (StatusCode::FORBIDDEN, "forbidden"),
        E::NotFound { .. } | E::VersionNotFound { .. } => (StatusCode::NOT_FOUND, "not-found"),
        E::Gone { .. } => (StatusCode::GONE, "deleted"),
        E::ForeignVersion { .. } | E::NothingToMatch { .. } => (StatusCode::PRECONDITION_FAILED, "conflict"),
        E::MultipleMatches { .. } => (StatusCode::PRECONDITION_FAILED, "multiple-matches"),
        E::NoMatch { .. } => (StatusCode::NOT_FOUND, "not-found"),
        E::OtherId { .. } => (StatusCode::BAD_REQUEST, "value"),
        E::IdTaken { .. } => (StatusCode::CONFLICT, "conflict"),
        E::Patch(_) => (StatusCode::UNPROCESSABLE_ENTITY, "processing"),
        E::Storage(error) => storage_row(error),
        E::Budget(error) | E::Subset(SubsetError::Budget(error)) => budget_row(*error),
        E::Timeout { .. } => (StatusCode::GATEWAY_TIMEOUT, "timeout"),
        E::Fault | E::Subset(SubsetError::NotAnObject(_)) => (StatusCode::INTERNAL_SERVER_ERROR, "exception"),
        E::Entry { error, .. } => entry_row(error),
    }
}

fn route_row(error: &RouteError) -> (StatusCode, &'static str) {
    match error {
        RouteError::UnknownPath(_) => (StatusCode::NOT_FOUND, "not-found"),
        RouteError::UnknownResourceType(_) | RouteError::UnknownOperation(_) => {
            (StatusCode::NOT_FOUND, "not-supported")
        }
        RouteError::InvalidId { reading: true, .. } => (StatusCode::NOT_FOUND, "not-found"),
        RouteError::InvalidId { reading: false, .. } => (StatusCode::BAD_REQUEST, "value"),
        RouteError::MethodNotAllowed { .. } => (StatusCode::METHOD_NOT_ALLOWED, "not-supported"),
        RouteError::InvalidPath(_) => (StatusCode::BAD_REQUEST, "invalid"),
    }
}

fn budget_row(error: BudgetError) -> (StatusCode, &'static str) {
    match error {
        BudgetError::Busy => (StatusCode::SERVICE_UNAVAILABLE, "throttled"),
        BudgetError::TooMuch => (StatusCode::PAYLOAD_TOO_LARGE, "too-costly"),
    }
}

fn storage_row(error: &StorageError) -> (StatusCode, &'static str) {
    match error {
        StorageError::VersionConflict { .. } => (StatusCode::PRECONDITION_FAILED, "conflict"),
        StorageError::AlreadyExists { .. } => (StatusCode::PRECONDITION_FAILED, "duplicate"),
        StorageError::DoesNotExist { .. } => (StatusCode::METHOD_NOT_ALLOWED, "not-supported"),
        StorageError::InvalidCursor => (StatusCode::BAD_REQUEST, "value"),
        StorageError::Unsupported(_) => (StatusCode::BAD_REQUEST, "not-supported"),
        StorageError::Budget(error) => budget_row(*error),
        StorageError::AmbiguousId { .. } => (StatusCode::BAD_REQUEST, "multiple-matches"),
        StorageError::Contention | StorageError::Locked => (StatusCode::CONFLICT, "lock-error"),
        // Not 503: what took too long once will do so again, and is not to be sent again in a moment.
        StorageError::TooCostly => (StatusCode::GATEWAY_TIMEOUT, "too-costly"),
        StorageError::Full => (StatusCode::INSUFFICIENT_STORAGE, "no-store"),
        StorageError::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, "transient"),
        StorageError::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "exception"),
    }
}

/// What a path or a method is to a request, a malformed entry is to a transaction: 404, 405 and their like would
/// speak of the wrong thing.
fn entry_row(error: &InteractionError) -> (StatusCode, &'static str) {
    let (status, code) = row(error);
    let about_entry = matches!(
        status,
        StatusCode::NOT_FOUND | StatusCode::GONE | StatusCode::METHOD_NOT_ALLOWED
    );
    (
        if about_entry {
            StatusCode::BAD_REQUEST
        } else {
            status
        },
        code,
    )
}

/// 400 when any issue is about what can be told from one element alone, else 422; also for what only a profile asks for.
/// <http://hl7.org/fhir/R4/http.html#create>
fn validation_status(issues: &[validation::Issue]) -> StatusCode {
    let is_shape = |issue: &validation::Issue| {
        use validation::IssueCode as Code;
        match issue.code {
            _ if issue.by_profile => false,
            Code::Invalid | Code::Structure | Code::Value | Code::CodeInvalid | Code::TooLong => true,
            Code::Required | Code::Invariant => false,
        }
    };
    if issues.iter().any(is_shape) {
        StatusCode::BAD_REQUEST
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    }
}

fn issues(error: &InteractionError) -> Vec<OutcomeIssue> {
    match error {
        InteractionError::Invalid(issues) => issues.iter().map(OutcomeIssue::from).collect(),
        InteractionError::Entry { index, url, error } => issues(error)
            .into_iter()
            .map(|issue| of_entry(issue, *index, url))
            .collect(),
        _ => vec![OutcomeIssue {
            severity: match error {
                InteractionError::Fault | InteractionError::Subset(SubsetError::NotAnObject(_)) => "fatal",
                _ => "error",
            },
            code: row(error).1,
            diagnostics: diagnostics(error),
            expression: expression(error),
        }],
    }
}

/// What clients are told: faults of ours are told to the log, in full, and to the client in general.
fn diagnostics(error: &InteractionError) -> String {
    match error {
        InteractionError::Storage(StorageError::Internal(_))
        | InteractionError::Subset(SubsetError::NotAnObject(_)) => InteractionError::Fault.to_string(),
        InteractionError::Storage(StorageError::Unavailable(_)) => {
            "the database is not available at the moment; try again".to_owned()
        }
        _ => error.to_string(),
    }
}

fn expression(error: &InteractionError) -> Vec<String> {
    let element = match error {
        InteractionError::Element { expression, .. } => expression.clone(),
        InteractionError::Header(error) => format!("http.{}", error.name.to_ascii_lowercase()),
        InteractionError::Parameter { name, .. } => format!("http.{name}"),
        InteractionError::Subset(SubsetError::UnknownSummary(_)) => "http._summary".to_owned(),
        InteractionError::OtherId { resource_type, .. } => format!("{resource_type}.id"),
        InteractionError::ResourceBody(error) => match error {
            ResourceBodyError::NoResourceType(expected)
            | ResourceBodyError::OtherResourceType { expected, .. } => format!("{expected}.resourceType"),
            ResourceBodyError::UnknownResourceType(_) => "Resource.resourceType".to_owned(),
            ResourceBodyError::Json(JsonError::DuplicateMember(name)) => name.clone(),
            _ => return Vec::new(),
        },
        InteractionError::ForeignVersion { .. }
        | InteractionError::Storage(StorageError::VersionConflict { .. }) => "http.if-match".to_owned(),
        InteractionError::Storage(StorageError::AlreadyExists { .. }) => "http.if-none-match".to_owned(),
        _ => return Vec::new(),
    };
    vec![element]
}

fn of_entry(issue: OutcomeIssue, index: usize, url: &str) -> OutcomeIssue {
    let entry = format!("Bundle.entry[{index}]");
    let within = |expression: String| match expression.split_once('.') {
        _ if expression.starts_with("Bundle.") => expression,
        // What is a header or a parameter of a request stands in `request` of an entry.
        _ if expression.starts_with("http.") => format!("{entry}.request"),
        Some((_, path)) => format!("{entry}.resource.{path}"),
        None => entry.clone(),
    };
    let expression = if issue.expression.is_empty() {
        vec![entry.clone()]
    } else {
        issue.expression.into_iter().map(within).collect()
    };
    OutcomeIssue {
        diagnostics: format!("entry {index} ({url}): {}", issue.diagnostics),
        expression,
        ..issue
    }
}
