//! What is told about a mistake, in the words of OperationOutcome.issue:
//! <http://hl7.org/fhir/R4/operationoutcome.html>.

/// One mistake in a resource, and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// How bad it is.
    pub severity: Severity,
    /// What kind of mistake it is.
    pub code: IssueCode,
    /// Where it is, as FHIRPath: `Patient.name[0].given[1]`.
    pub expression: String,
    /// What is wrong and what to write instead.
    pub diagnostics: String,
    /// Whether a profile asks for more than the standard does.
    pub by_profile: bool,
}

/// <http://hl7.org/fhir/R4/valueset-issue-severity.html>
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The resource cannot be taken.
    Error,
    /// It can, but something about it is doubtful.
    Warning,
    /// Good to know.
    Information,
}

/// <http://hl7.org/fhir/R4/valueset-issue-type.html>, as far as validation uses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IssueCode {
    /// The content as a whole is not what is expected here.
    Invalid,
    /// An element is unknown, of a wrong JSON type, or repeats where it must not.
    Structure,
    /// An element is missing.
    Required,
    /// A value breaks the rules of its type.
    Value,
    /// A rule over several elements is broken.
    Invariant,
    /// A code is not in the value set that is required.
    CodeInvalid,
    /// A text is longer than the standard allows.
    TooLong,
}

impl Severity {
    /// The code in an OperationOutcome.
    pub fn code(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Information => "information",
        }
    }
}

impl IssueCode {
    /// The code in an OperationOutcome.
    pub fn code(self) -> &'static str {
        match self {
            IssueCode::Invalid => "invalid",
            IssueCode::Structure => "structure",
            IssueCode::Required => "required",
            IssueCode::Value => "value",
            IssueCode::Invariant => "invariant",
            IssueCode::CodeInvalid => "code-invalid",
            IssueCode::TooLong => "too-long",
        }
    }
}
