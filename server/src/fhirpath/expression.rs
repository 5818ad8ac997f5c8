//! An expression after parsing. Chains (paths, operators of one precedence) are lists, so that depth is only what
//! brackets and arguments make.

use super::error::ParseError;
use super::function::Function;
use super::parse;
use super::type_specifier::TypeSpecifier;
use super::value::Value;

/// A FHIRPath expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Expression {
    /// `'text'`, `1.5`, `true`, `@2015`, `4 days`
    Literal(Value<'static>),
    /// `{}`
    Empty,
    /// `%name`
    Variable(String),
    /// `$this`
    This,
    /// `$index`
    Index,
    /// `$total`
    Total,
    /// Steps from what the head gives; from the context when there is no head.
    Path(Option<Box<Expression>>, Vec<Step>),
    /// `-operand`
    Negative(Box<Expression>),
    /// `+operand`
    Positive(Box<Expression>),
    /// Operators of one precedence, from left to right.
    Binary(Box<Expression>, Vec<(BinaryOperator, Expression)>),
    /// `operand is Type`, `operand as Type`
    Type(Box<Expression>, TypeOperator, TypeSpecifier),
}

/// A step of a path.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// `.name`
    Member(String),
    /// `.function(arguments)`
    Call(Function, Vec<Expression>),
    /// `.is(Type)`, `.as(Type)`, `.ofType(Type)`
    TypeCall(TypeOperator, TypeSpecifier),
    /// `[index]`
    Item(Box<Expression>),
}

/// What is done with a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TypeOperator {
    /// Whether a value is of it.
    Is,
    /// A value, if it is of it.
    As,
    /// Those values that are of it.
    OfType,
}

/// An operator between two operands. <http://hl7.org/fhirpath/N1/#operations>
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the standard's")]
pub enum BinaryOperator {
    Multiply,
    Divide,
    Div,
    Mod,
    Add,
    Subtract,
    Concatenate,
    Union,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
    Equivalent,
    NotEquivalent,
    In,
    Contains,
    And,
    Or,
    Xor,
    Implies,
}

impl BinaryOperator {
    /// As it is written.
    pub fn text(self) -> &'static str {
        match self {
            BinaryOperator::Multiply => "*",
            BinaryOperator::Divide => "/",
            BinaryOperator::Div => "div",
            BinaryOperator::Mod => "mod",
            BinaryOperator::Add => "+",
            BinaryOperator::Subtract => "-",
            BinaryOperator::Concatenate => "&",
            BinaryOperator::Union => "|",
            BinaryOperator::Less => "<",
            BinaryOperator::LessOrEqual => "<=",
            BinaryOperator::Greater => ">",
            BinaryOperator::GreaterOrEqual => ">=",
            BinaryOperator::Equal => "=",
            BinaryOperator::NotEqual => "!=",
            BinaryOperator::Equivalent => "~",
            BinaryOperator::NotEquivalent => "!~",
            BinaryOperator::In => "in",
            BinaryOperator::Contains => "contains",
            BinaryOperator::And => "and",
            BinaryOperator::Or => "or",
            BinaryOperator::Xor => "xor",
            BinaryOperator::Implies => "implies",
        }
    }
}

impl Expression {
    /// Parses an expression.
    ///
    /// # Errors
    /// [`ParseError`] when it breaks the grammar, calls functions that there are not, or is too long or too deep.
    pub fn parse(text: &str) -> Result<Expression, ParseError> {
        parse::parse(text)
    }

    /// The name, when the expression is nothing else.
    pub fn as_name(&self) -> Option<&str> {
        match self {
            Expression::Path(None, steps) => match steps.as_slice() {
                [Step::Member(name)] => Some(name),
                _ => None,
            },
            _ => None,
        }
    }

    /// `of`, the function and the arguments of `of.function(arguments)`.
    pub fn last_call(&self) -> Option<(Expression, Function, &[Expression])> {
        let Expression::Path(head, steps) = self else {
            return None;
        };
        match steps.split_last()? {
            (Step::Call(function, arguments), before) => {
                let of = Expression::Path(head.clone(), before.to_vec());
                Some((of, *function, arguments))
            }
            _ => None,
        }
    }
}
