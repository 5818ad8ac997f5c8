//! Arithmetic of expressions: with a decimal among the arguments in doubles, else in integers of 64 bits.
//! The compatibility mode lets integers wrap around, as the original does; the strict mode refuses.

use super::function::Function;
use crate::compatibility::Compatibility;
use crate::json::{Json, Number};

/// Why numbers could not be computed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArithmeticError {
    /// The result does not fit into 64 bits.
    #[error("the result does not fit into an integer of 64 bits")]
    Overflow,
    /// An argument does not fit into 64 bits.
    #[error("an argument does not fit into an integer of 64 bits")]
    TooLarge,
    /// Division by zero.
    #[error("division by zero")]
    DivisionByZero,
    /// A double without a value (strict mode).
    #[error("the result is not a number")]
    NotFinite,
}

/// `add`, `subtract`, `multiply`, `divide` or `pow`.
pub(super) fn binary(
    function: Function,
    left: &Number,
    right: &Number,
    mode: Compatibility,
) -> Result<Number, ArithmeticError> {
    if left.is_decimal() || right.is_decimal() {
        let result = doubles(function, left.to_double(), right.to_double());
        if mode == Compatibility::Strict && !result.is_finite() {
            let by_zero = function == Function::Divide && right.to_double() == 0.0;
            return Err(if by_zero {
                ArithmeticError::DivisionByZero
            } else {
                ArithmeticError::NotFinite
            });
        }
        return Ok(Number::Float(result));
    }
    let integer = |number: &Number| number.to_integer().ok_or(ArithmeticError::TooLarge);
    integers(function, integer(left)?, integer(right)?, mode).map(Number::Integer)
}

fn doubles(function: Function, left: f64, right: f64) -> f64 {
    match function {
        Function::Add => left + right,
        Function::Subtract => left - right,
        Function::Multiply => left * right,
        Function::Divide => left / right,
        _ => left.powf(right),
    }
}

fn integers(function: Function, left: i64, right: i64, mode: Compatibility) -> Result<i64, ArithmeticError> {
    let wraps = mode == Compatibility::IomtFhir;
    let checked = match function {
        Function::Add if wraps => Some(left.wrapping_add(right)),
        Function::Subtract if wraps => Some(left.wrapping_sub(right)),
        Function::Multiply if wraps => Some(left.wrapping_mul(right)),
        Function::Add => left.checked_add(right),
        Function::Subtract => left.checked_sub(right),
        Function::Multiply => left.checked_mul(right),
        Function::Divide if right == 0 => return Err(ArithmeticError::DivisionByZero),
        Function::Divide => left.checked_div(right),
        _ => power(left, right, mode),
    };
    checked.ok_or(ArithmeticError::Overflow)
}

/// The original computes a power in doubles and rounds; the strict mode is exact where the result is an integer.
fn power(base: i64, exponent: i64, mode: Compatibility) -> Option<i64> {
    match u32::try_from(exponent) {
        Ok(exponent) if mode == Compatibility::Strict => base.checked_pow(exponent),
        _ => to_integer((base as f64).powf(exponent as f64).round_ties_even()),
    }
}

fn to_integer(value: f64) -> Option<i64> {
    // 2^63 is the first double that does not fit.
    let fits = (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&value);
    fits.then_some(value as i64)
}

/// Rounds to an integer of 64 bits, if it fits.
pub(super) fn integral(number: &Number, round: fn(f64) -> f64) -> Option<Number> {
    match number.to_integer() {
        Some(value) => Some(Number::Integer(value)),
        None => to_integer(round(number.to_double())).map(Number::Integer),
    }
}

/// A sum: an integer where it is whole.
pub(super) fn integral_if_whole(value: f64) -> Json {
    let whole = if value.fract() == 0.0 {
        to_integer(value)
    } else {
        None
    };
    Json::Number(whole.map_or(Number::Float(value), Number::Integer))
}
