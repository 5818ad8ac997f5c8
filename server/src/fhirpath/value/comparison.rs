//! The order of values, <http://hl7.org/fhirpath/N1/#comparison>, and what they are as numbers and quantities.

use std::borrow::Cow;
use std::cmp::Ordering;

use rust_decimal::Decimal;

use super::{Quantity, Value};

/// Two values that have no order at all, whatever they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoOrder;

/// The order of two values; `None` when they are too imprecise or in units too different to tell.
///
/// # Errors
/// [`NoOrder`] for values of types that are not ordered or not comparable.
pub fn compare(left: &Value<'_>, right: &Value<'_>) -> Result<Option<Ordering>, NoOrder> {
    match (left.simple(), right.simple()) {
        (Value::String(one), Value::String(another)) => Ok(Some(one.cmp(&another))),
        (Value::Date(one) | Value::DateTime(one), Value::Date(another) | Value::DateTime(another))
        | (Value::Time(one), Value::Time(another)) => Ok(one.compare(&another)),
        (one, another) => match (one.as_number(), another.as_number()) {
            (Some(one), Some(another)) => Ok(Some(one.cmp(&another))),
            _ => match (one.as_quantity(), another.as_quantity()) {
                (Some(one), Some(another)) => Ok(one.compare(&another)),
                _ => Err(NoOrder),
            },
        },
    }
}

impl Value<'_> {
    /// An Integer or a Decimal.
    pub fn as_number(&self) -> Option<Decimal> {
        match self {
            Value::Integer(number) => Some(Decimal::from(*number)),
            Value::Decimal(number) => Some(*number),
            _ => None,
        }
    }

    /// A Quantity, or a number as one.
    pub fn as_quantity(&self) -> Option<Cow<'_, Quantity>> {
        match self {
            Value::Quantity(quantity) => Some(Cow::Borrowed(quantity)),
            _ => self
                .as_number()
                .map(|number| Cow::Owned(Quantity::of_number(number))),
        }
    }
}
