//! From the text of an expression to its tree: names of functions and numbers of arguments are checked here.

use jmespath::ast::Ast as Parsed;

use super::Ast;
use super::adjacency::value_after_value;
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
        /// Name of the function that was called.
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

pub(super) fn compile(text: &str, compatibility: Compatibility) -> Result<Ast, CompileError> {
    if nesting(text) > DEPTH {
        return Err(CompileError::TooDeep);
    }
    let parsed = jmespath::parse(text).map_err(|error| {
        let message = match &error.reason {
            jmespath::ErrorReason::Parse(message) => message.clone(),
            jmespath::ErrorReason::Runtime(reason) => reason.to_string(),
        };
        let before = text.get(..error.offset).unwrap_or(text);
        CompileError::Syntax {
            message: in_words(&message),
            character: before.chars().count() + 1,
        }
    })?;
    if let Some(character) = value_after_value(text) {
        return Err(CompileError::Syntax {
            message: "expected ',' or an operator".to_owned(),
            character,
        });
    }
    Conversion { text, compatibility }.convert(&parsed)
}

/// What the crate says in the terms of its parser, in those of the language.
fn in_words(message: &str) -> String {
    let terms = [
        ("Unexpected nud token", "expected a name, a literal or a function"),
        ("Unexpected led token", "expected an operator"),
        (
            "Did not parse the complete expression",
            "expected ',' or an operator",
        ),
        (
            "'-' must be followed by numbers 1-9",
            "put a name with a hyphen in double quotes",
        ),
        (
            "Invalid character: $",
            "'$' is JSONPath; JMESPath begins with a name",
        ),
        (" -- found Eof", ", found the end"),
        (" -- found ", ", found "),
    ];
    let replace = |message: String, (theirs, ours): (&str, &str)| message.replace(theirs, ours);
    terms.into_iter().fold(message.to_owned(), replace)
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

/// From the crate's tree to ours.
struct Conversion<'t> {
    text: &'t str,
    compatibility: Compatibility,
}

type Converted<T> = Result<T, CompileError>;

impl Conversion<'_> {
    fn convert(&self, parsed: &Parsed) -> Converted<Ast> {
        let boxed = |node: &Parsed| self.boxed(node);
        Ok(match parsed {
            Parsed::Identity { .. } => Ast::Current,
            Parsed::Literal { value, offset } => Ast::Literal(self.literal(value, *offset)?),
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
            Parsed::Subexpr { lhs, rhs, offset } if self.begins_with(*offset, '|') => {
                Ast::Pipe(boxed(lhs)?, boxed(rhs)?)
            }
            Parsed::Subexpr { lhs, rhs, .. } => {
                let rhs = boxed(rhs)?;
                negated_last(self.convert(lhs)?, |lhs| Ast::Chain(lhs, rhs))
            }
            Parsed::Flatten { node, .. } => negated_last(self.convert(node)?, Ast::Flatten),
            Parsed::ObjectValues { node, .. } => negated_last(self.convert(node)?, Ast::Values),
            Parsed::Projection { lhs, rhs, .. } => {
                let rhs = boxed(rhs)?;
                negated_last(self.convert(lhs)?, |lhs| Ast::Projection(lhs, rhs))
            }
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
            Parsed::MultiList { elements, .. } => Ast::List(self.all(elements)?),
            Parsed::MultiHash { elements, .. } => {
                let pairs = elements
                    .iter()
                    .map(|pair| Ok((pair.key.clone(), self.convert(&pair.value)?)));
                Ast::Hash(pairs.collect::<Converted<_>>()?)
            }
            Parsed::Expref { ast, .. } => Ast::Reference(boxed(ast)?),
            Parsed::Function { name, args, .. } => Ast::Call(function(name, args.len())?, self.all(args)?),
        })
    }

    fn boxed(&self, node: &Parsed) -> Converted<Box<Ast>> {
        self.convert(node).map(Box::new)
    }

    fn all(&self, nodes: &[Parsed]) -> Converted<Vec<Ast>> {
        nodes.iter().map(|node| self.convert(node)).collect()
    }

    fn begins_with(&self, offset: usize, character: char) -> bool {
        self.text
            .get(offset..)
            .is_some_and(|rest| rest.starts_with(character))
    }

    /// Between single quotes stands a text as it is; between backticks JSON, which the compatibility mode reads as it reads messages.
    fn literal(&self, value: &jmespath::Variable, offset: usize) -> Result<Json, JsonError> {
        match value {
            jmespath::Variable::String(text) if self.begins_with(offset, '\'') => {
                Ok(Json::text(text.as_str()))
            }
            other => read_message(&other.to_string(), self.compatibility, DEPTH),
        }
    }
}

/// `!a.b` is `!(a.b)`: the crate lets `!` bind closer than a dot, which would make it null always.
fn negated_last(left: Ast, of: impl FnOnce(Box<Ast>) -> Ast) -> Ast {
    match left {
        Ast::Not(negated) => Ast::Not(Box::new(of(negated))),
        other => of(Box::new(other)),
    }
}

fn function(name: &str, found: usize) -> Converted<Function> {
    let function = Function::named(name).ok_or_else(|| CompileError::UnknownFunction {
        name: name.to_owned(),
    })?;
    let (least, most) = function.argument_count();
    if found < least || most.is_some_and(|most| found > most) {
        let plural = if least == 1 { "" } else { "s" };
        let more = if most.is_none() { " or more" } else { "" };
        return Err(CompileError::ArgumentCount {
            name: function.name(),
            wanted: format!("{least} argument{plural}{more}"),
            found,
        });
    }
    Ok(function)
}
