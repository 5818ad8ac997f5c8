//! Math, <http://hl7.org/fhirpath/N1/#math>.

use rust_decimal::prelude::{FromPrimitive, ToPrimitive};
use rust_decimal::{Decimal, RoundingStrategy};
use smallvec::smallvec;

use super::{Call, Row};
use crate::fhirpath::error::EvaluationError;
use crate::fhirpath::evaluate::{Evaluated, Evaluation, single};
use crate::fhirpath::value::{Collection, Quantity, Value};

/// The functions of this section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the standard's")]
pub enum Math {
    Abs,
    Ceiling,
    Exp,
    Floor,
    Ln,
    Log,
    Power,
    Round,
    Sqrt,
    Truncate,
}

pub const FUNCTIONS: &[Row<Math>] = &[
    ("abs", Math::Abs, 0, 0),
    ("ceiling", Math::Ceiling, 0, 0),
    ("exp", Math::Exp, 0, 0),
    ("floor", Math::Floor, 0, 0),
    ("ln", Math::Ln, 0, 0),
    ("log", Math::Log, 1, 1),
    ("power", Math::Power, 1, 1),
    ("round", Math::Round, 0, 1),
    ("sqrt", Math::Sqrt, 0, 0),
    ("truncate", Math::Truncate, 0, 0),
];

impl<'resource> Evaluation<'_, 'resource> {
    pub(super) fn math(
        &self,
        function: Math,
        input: &[Value<'resource>],
        call: &Call<'_, 'resource>,
    ) -> Evaluated<'resource> {
        let Some(value) = single(input, call.name)?.map(Value::simple) else {
            return Ok(Collection::new());
        };
        if let (Math::Abs, Value::Quantity(quantity)) = (function, &value) {
            let (value, unit) = (quantity.value.abs(), quantity.unit.clone());
            return Ok(smallvec![Value::Quantity(Box::new(Quantity { value, unit }))]);
        }
        let number = value
            .as_number()
            .ok_or_else(|| self.operand(call, "a number", &value))?;
        let result = match function {
            Math::Abs => match value {
                Value::Integer(number) => number.checked_abs().map(Value::Integer),
                _ => Some(Value::Decimal(number.abs())),
            },
            Math::Ceiling => whole(number.ceil()),
            Math::Floor => whole(number.floor()),
            Math::Truncate => whole(number.trunc()),
            Math::Exp => real(number, f64::exp),
            Math::Ln => real(number, f64::ln),
            Math::Sqrt => real(number, f64::sqrt),
            Math::Log => {
                let base = self.number_argument(call)?;
                base.and_then(|base| real(number, |number| number.log(base.to_f64().unwrap_or(f64::NAN))))
            }
            Math::Power => {
                let exponent = self.number_argument(call)?;
                exponent.and_then(|exponent| power(&value, number, exponent))
            }
            Math::Round => self.round(&value, number, call)?,
        };
        Ok(result.into_iter().collect())
    }

    fn number_argument(&self, call: &Call<'_, 'resource>) -> Result<Option<Decimal>, EvaluationError> {
        let Some(value) = self.value_argument(call, 0)? else {
            return Ok(None);
        };
        match value.as_number() {
            Some(number) => Ok(Some(number)),
            None => Err(self.operand(call, "a number", &value)),
        }
    }

    fn round(
        &self,
        value: &Value<'resource>,
        number: Decimal,
        call: &Call<'_, 'resource>,
    ) -> Result<Option<Value<'resource>>, EvaluationError> {
        let digits = self.integer_argument(call, 0)?.unwrap_or(0);
        if digits < 0 {
            return Err(self.operand(call, "no negative number of digits", &Value::Integer(digits)));
        }
        if let Value::Integer(_) = value {
            return Ok(Some(value.clone()));
        }
        let rounded = number.round_dp_with_strategy(
            digits.unsigned_abs().min(28),
            RoundingStrategy::MidpointAwayFromZero,
        );
        Ok(Some(Value::Decimal(rounded)))
    }
}

/// An Integer, unless it is beyond their range.
fn whole<'resource>(number: Decimal) -> Option<Value<'resource>> {
    number.to_i32().map(Value::Integer)
}

/// What has no result among the real numbers, or none in the range of Decimals, is empty.
fn real<'resource>(number: Decimal, function: impl Fn(f64) -> f64) -> Option<Value<'resource>> {
    Decimal::from_f64(function(number.to_f64()?)).map(Value::Decimal)
}

/// Integers to the power of Integers are Integers, as long as they are whole and in range.
fn power<'resource>(
    value: &Value<'resource>,
    number: Decimal,
    exponent: Decimal,
) -> Option<Value<'resource>> {
    if let (Value::Integer(number), Some(exponent), true) = (value, exponent.to_u32(), exponent.is_integer())
    {
        return number.checked_pow(exponent).map(Value::Integer);
    }
    real(number, |number| {
        number.powf(exponent.to_f64().unwrap_or(f64::NAN))
    })
}
