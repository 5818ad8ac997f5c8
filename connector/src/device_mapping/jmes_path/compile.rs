//! From the text of an expression to its tree: names of functions and numbers of arguments are checked here.

use jmespath::ast::Ast as Parsed;

use super::Ast;
use super::function::Function;
use crate::compatibility::Compatibility;
use crate::json::{Json, JsonError, read_message};

/// Deepest nesting of brackets, and longest run of `!` and `&`, that is read.
const DEPTH: usize = 64;

/// Why an expression does not compile.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CompileError {
    /// It is not JMESPath.
    #[error("not a JMESPath expression: {message} at character {character}")]
    Syntax {
        /// What was found.
        message: String,
        /// Counted from 1.
        character: usize,
    },
    /// No such function.
    #[error("there is no function {name}; there are {}", Function::names())]
    UnknownFunction {
        /// The name as written.
        name: String,
    },
    /// A function has too few or too many arguments.
    #[error("function {name} takes {wanted}, not {found}")]
    ArgumentCount {
        /// The function.
        name: &'static str,
        /// How many it takes, in words.
        wanted: String,
        /// How many were given.
        found: usize,
    },
    /// A slice whose step is 0.
    #[error("the step of a slice cannot be 0")]
    StepZero,
    /// A literal between backticks that cannot be kept.
    #[error("a literal is {0}")]
    Literal(#[from] JsonError),
    /// Brackets in brackets without end.
    #[error("the expression is nested too deeply")]
    TooDeep,
}

pub(super) fn compile(text: &str) -> Result<Ast, CompileError> {
    if nesting(text) > DEPTH {
        return Err(CompileError::TooDeep);
    }
    let parsed = jmespath::parse(text).map_err(|error| {
        let message = match &error.reason {
            jmespath::ErrorReason::Parse(message) => message.clone(),
            jmespath::ErrorReason::Runtime(reason) => reason.to_string(),
        };
        CompileError::Syntax {
            message,
            character: error.offset + 1,
        }
    })?;
    convert(&parsed)
}

/// How deep the parser would have to go, at most.
fn nesting(text: &str) -> usize {
    let mut open = 0_usize;
    let mut deepest = 0;
    let mut prefixes = 0;
    for character in text.chars() {
        match character {
            '(' | '[' | '{' => open += 1,
            ')' | ']' | '}' => open = open.saturating_sub(1),
            '!' | '&' | '.' => prefixes += 1,
            _ => {}
        }
        deepest = deepest.max(open);
    }
    // Prefixes and dots nest too, one frame each: a long chain of names is common, so they count a little.
    deepest + prefixes / 16
}

fn convert(parsed: &Parsed) -> Result<Ast, CompileError> {
    let boxed = |node: &Parsed| convert(node).map(Box::new);
    Ok(match parsed {
        Parsed::Identity { .. } => Ast::Current,
        Parsed::Literal { value, .. } => Ast::Literal(literal(value)?),
        Parsed::Field { name, .. } => Ast::Field(name.clone()),
        Parsed::Index { idx, .. } => Ast::Index(*idx),
        Parsed::Slice { step: 0, .. } => return Err(CompileError::StepZero),
        Parsed::Slice {
            start, stop, step, ..
        } => Ast::Slice {
            start: *start,
            stop: *stop,
            step: *step,
        },
        Parsed::Subexpr { lhs, rhs, .. } => Ast::Chain(boxed(lhs)?, boxed(rhs)?),
        Parsed::Flatten { node, .. } => Ast::Flatten(boxed(node)?),
        Parsed::ObjectValues { node, .. } => Ast::Values(boxed(node)?),
        Parsed::Projection { lhs, rhs, .. } => Ast::Projection(boxed(lhs)?, boxed(rhs)?),
        Parsed::Condition { predicate, then, .. } => Ast::Condition {
            predicate: boxed(predicate)?,
            then: boxed(then)?,
        },
        Parsed::And { lhs, rhs, .. } => Ast::And(boxed(lhs)?, boxed(rhs)?),
        Parsed::Or { lhs, rhs, .. } => Ast::Or(boxed(lhs)?, boxed(rhs)?),
        Parsed::Not { node, .. } => Ast::Not(boxed(node)?),
        Parsed::Comparison {
            comparator, lhs, rhs, ..
        } => Ast::Comparison(comparator.clone(), boxed(lhs)?, boxed(rhs)?),
        Parsed::MultiList { elements, .. } => {
            Ast::List(elements.iter().map(convert).collect::<Result<_, _>>()?)
        }
        Parsed::MultiHash { elements, .. } => {
            let pairs = elements
                .iter()
                .map(|pair| Ok((pair.key.clone(), convert(&pair.value)?)));
            Ast::Hash(pairs.collect::<Result<_, CompileError>>()?)
        }
        Parsed::Expref { ast, .. } => Ast::Reference(boxed(ast)?),
        Parsed::Function { name, args, .. } => {
            let function =
                Function::named(name).ok_or_else(|| CompileError::UnknownFunction { name: name.clone() })?;
            let (least, most) = function.argument_count();
            if args.len() < least || most.is_some_and(|most| args.len() > most) {
                let plural = if least == 1 { "" } else { "s" };
                let more = if most.is_none() { " or more" } else { "" };
                let wanted = format!("{least} argument{plural}{more}");
                return Err(CompileError::ArgumentCount {
                    name: function.name(),
                    wanted,
                    found: args.len(),
                });
            }
            Ast::Call(function, args.iter().map(convert).collect::<Result<_, _>>()?)
        }
    })
}

fn literal(value: &jmespath::Variable) -> Result<Json, JsonError> {
    match value {
        jmespath::Variable::String(text) => Ok(Json::text(text.as_str())),
        other => read_message(&other.to_string(), Compatibility::IomtFhir, DEPTH),
    }
}
