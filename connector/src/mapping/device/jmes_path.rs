//! JMESPath with the functions that device mappings may use. The crate `jmespath` reads the grammar; the evaluation is ours,
//! because mappings depend on how JmesPath.Net evaluates: a projection is not an array (each of its values is a match),
//! members keep their order, an integer is not a decimal, and a date is not a text.
//! See <https://jmespath.org/specification.html>.

mod adjacency;
mod arithmetic;
mod compile;
mod evaluate;
mod function;

use crate::compatibility::Compatibility;
use crate::json::Json;

pub use compile::CompileError;
use function::Function;
pub use function::FunctionError;

/// A compiled expression.
#[derive(Clone, Debug)]
pub struct JmesPath {
    root: Ast,
}

/// An expression as a tree, with literals and functions resolved.
#[derive(Clone, Debug)]
enum Ast {
    Current,
    Literal(Json),
    Field(String),
    Index(i32),
    Slice {
        start: Option<i32>,
        stop: Option<i32>,
        step: i32,
    },
    Chain(Box<Ast>, Box<Ast>),
    Pipe(Box<Ast>, Box<Ast>),
    Flatten(Box<Ast>),
    Values(Box<Ast>),
    Projection(Box<Ast>, Box<Ast>),
    Condition {
        predicate: Box<Ast>,
        then: Box<Ast>,
    },
    And(Box<Ast>, Box<Ast>),
    Or(Box<Ast>, Box<Ast>),
    Not(Box<Ast>),
    Comparison(jmespath::ast::Comparator, Box<Ast>, Box<Ast>),
    List(Vec<Ast>),
    Hash(Vec<(String, Ast)>),
    Reference(Box<Ast>),
    Call(Function, Vec<Ast>),
}

/// What an expression gives: one value, or the values of a projection.
pub enum Outcome {
    /// One value, `null` included.
    Value(Json),
    /// The values of a projection.
    Projection(Vec<Json>),
}

impl Outcome {
    /// The value; a projection becomes an array.
    pub fn into_json(self) -> Json {
        match self {
            Self::Value(value) => value,
            Self::Projection(values) => Json::array(values),
        }
    }
}

impl JmesPath {
    /// Compiles an expression; unknown functions and wrong numbers of arguments are errors.
    pub fn compile(text: &str, compatibility: Compatibility) -> Result<Self, CompileError> {
        compile::compile(text, compatibility).map(|root| Self { root })
    }

    /// Evaluates the expression on a value.
    pub fn evaluate(&self, value: &Json, compatibility: Compatibility) -> Result<Outcome, FunctionError> {
        evaluate::Evaluation { compatibility }.outcome(&self.root, value)
    }
}

#[cfg(test)]
mod tests;
