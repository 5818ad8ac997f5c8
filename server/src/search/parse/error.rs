//! Why a search cannot be understood. Each message names the parameter and says what to write instead.

/// A search that cannot be carried out as it was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// There is no such parameter for the types searched. Only raised when unknown parameters may not be ignored.
    #[error("{parameter} is not a search parameter of {searched}; /metadata lists the supported ones")]
    UnknownParameter {
        /// The parameter as it was written.
        parameter: String,
        /// What was searched.
        searched: String,
    },
    /// The parameter does not support the modifier.
    #[error("{parameter} does not support the modifier :{modifier}; {instead}")]
    Modifier {
        /// The parameter as it was written.
        parameter: String,
        /// The modifier without its colon.
        modifier: String,
        /// What to write instead.
        instead: String,
    },
    /// The value is not one that the parameter takes.
    #[error("{parameter} does not accept the value \"{value}\"; write {expected}")]
    Value {
        /// The parameter as it was written.
        parameter: String,
        /// The value as it was written.
        value: String,
        /// What to write instead.
        expected: String,
    },
    /// A parameter that may stand once stands twice.
    #[error("{parameter} stands twice; write it once")]
    Repeated {
        /// The parameter as it was written.
        parameter: String,
    },
    /// `_query`: this server has no named queries.
    #[error(
        "{parameter} asks for the named query \"{value}\", and this server has none; leave {parameter} out"
    )]
    NamedQuery {
        /// `_query`
        parameter: String,
        /// The name of the query.
        value: String,
    },
    /// `_summary=text` leaves nothing that an included resource could be told by.
    /// <http://hl7.org/fhir/R4/search.html#summary>
    #[error("{parameter} cannot be combined with _summary=text; leave one of them out")]
    IncludeOfText {
        /// `_include` or `_revinclude` as it was written.
        parameter: String,
    },
    /// A chain is too long or leads over too many types.
    #[error(
        "{parameter} chains too far; name the types, as in subject:Patient.name, and use at most {limit} links"
    )]
    ChainTooLong {
        /// The parameter as it was written.
        parameter: String,
        /// How many links a chain may have.
        limit: usize,
    },
    /// The search asks for too much at once.
    #[error("{parameter}: a search takes at most {limit} {what} in all; ask for fewer, in several searches")]
    TooMany {
        /// The parameter with which it became too much, as it was written.
        parameter: String,
        /// What there is too much of, in the plural.
        what: &'static str,
        /// How many there may be.
        limit: usize,
    },
}

impl QueryError {
    /// The parameter as it was written.
    pub fn parameter(&self) -> &str {
        match self {
            QueryError::UnknownParameter { parameter, .. }
            | QueryError::Modifier { parameter, .. }
            | QueryError::Value { parameter, .. }
            | QueryError::Repeated { parameter }
            | QueryError::NamedQuery { parameter, .. }
            | QueryError::IncludeOfText { parameter }
            | QueryError::ChainTooLong { parameter, .. }
            | QueryError::TooMany { parameter, .. } => parameter,
        }
    }

    /// Whether it would cost too much, whichever way it is read.
    pub(super) fn is_of_cost(&self) -> bool {
        matches!(self, QueryError::ChainTooLong { .. } | QueryError::TooMany { .. })
    }

    pub(super) fn too_many(parameter: &str, what: &'static str, limit: usize) -> QueryError {
        QueryError::TooMany {
            parameter: parameter.to_owned(),
            what,
            limit,
        }
    }

    pub(super) fn value(parameter: &str, value: &str, expected: impl Into<String>) -> QueryError {
        QueryError::Value {
            parameter: parameter.to_owned(),
            value: value.to_owned(),
            expected: expected.into(),
        }
    }

    pub(super) fn modifier(parameter: &str, modifier: &str, instead: impl Into<String>) -> QueryError {
        QueryError::Modifier {
            parameter: parameter.to_owned(),
            modifier: modifier.to_owned(),
            instead: instead.into(),
        }
    }
}
