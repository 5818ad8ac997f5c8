//! The resource OperationOutcome: what is told about an interaction. What each error means to a client is told by
//! [`crate::exchange::InteractionError`]. <http://hl7.org/fhir/R4/operationoutcome.html>

use std::fmt::Write as _;

use crate::resource::json::write_string;
use crate::validation;

/// One entry of `OperationOutcome.issue`.
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

impl From<&validation::Issue> for OutcomeIssue {
    fn from(issue: &validation::Issue) -> OutcomeIssue {
        OutcomeIssue {
            severity: issue.severity.code(),
            code: issue.code.code(),
            diagnostics: issue.diagnostics.clone(),
            expression: vec![issue.expression.clone()],
        }
    }
}

/// The OperationOutcome of a validation; without mistakes it says so.
pub fn of_validation(issues: &[validation::Issue]) -> String {
    if issues.is_empty() {
        return success(
            "structure, values and required codes are valid; profiles and FHIRPath invariants were not evaluated",
        );
    }
    write(&issues.iter().map(OutcomeIssue::from).collect::<Vec<_>>())
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
