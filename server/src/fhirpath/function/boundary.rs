//! What imprecise values may mean at least and at most, and how precise they are: `lowBoundary()`, `highBoundary()`,
//! `precision()`, `comparable()`, <http://hl7.org/fhirpath/#utility-functions>. R4's later invariants use them.

use rust_decimal::{Decimal, RoundingStrategy};
use smallvec::smallvec;

use super::{Call, Row};
use crate::fhirpath::evaluate::{Evaluated, Evaluation, single};
use crate::fhirpath::value::{Collection, Quantity, Value};

/// The functions of this section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the standard's")]
pub enum BoundaryFunction {
    Low,
    High,
    Precision,
    Comparable,
}

pub const FUNCTIONS: &[Row<BoundaryFunction>] = &[
    ("lowBoundary", BoundaryFunction::Low, 0, 1),
    ("highBoundary", BoundaryFunction::High, 0, 1),
    ("precision", BoundaryFunction::Precision, 0, 0),
    ("comparable", BoundaryFunction::Comparable, 1, 1),
];

/// The digits after the point that a boundary has when none are asked for, and the most that it may have.
const DIGITS: i32 = 8;
const MOST_DIGITS: i32 = 28;

impl<'resource> Evaluation<'_, 'resource> {
    pub(super) fn boundary(
        &self,
        function: BoundaryFunction,
        input: &[Value<'resource>],
        call: &Call<'_, 'resource>,
    ) -> Evaluated<'resource> {
        let Some(value) = single(input, call.name)?.map(Value::simple) else {
            return Ok(Collection::new());
        };
        match function {
            BoundaryFunction::Comparable => {
                let other = self.value_argument(call, 0)?;
                let quantities = value
                    .as_quantity()
                    .zip(other.as_ref().and_then(Value::as_quantity));
                let comparable = quantities.map(|(one, another)| one.is_comparable(&another));
                Ok(comparable.map(Value::Boolean).into_iter().collect())
            }
            BoundaryFunction::Precision => match precision(&value) {
                Some(digits) => Ok(smallvec![Value::Integer(digits)]),
                None => Err(self.operand(call, "a number, a date or a time", &value)),
            },
            BoundaryFunction::Low | BoundaryFunction::High => {
                let is_low = function == BoundaryFunction::Low;
                let digits = self.integer_argument(call, 0)?;
                match end(&value, digits, is_low) {
                    Some(end) => Ok(end.into_iter().collect()),
                    None => Err(self.operand(call, "a number, a date or a time", &value)),
                }
            }
        }
    }
}

/// How many digits are written. `None` for what has none.
fn precision(value: &Value<'_>) -> Option<i32> {
    match value {
        Value::Date(temporal) | Value::DateTime(temporal) => Some(temporal.digits(false)),
        Value::Time(time) => Some(time.digits(true)),
        _ => i32::try_from(value.as_number()?.scale()).ok(),
    }
}

/// The lower or the upper boundary. `None` for what has none, `Some(None)` for digits that it cannot have.
fn end<'resource>(
    value: &Value<'resource>,
    digits: Option<i32>,
    is_low: bool,
) -> Option<Option<Value<'resource>>> {
    let of_temporal = |temporal: &crate::fhirpath::Temporal, digits: i32, is_time: bool| match is_low {
        true => temporal.low_boundary(i64::from(digits), is_time),
        false => temporal.high_boundary(i64::from(digits), is_time),
    };
    Some(match value {
        Value::Date(date) => of_temporal(date, digits.unwrap_or(8), false).map(Value::Date),
        Value::DateTime(date_time) => {
            of_temporal(date_time, digits.unwrap_or(17), false).map(Value::DateTime)
        }
        Value::Time(time) => of_temporal(time, digits.unwrap_or(9), true).map(Value::Time),
        Value::Quantity(quantity) => {
            decimal_end(quantity.value, digits.unwrap_or(DIGITS), is_low).map(|value| {
                let unit = quantity.unit.clone();
                Value::Quantity(Box::new(Quantity { value, unit }))
            })
        }
        _ => decimal_end(value.as_number()?, digits.unwrap_or(DIGITS), is_low).map(Value::Decimal),
    })
}

/// Half of the last digit below or above, to so many digits after the point.
fn decimal_end(number: Decimal, digits: i32, is_low: bool) -> Option<Decimal> {
    let digits = u32::try_from(digits).ok().filter(|_| digits <= MOST_DIGITS)?;
    let half = Decimal::try_new(5, number.scale() + 1).ok()?;
    let mut end = match is_low {
        true => number
            .checked_sub(half)?
            .round_dp_with_strategy(digits, RoundingStrategy::ToNegativeInfinity),
        false => number
            .checked_add(half)?
            .round_dp_with_strategy(digits, RoundingStrategy::ToPositiveInfinity),
    };
    end.rescale(digits);
    Some(end)
}
