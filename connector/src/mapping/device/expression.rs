//! An expression of a device mapping in either language, compiled once, evaluated on every message.

use super::jmes_path::{self, JmesPath, Outcome};
use super::json_path::{self, JsonPath, Selection};
use crate::compatibility::Compatibility;
use crate::json::Json;

/// The languages of expressions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// JSONPath in Newtonsoft.Json's dialect.
    JsonPath,
    /// JMESPath with the functions of the mapping language.
    JmesPath,
}

impl Language {
    /// The language of that name, compared without case.
    pub fn named(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "jsonpath" => Some(Self::JsonPath),
            "jmespath" => Some(Self::JmesPath),
            _ => None,
        }
    }
}

/// A compiled expression.
#[derive(Clone, Debug)]
pub struct Expression {
    compiled: Compiled,
}

#[derive(Clone, Debug)]
enum Compiled {
    JsonPath(JsonPath),
    JmesPath(JmesPath),
}

/// Why the text of an expression does not compile.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CompileError {
    /// It is no JSONPath.
    #[error("not a JSONPath expression: {0}")]
    JsonPath(#[from] json_path::ParseError),
    /// It is no JMESPath.
    #[error(transparent)]
    JmesPath(#[from] jmes_path::CompileError),
}

/// Why an expression gave nothing usable for a message.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum EvaluationError {
    /// A path could not be followed.
    #[error(transparent)]
    JsonPath(#[from] json_path::EvaluationError),
    /// A function could not be carried out.
    #[error(transparent)]
    JmesPath(#[from] jmes_path::FunctionError),
    /// More than one result where one is wanted.
    #[error("the expression finds {0} values where at most one is wanted")]
    Several(usize),
}

/// What an expression finds.
#[derive(Clone, Debug, PartialEq)]
pub struct Matches {
    /// What was found, in the order of the evaluation; empty when nothing matches.
    pub values: Vec<Json>,
    /// Why others may be missing.
    pub failure: Option<EvaluationError>,
}

impl From<Vec<Json>> for Matches {
    fn from(values: Vec<Json>) -> Self {
        Self {
            values,
            failure: None,
        }
    }
}

impl Expression {
    /// Compiles an expression.
    pub fn compile(
        text: &str,
        language: Language,
        compatibility: Compatibility,
    ) -> Result<Self, CompileError> {
        let compiled = match language {
            Language::JsonPath => Compiled::JsonPath(JsonPath::parse(text)?),
            Language::JmesPath => Compiled::JmesPath(JmesPath::compile(text, compatibility)?),
        };
        Ok(Self { compiled })
    }

    /// Every value that the expression finds: for `typeMatchExpression`, whose every match is a measurement.
    pub fn all(&self, context: &Json, compatibility: Compatibility) -> Matches {
        match &self.compiled {
            Compiled::JsonPath(path) => {
                let Selection { values, failure } = path.select(context, compatibility);
                Matches {
                    values,
                    failure: failure.map(EvaluationError::from),
                }
            }
            Compiled::JmesPath(expression) => match expression.evaluate(context, compatibility) {
                Ok(Outcome::Projection(values)) => Matches::from(values),
                Ok(Outcome::Value(Json::Null)) => Matches::from(Vec::new()),
                Ok(Outcome::Value(value)) => Matches::from(vec![value]),
                Err(failure) => Matches {
                    values: Vec::new(),
                    failure: Some(failure.into()),
                },
            },
        }
    }

    /// The one value that the expression finds, or none. A projection of one value is still an array.
    pub fn one(&self, context: &Json, compatibility: Compatibility) -> Result<Option<Json>, EvaluationError> {
        match &self.compiled {
            Compiled::JsonPath(path) => {
                let Selection { mut values, failure } = path.select(context, compatibility);
                match (failure, values.len()) {
                    (Some(failure), _) => Err(failure.into()),
                    (None, 0 | 1) => Ok(values.pop()),
                    (None, several) => Err(EvaluationError::Several(several)),
                }
            }
            Compiled::JmesPath(expression) => match expression.evaluate(context, compatibility)? {
                Outcome::Projection(values) if values.len() > 1 => {
                    Err(EvaluationError::Several(values.len()))
                }
                outcome => Ok(Some(outcome.into_json()).filter(|value| !value.is_null())),
            },
        }
    }
}
