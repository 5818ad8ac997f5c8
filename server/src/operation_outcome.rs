//! OperationOutcome, and the one table error → HTTP status → issue code.
//! <http://hl7.org/fhir/R4/operationoutcome.html>, <http://hl7.org/fhir/R4/valueset-issue-type.html>
//!
//! 400 is for what cannot be read as FHIR: broken JSON, unknown elements, values that their type does not have,
//! parameters. 422 is for a resource that can be read and breaks a rule: a missing element, an invariant.

use std::fmt::Write as _;

use http::StatusCode;

use crate::interaction::InteractionError;
use crate::request::body::BodyError;
use crate::request::format::FormatError;
use crate::request::resource_body::ResourceBodyError;
use crate::resource::json::{JsonError, write_string};
use crate::router::RouteError;
use crate::storage::StorageError;
use crate::validation;

/// One issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutcomeIssue {
    /// `error`, `warning`, `information`, …
    pub severity: &'static str,
    /// The issue type, such as `not-found`.
    pub code: &'static str,
    /// What happened, for people.
    pub diagnostics: String,
    /// The elements it is about, as FHIRPath expressions.
    pub expression: Vec<String>,
}

/// The HTTP status of an error.
pub fn status(error: &InteractionError) -> StatusCode {
    row(error).0
}

/// The OperationOutcome of an error, as JSON text.
pub fn of_error(error: &InteractionError) -> String {
    write(&issues(error))
}

/// The OperationOutcome of a validation; without mistakes it says so.
pub fn of_validation(issues: &[validation::Issue]) -> String {
    if issues.is_empty() {
        return success(
            "nothing is wrong with the structure, the values and the required codes; profiles, and invariants that are FHIRPath, were not evaluated",
        );
    }
    write(&issues.iter().map(validation_issue).collect::<Vec<_>>())
}

/// The OperationOutcome of something that went well.
pub fn success(diagnostics: &str) -> String {
    write(&[OutcomeIssue {
        severity: "information",
        code: "informational",
        diagnostics: diagnostics.to_owned(),
        expression: Vec::new(),
    }])
}

/// The OperationOutcome that a search reports beside its matches.
pub fn warnings(diagnostics: &[String]) -> String {
    let issues: Vec<OutcomeIssue> = diagnostics
        .iter()
        .map(|text| OutcomeIssue {
            severity: "warning",
            code: "not-supported",
            diagnostics: text.clone(),
            expression: Vec::new(),
        })
        .collect();
    write(&issues)
}

/// The JSON text of an OperationOutcome with `issues`.
pub fn write(issues: &[OutcomeIssue]) -> String {
    let mut out = String::with_capacity(128 + 160 * issues.len());
    out.push_str("{\"resourceType\":\"OperationOutcome\",\"issue\":[");
    for (index, issue) in issues.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        // Writing to a String cannot fail.
        write!(
            out,
            "{{\"severity\":\"{}\",\"code\":\"{}\",\"diagnostics\":",
            issue.severity, issue.code
        )
        .ok();
        write_string(&issue.diagnostics, &mut out);
        if !issue.expression.is_empty() {
            out.push_str(",\"expression\":[");
            for (index, expression) in issue.expression.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_string(expression, &mut out);
            }
            out.push(']');
        }
        out.push('}');
    }
    out.push_str("]}");
    out
}

/// The table.
fn row(error: &InteractionError) -> (StatusCode, &'static str) {
    use InteractionError as E;
    match error {
        E::Route(error) => route_row(error),
        E::QueryString(_) | E::Header(_) | E::Parameter { .. } => (StatusCode::BAD_REQUEST, "invalid"),
        E::Search(_) => (StatusCode::BAD_REQUEST, "invalid"),
        E::Format(FormatError::NotAcceptable(_)) => (StatusCode::NOT_ACCEPTABLE, "not-supported"),
        E::Format(FormatError::UnsupportedBody(..)) => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "not-supported"),
        E::Body(BodyError::TooLarge { .. }) => (StatusCode::PAYLOAD_TOO_LARGE, "too-long"),
        E::Body(BodyError::TooSlow) => (StatusCode::REQUEST_TIMEOUT, "timeout"),
        E::Body(BodyError::Broken(_)) => (StatusCode::BAD_REQUEST, "incomplete"),
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
        E::Timeout { .. } => (StatusCode::SERVICE_UNAVAILABLE, "timeout"),
        E::Fault => (StatusCode::INTERNAL_SERVER_ERROR, "exception"),
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

fn storage_row(error: &StorageError) -> (StatusCode, &'static str) {
    match error {
        StorageError::VersionConflict { .. } => (StatusCode::PRECONDITION_FAILED, "conflict"),
        StorageError::AlreadyExists { .. } => (StatusCode::PRECONDITION_FAILED, "duplicate"),
        StorageError::DoesNotExist { .. } => (StatusCode::METHOD_NOT_ALLOWED, "not-supported"),
        StorageError::InvalidCursor => (StatusCode::BAD_REQUEST, "value"),
        StorageError::Unsupported(_) => (StatusCode::BAD_REQUEST, "not-supported"),
        StorageError::Contention => (StatusCode::CONFLICT, "lock-error"),
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

/// 400 when any issue is about what can be told from one element alone, else 422.
fn validation_status(issues: &[validation::Issue]) -> StatusCode {
    let is_shape = |issue: &validation::Issue| {
        use validation::IssueCode as Code;
        match issue.code {
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
        InteractionError::Invalid(issues) => issues.iter().map(validation_issue).collect(),
        InteractionError::Entry { index, url, error } => issues(error)
            .into_iter()
            .map(|issue| of_entry(issue, *index, url))
            .collect(),
        _ => vec![OutcomeIssue {
            severity: if matches!(error, InteractionError::Fault) {
                "fatal"
            } else {
                "error"
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
        InteractionError::Storage(StorageError::Internal(_)) => InteractionError::Fault.to_string(),
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

fn validation_issue(issue: &validation::Issue) -> OutcomeIssue {
    OutcomeIssue {
        severity: issue.severity.code(),
        code: issue.code.code(),
        diagnostics: issue.diagnostics.clone(),
        expression: vec![issue.expression.clone()],
    }
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
