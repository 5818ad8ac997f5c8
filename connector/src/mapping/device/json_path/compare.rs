//! How filters compare two values. For `<` and `>` a text against a number is read as a number; for `==` it is not.

use std::cmp::Ordering;

use crate::compatibility::Compatibility;
use crate::date_time::{Date, Instant, parse_timestamp};
use crate::json::{Json, Number};

/// Two values that `<` or `>` cannot compare (compatibility mode; in the strict mode they simply do not match).
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("cannot compare {value} as {wanted}")]
pub struct ComparisonError {
    value: String,
    wanted: &'static str,
}

/// `==`: the same kind and value; integers equal decimals of the same value, dates equal their ISO 8601 text.
pub(super) fn equal(left: &Json, right: &Json) -> bool {
    match (left, right) {
        (Json::Number(left), Json::Number(right)) => compare_numbers(left, right) == Ordering::Equal,
        (Json::Date(left), Json::Text(right)) => left.iso_text() == **right,
        _ => left == right,
    }
}

/// `===`: like `==`, without reading a date as a text.
pub(super) fn strictly_equal(left: &Json, right: &Json) -> bool {
    match (left, right) {
        (Json::Number(left), Json::Number(right)) => compare_numbers(left, right) == Ordering::Equal,
        _ => left == right,
    }
}

/// `<` and its kin. Nothing when the two cannot be compared (strict mode). In the original null is less than anything else; in the strict
/// mode it cannot be compared.
pub(super) fn order(
    left: &Json,
    right: &Json,
    mode: Compatibility,
) -> Result<Option<Ordering>, ComparisonError> {
    if mode == Compatibility::Strict && (left.is_null() || right.is_null()) {
        return Ok(None);
    }
    let ordered = match (left, right) {
        (Json::Null, Json::Null) => Ok(Ordering::Equal),
        (Json::Null, _) => Ok(Ordering::Less),
        (_, Json::Null) => Ok(Ordering::Greater),
        (Json::Text(left), Json::Text(right)) => Ok(left.cmp(right)),
        (Json::Text(_), _) => by_kind_of(right, left, right, mode),
        _ => by_kind_of(left, left, right, mode),
    };
    match (ordered, mode) {
        (Ok(ordering), _) => Ok(Some(ordering)),
        (Err(_), Compatibility::Strict) => Ok(None),
        (Err(error), Compatibility::IomtFhir) => Err(error),
    }
}

fn by_kind_of(
    kind: &Json,
    left: &Json,
    right: &Json,
    mode: Compatibility,
) -> Result<Ordering, ComparisonError> {
    match kind {
        Json::Number(number) => {
            let decimal = |value: &Json| matches!(value, Json::Number(number) if number.is_decimal());
            let only_integers = !number.is_decimal() && !decimal(left) && !decimal(right);
            let as_integers = only_integers && mode == Compatibility::IomtFhir;
            Ok(compare_numbers(
                &as_number(left, as_integers)?,
                &as_number(right, as_integers)?,
            ))
        }
        Json::Bool(_) => Ok(as_bool(left)?.cmp(&as_bool(right)?)),
        Json::Date(_) => Ok(as_instant(left)?.cmp(&as_instant(right)?)),
        _ => Err(error(right, "a value of one kind")),
    }
}

fn as_number(value: &Json, integer: bool) -> Result<Number, ComparisonError> {
    match value {
        Json::Number(number) => Ok(number.clone()),
        Json::Bool(value) => Ok(Number::Integer(i64::from(*value))),
        Json::Text(text) => match text.trim().parse::<i64>() {
            Ok(value) => Ok(Number::Integer(value)),
            Err(_) if integer => Err(error(value, "an integer")),
            Err(_) => {
                let number = text
                    .trim()
                    .parse::<f64>()
                    .ok()
                    .filter(|number| number.is_finite());
                number.map(Number::Float).ok_or_else(|| error(value, "a number"))
            }
        },
        _ => Err(error(value, "a number")),
    }
}

fn as_bool(value: &Json) -> Result<bool, ComparisonError> {
    match value {
        Json::Bool(value) => Ok(*value),
        Json::Number(number) => Ok(number.to_double() != 0.0),
        Json::Text(text) if text.trim().eq_ignore_ascii_case("true") => Ok(true),
        Json::Text(text) if text.trim().eq_ignore_ascii_case("false") => Ok(false),
        _ => Err(error(value, "true or false")),
    }
}

fn as_instant(value: &Json) -> Result<Instant, ComparisonError> {
    let instant = match value {
        Json::Date(Date { instant, .. }) => Some(*instant),
        Json::Text(text) => parse_timestamp(text),
        _ => None,
    };
    instant.ok_or_else(|| error(value, "a date"))
}

fn compare_numbers(left: &Number, right: &Number) -> Ordering {
    if let (Some(left), Some(right)) = (left.to_integer(), right.to_integer()) {
        return left.cmp(&right);
    }
    let (left, right) = (left.to_double(), right.to_double());
    // Two doubles that differ by a rounding error are one number.
    let tolerance = (left.abs() + right.abs() + 10.0) * f64::EPSILON;
    if (left - right).abs() < tolerance {
        return Ordering::Equal;
    }
    left.partial_cmp(&right).unwrap_or(Ordering::Equal)
}

fn error(value: &Json, wanted: &'static str) -> ComparisonError {
    // The value is of a patient: its kind is named, not its content.
    let kind = match value {
        Json::Null => "null",
        Json::Bool(_) => "true or false",
        Json::Number(_) => "a number",
        Json::Text(_) => "this text",
        Json::Date(_) => "a date",
        Json::Array(_) => "an array",
        Json::Object(_) => "an object",
    };
    ComparisonError {
        value: kind.to_owned(),
        wanted,
    }
}
