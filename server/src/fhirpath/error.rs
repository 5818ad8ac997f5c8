//! What can be wrong with an expression: with its text, with the types it names, or with the values it meets.

use super::function::Function;

/// Why a text is not an expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// It breaks the grammar.
    #[error("at character {position}: expected {expected}")]
    Syntax {
        /// Offset in bytes.
        position: usize,
        /// What could have stood there.
        expected: &'static str,
    },
    /// It calls a function that there is not.
    #[error("at character {position}: there is no function {name}()")]
    UnknownFunction {
        /// Offset in bytes.
        position: usize,
        /// The name before the parenthesis.
        name: String,
    },
    /// It calls a function with too few or too many arguments.
    #[error("at character {position}: {function}() cannot have {count} arguments")]
    ArgumentCount {
        /// Offset in bytes.
        position: usize,
        /// The function that is called.
        function: Function,
        /// How many there are.
        count: usize,
    },
    /// It is longer than an expression may be.
    #[error("an expression may have {0} bytes at most")]
    TooLong(usize),
    /// It is nested deeper than an expression may be.
    #[error("an expression may be nested {0} levels deep at most")]
    TooDeep(usize),
}

/// Why an expression cannot be meant for the type that it is to be evaluated on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SemanticError {
    /// It names an element that the type does not have.
    #[error("{type_name} has no element {name}")]
    UnknownElement {
        /// The type, or the path of an element.
        type_name: String,
        /// The name that the expression asks for.
        name: String,
    },
    /// It begins with another type than the one it is evaluated on.
    #[error("{name} is not the type {type_name}, on which the expression is evaluated")]
    OtherContext {
        /// The type that it names.
        name: String,
        /// The type that it is evaluated on.
        type_name: String,
    },
    /// It names a type that there is not.
    #[error("there is no type {0}")]
    UnknownType(String),
    /// It uses a function on what has no order.
    #[error("{0}() needs an order, which children() and descendants() do not give")]
    Unordered(Function),
    /// It gives a function something else than it wants.
    #[error("{function}() needs {expected}, not {found}")]
    Operand {
        /// The function that is called.
        function: Function,
        /// What it needs.
        expected: &'static str,
        /// What it would get.
        found: String,
    },
    /// It puts values together that do not go together.
    #[error("{operator} cannot be used with {left} and {right}")]
    Operator {
        /// As it is written.
        operator: &'static str,
        /// The left operand's type.
        left: String,
        /// The right operand's type.
        right: String,
    },
}

/// Why an expression has no result for a resource.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EvaluationError {
    /// One value is needed, and there are several.
    #[error("{needed_by} needs one value, and there are {count}")]
    NotSingle {
        /// The operator or function.
        needed_by: &'static str,
        /// How many there are.
        count: usize,
    },
    /// A function has something else than it needs.
    #[error("{function} needs {expected}, not {found}")]
    Operand {
        /// The function or operator.
        function: &'static str,
        /// What it needs.
        expected: &'static str,
        /// The type that it has.
        found: String,
    },
    /// An operator's operands do not go together.
    #[error("{operator} cannot be used with {left} and {right}")]
    Operator {
        /// As it is written.
        operator: &'static str,
        /// The left operand's type.
        left: String,
        /// The right operand's type.
        right: String,
    },
    /// A time and a quantity that is no definite duration cannot be added.
    #[error("{0} cannot be added to a date or a time")]
    NoDuration(String),
    /// There is no such variable.
    #[error("there is no variable %{0}")]
    UnknownVariable(String),
    /// There is no such type.
    #[error("there is no type {0}")]
    UnknownType(String),
    /// The text is not a regular expression, or one that is too large.
    #[error("\"{pattern}\" cannot be used as a regular expression: {reason}")]
    Pattern {
        /// The text that was given as a regular expression.
        pattern: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The host does not know how to do what a function asks for.
    #[error("{0} cannot be answered here")]
    Unanswered(String),
    /// It costs more than an evaluation may.
    #[error("the expression takes more than {0} steps on this resource")]
    TooManySteps(u64),
    /// A text would become longer than a text may be.
    #[error("a text may have {0} bytes at most")]
    TextTooLong(usize),
}
