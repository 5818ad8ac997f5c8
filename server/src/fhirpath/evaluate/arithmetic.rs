//! Calculation, <http://hl7.org/fhirpath/N1/#math>. What leaves the range of numbers, and division by zero, is empty.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use smallvec::smallvec;

use super::{Evaluated, Evaluation, single};
use crate::fhirpath::error::EvaluationError;
use crate::fhirpath::expression::BinaryOperator;
use crate::fhirpath::value::{Collection, Quantity, Temporal, Value};

impl<'resource> Evaluation<'_, 'resource> {
    pub(super) fn arithmetic(
        &self,
        operator: BinaryOperator,
        left: &[Value<'resource>],
        right: &[Value<'resource>],
    ) -> Evaluated<'resource> {
        let operands = single(left, operator.text())?.zip(single(right, operator.text())?);
        let Some((left, right)) = operands else {
            return Ok(Collection::new());
        };
        let is_sum = matches!(operator, BinaryOperator::Add | BinaryOperator::Subtract);
        let result = match (left.simple(), right.simple()) {
            (Value::Integer(one), Value::Integer(another)) => integers(operator, one, another),
            (Value::String(one), Value::String(another)) if operator == BinaryOperator::Add => {
                self.budget.charge_length(one.len() + another.len())?;
                Some(Value::from(one.into_owned() + &another))
            }
            (Value::Date(date), Value::Quantity(quantity)) if is_sum => {
                moved(operator, &date, &quantity, false)?.map(Value::Date)
            }
            (Value::DateTime(date_time), Value::Quantity(quantity)) if is_sum => {
                moved(operator, &date_time, &quantity, false)?.map(Value::DateTime)
            }
            (Value::Time(time), Value::Quantity(quantity)) if is_sum => {
                moved(operator, &time, &quantity, true)?.map(Value::Time)
            }
            (one, another) => match (one.as_number(), another.as_number()) {
                (Some(one), Some(another)) => decimals(operator, one, another),
                _ => match (one.as_quantity(), another.as_quantity()) {
                    (Some(one), Some(another)) => quantities(operator, &one, &another)
                        .ok_or_else(|| self.mismatch(operator, left, right))?,
                    _ => return Err(self.mismatch(operator, left, right)),
                },
            },
        };
        Ok(result.into_iter().collect())
    }

    pub(super) fn negative(&self, operand: &[Value<'resource>]) -> Evaluated<'resource> {
        let Some(value) = single(operand, "-")? else {
            return Ok(Collection::new());
        };
        Ok(match value.simple() {
            Value::Integer(number) => number.checked_neg().map(Value::Integer).into_iter().collect(),
            Value::Decimal(number) => smallvec![Value::Decimal(-number)],
            Value::Quantity(quantity) => {
                let (value, unit) = (-quantity.value, quantity.unit);
                smallvec![Value::Quantity(Box::new(Quantity { value, unit }))]
            }
            other => return Err(self.no_number("-", &other)),
        })
    }

    pub(super) fn positive(&self, operand: Collection<'resource>) -> Evaluated<'resource> {
        match single(&operand, "+")?.map(Value::simple) {
            Some(value) if value.as_quantity().is_none() => Err(self.no_number("+", &value)),
            _ => Ok(operand),
        }
    }

    fn no_number(&self, function: &'static str, found: &Value<'resource>) -> EvaluationError {
        EvaluationError::Operand {
            function,
            expected: "a number",
            found: found.type_name(self.environment.model),
        }
    }
}

fn integers<'resource>(operator: BinaryOperator, one: i32, another: i32) -> Option<Value<'resource>> {
    let result = match operator {
        BinaryOperator::Add => one.checked_add(another),
        BinaryOperator::Subtract => one.checked_sub(another),
        BinaryOperator::Multiply => one.checked_mul(another),
        BinaryOperator::Div => one.checked_div(another),
        BinaryOperator::Mod => one.checked_rem(another),
        _ => return decimals(operator, Decimal::from(one), Decimal::from(another)),
    };
    result.map(Value::Integer)
}

fn decimals<'resource>(operator: BinaryOperator, one: Decimal, another: Decimal) -> Option<Value<'resource>> {
    let result = match operator {
        BinaryOperator::Add => one.checked_add(another),
        BinaryOperator::Subtract => one.checked_sub(another),
        BinaryOperator::Multiply => one.checked_mul(another),
        BinaryOperator::Divide => one.checked_div(another),
        BinaryOperator::Mod => one.checked_rem(another),
        BinaryOperator::Div => {
            let quotient = one.checked_div(another)?.trunc();
            return quotient.to_i32().map(Value::Integer);
        }
        _ => None,
    };
    result.map(Value::Decimal)
}

/// `None` when the operator cannot be used with the units; `Some(None)` when there is no result.
fn quantities<'resource>(
    operator: BinaryOperator,
    one: &Quantity,
    another: &Quantity,
) -> Option<Option<Value<'resource>>> {
    let result = match operator {
        BinaryOperator::Multiply => one.combined(another, false),
        BinaryOperator::Divide if another.value.is_zero() => None,
        BinaryOperator::Divide => one.combined(another, true),
        BinaryOperator::Add | BinaryOperator::Subtract => {
            let number = one.number_of(another)?;
            let value = match operator {
                BinaryOperator::Add => one.value.checked_add(number),
                _ => one.value.checked_sub(number),
            };
            let unit = one.unit.clone();
            value.map(|value| Quantity { value, unit })
        }
        _ => return None,
    };
    Some(result.map(|quantity| Value::Quantity(Box::new(quantity))))
}

fn moved(
    operator: BinaryOperator,
    temporal: &Temporal,
    by: &Quantity,
    is_time: bool,
) -> Result<Option<Temporal>, EvaluationError> {
    let unit = by
        .duration()
        .ok_or_else(|| EvaluationError::NoDuration(by.to_string()))?;
    let amount = if operator == BinaryOperator::Subtract {
        -by.value
    } else {
        by.value
    };
    Ok(match is_time {
        true => temporal.plus_on_the_clock(amount, unit),
        false => temporal.plus(amount, unit),
    })
}
