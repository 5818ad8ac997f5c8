//! The functions of expressions: those of the JMESPath specification (<https://jmespath.org/specification.html#built-in-functions>)
//! and those of the mapping language (arithmetic, insertString, fromUnixTimestamp, fromUnixTimestampMs).

mod call;

use std::sync::Arc;

use super::Ast;
use super::arithmetic::{self, ArithmeticError};
use super::evaluate::Evaluation;
use crate::compatibility::Compatibility;
use crate::json::{AsNewtonsoft, Json, Number};
use call::{Call, kind, to_number};

/// Why a function could not be carried out on the values of a message.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum FunctionError {
    /// An argument is of the wrong type.
    #[error("function {function} needs {wanted} as argument {position}, not {found}")]
    ArgumentType {
        /// Name of the function that was called.
        function: &'static str,
        /// What it takes.
        wanted: &'static str,
        /// Which argument, counted from 1.
        position: usize,
        /// The type found.
        found: &'static str,
    },
    /// An argument is an array, and one of its elements is of the wrong type.
    #[error(
        "function {function} needs {wanted} as argument {position}, not one with {} in it",
        with_article(found)
    )]
    ElementType {
        /// Name of the function that was called.
        function: &'static str,
        /// What it takes.
        wanted: &'static str,
        /// Which argument, counted from 1.
        position: usize,
        /// The type of the element.
        found: &'static str,
    },
    /// Arithmetic has no result for these numbers: an overflow, for example, or a division by zero.
    #[error("function {function}: {source}")]
    Arithmetic {
        /// Name of the function that calculates.
        function: &'static str,
        /// What went wrong.
        source: ArithmeticError,
    },
    /// `insertString` outside of the text.
    #[error("function insertString: the position is outside of the text")]
    PositionOutOfRange,
    /// A Unix timestamp outside the years 1 to 9999.
    #[error("function {function}: the timestamp is outside the years 1 to 9999")]
    TimestampOutOfRange {
        /// Name of the function that reads the timestamp.
        function: &'static str,
    },
    /// `&expression` where no function takes it.
    #[error("&… may only be an argument of a function")]
    ReferenceOutsideFunction,
}

fn with_article(kind: &str) -> String {
    match kind {
        "null" => "null".to_owned(),
        kind if kind.starts_with(['a', 'o']) => format!("an {kind}"),
        kind => format!("a {kind}"),
    }
}

/// An argument: a value, or an expression that the function evaluates itself.
pub(super) enum Argument<'a> {
    Value(Json),
    Expression(&'a Ast),
}

macro_rules! functions {
    ($($variant:ident $name:literal $least:literal $most:expr;)*) => {
        /// A function by name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Function { $(#[doc = $name] $variant),* }

        impl Function {
            /// The function of that name.
            pub fn named(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)* _ => None }
            }

            /// The name by which expressions call it.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// How many arguments it takes: at least, and at most unless any number.
            pub fn argument_count(self) -> (usize, Option<usize>) {
                match self { $(Self::$variant => ($least, $most)),* }
            }

            /// All names, for error messages.
            pub fn names() -> String {
                [$($name),*].join(", ")
            }
        }
    };
}

functions! {
    Abs "abs" 1 Some(1);
    Add "add" 2 Some(2);
    Avg "avg" 1 Some(1);
    Ceil "ceil" 1 Some(1);
    Contains "contains" 2 Some(2);
    Divide "divide" 2 Some(2);
    EndsWith "ends_with" 2 Some(2);
    Floor "floor" 1 Some(1);
    FromUnixTimestamp "fromUnixTimestamp" 1 Some(1);
    FromUnixTimestampMs "fromUnixTimestampMs" 1 Some(1);
    InsertString "insertString" 3 Some(3);
    Join "join" 2 Some(2);
    Keys "keys" 1 Some(1);
    Length "length" 1 Some(1);
    Map "map" 2 Some(2);
    Max "max" 1 Some(1);
    MaxBy "max_by" 2 Some(2);
    Merge "merge" 1 None;
    Min "min" 1 Some(1);
    MinBy "min_by" 2 Some(2);
    Multiply "multiply" 2 Some(2);
    NotNull "not_null" 1 None;
    Pow "pow" 2 Some(2);
    Reverse "reverse" 1 Some(1);
    Sort "sort" 1 Some(1);
    SortBy "sort_by" 2 Some(2);
    StartsWith "starts_with" 2 Some(2);
    Subtract "subtract" 2 Some(2);
    Sum "sum" 1 Some(1);
    ToArray "to_array" 1 Some(1);
    ToNumber "to_number" 1 Some(1);
    ToString "to_string" 1 Some(1);
    Type "type" 1 Some(1);
    Values "values" 1 Some(1);
}

/// A value as a text for functions on texts: a text, or a date as the compatibility mode prints it.
pub(super) fn text(value: &Json) -> Option<Arc<str>> {
    match value {
        Json::Text(text) => Some(text.clone()),
        Json::Date(date) => Some(date.month_first_text().into()),
        _ => None,
    }
}

type Called<T> = Result<T, FunctionError>;

/// Carries out a function.
pub(super) fn call(function: Function, arguments: Vec<Argument<'_>>, evaluation: Evaluation) -> Called<Json> {
    let call = Call {
        function,
        arguments,
        evaluation,
    };
    let mode = evaluation.compatibility;
    match function {
        Function::Add | Function::Subtract | Function::Multiply | Function::Divide | Function::Pow => {
            call.arithmetic(|left, right| arithmetic::binary(function, left, right, mode))
        }
        Function::Abs => call.rounded(|number| match number.to_integer() {
            Some(value) => value.checked_abs().map(Number::Integer),
            None => Some(Number::Float(number.to_double().abs())),
        }),
        Function::Ceil => call.rounded(|number| arithmetic::integral(number, f64::ceil)),
        Function::Floor => call.rounded(|number| arithmetic::integral(number, f64::floor)),
        Function::Avg | Function::Sum => call.total(),
        Function::Max | Function::Min => call.extreme(),
        Function::MaxBy | Function::MinBy | Function::SortBy => call.by_key(),
        Function::Sort => call.sort(),
        Function::Contains => call.contains(),
        Function::StartsWith => Ok(Json::Bool(call.text(0)?.starts_with(&*call.text(1)?))),
        Function::EndsWith => Ok(Json::Bool(call.text(0)?.ends_with(&*call.text(1)?))),
        Function::InsertString => call.insert_string(),
        Function::Join => call.join(),
        Function::FromUnixTimestamp => call.unix_time(jiff::SignedDuration::from_secs),
        Function::FromUnixTimestampMs => call.unix_time(jiff::SignedDuration::from_millis),
        Function::Keys => Ok(Json::array(
            call.object(0)?
                .keys()
                .map(|name| Json::Text(name.clone()))
                .collect(),
        )),
        Function::Values => Ok(Json::array(call.object(0)?.values().cloned().collect())),
        Function::Merge => call.merge(),
        Function::Length => call.length(),
        Function::Map => call.map(),
        Function::Reverse => call.reverse(),
        Function::NotNull => call.not_null(),
        Function::ToArray => Ok(match call.value(0)? {
            array @ Json::Array(_) => array.clone(),
            other => Json::array(vec![other.clone()]),
        }),
        Function::ToNumber => Ok(to_number(call.value(0)?)),
        Function::ToString => Ok(match call.value(0)? {
            text @ (Json::Text(_) | Json::Date(_)) => text.clone(),
            other if mode == Compatibility::IomtFhir => Json::text(AsNewtonsoft(other).to_string()),
            other => Json::text(other.to_string()),
        }),
        Function::Type => Ok(Json::text(kind(call.value(0)?))),
    }
}
