//! JSONPath in the dialect of Newtonsoft.Json, which is what device mappings are written in. It is not RFC 9535:
//! `$..[?(@x)]` tests the node itself and everything below it, the dot after `@` may be left out, `a && b || c` is
//! `a && (b || c)`, and names need no quotes. No published crate speaks it.

mod compare;
mod evaluate;
mod parse;

use crate::compatibility::Compatibility;
use crate::json::Json;

use evaluate::Evaluation;
pub use evaluate::EvaluationError;
pub use parse::ParseError;

/// A compiled path.
#[derive(Clone, Debug, PartialEq)]
pub struct JsonPath {
    steps: Vec<Step>,
}

/// One step of a path: from the values so far to the next ones.
#[derive(Clone, Debug, PartialEq)]
enum Step {
    /// `$` inside a filter: the whole document.
    Root,
    /// `.name`; without a name `.*`.
    Member(Option<String>),
    /// `['a','b']`
    Members(Vec<String>),
    /// `..name`; without a name `..*`.
    Descendants(Option<String>),
    /// `..['a','b']`
    DescendantsNamed(Vec<String>),
    /// `[0]`; without an index `[*]`.
    Index(Option<i32>),
    /// `[0,2]`
    Indexes(Vec<i32>),
    /// `[start:end:step]`
    Slice {
        start: Option<i32>,
        end: Option<i32>,
        step: Option<i32>,
    },
    /// `[?(…)]`: the elements of an array that match.
    Filter(Query),
    /// `..[?(…)]`: the node and everything below it that matches.
    DescendantFilter(Query),
}

/// The condition of a filter.
#[derive(Clone, Debug, PartialEq)]
enum Query {
    All(Vec<Query>),
    Any(Vec<Query>),
    Exists(Side),
    Compare {
        operator: Operator,
        left: Side,
        right: Side,
    },
    Matches {
        left: Side,
        pattern: Pattern,
    },
}

/// One side of a comparison.
#[derive(Clone, Debug)]
enum Side {
    Path(Vec<Step>),
    Value(Json),
}

impl PartialEq for Side {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Path(left), Self::Path(right)) => left == right,
            (Self::Value(left), Self::Value(right)) => left == right,
            _ => false,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equals,
    NotEquals,
    StrictEquals,
    StrictNotEquals,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// A regular expression of `=~`.
#[derive(Clone, Debug)]
struct Pattern(regex::Regex);

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl JsonPath {
    /// Compiles a path. The error names the character where it went wrong.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        parse::parse(text)
    }

    /// All values that the path finds, in the order of the document.
    pub fn select(&self, root: &Json, compatibility: Compatibility) -> Selection {
        let mut evaluation = Evaluation::of(root, compatibility);
        match evaluation.select(&self.steps, root) {
            Ok(found) => Selection {
                values: found.into_iter().cloned().collect(),
                failure: evaluation.into_failure(),
            },
            Err(failure) => Selection {
                values: Vec::new(),
                failure: Some(failure),
            },
        }
    }
}

/// What a path finds.
#[derive(Clone, Debug, PartialEq)]
pub struct Selection {
    /// What was found, in the order of the evaluation; empty when nothing matches.
    pub values: Vec<Json>,
    /// Why the path, or a filter on one of the values, could not be evaluated.
    pub failure: Option<EvaluationError>,
}

#[cfg(test)]
mod tests;
