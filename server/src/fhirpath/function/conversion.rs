//! Conversion, <http://hl7.org/fhirpath/N1/#conversion>, and `iif()`.

use rust_decimal::Decimal;
use smallvec::smallvec;

use super::{Call, Row};
use crate::fhirpath::evaluate::{Evaluated, Evaluation, Focus, single};
use crate::fhirpath::model::SystemType;
use crate::fhirpath::value::{Collection, Quantity, Temporal, Unit, Value};

/// The functions of this section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conversion {
    /// One value or another by a condition.
    Iif,
    /// A value as one of another type.
    To(SystemType),
    /// Whether a value can be one of another type.
    ConvertsTo(SystemType),
}

pub const FUNCTIONS: &[Row<Conversion>] = &[
    ("iif", Conversion::Iif, 2, 3),
    ("toBoolean", Conversion::To(SystemType::Boolean), 0, 0),
    ("toInteger", Conversion::To(SystemType::Integer), 0, 0),
    ("toDecimal", Conversion::To(SystemType::Decimal), 0, 0),
    ("toString", Conversion::To(SystemType::String), 0, 0),
    ("toDate", Conversion::To(SystemType::Date), 0, 0),
    ("toDateTime", Conversion::To(SystemType::DateTime), 0, 0),
    ("toTime", Conversion::To(SystemType::Time), 0, 0),
    ("toQuantity", Conversion::To(SystemType::Quantity), 0, 1),
    (
        "convertsToBoolean",
        Conversion::ConvertsTo(SystemType::Boolean),
        0,
        0,
    ),
    (
        "convertsToInteger",
        Conversion::ConvertsTo(SystemType::Integer),
        0,
        0,
    ),
    (
        "convertsToDecimal",
        Conversion::ConvertsTo(SystemType::Decimal),
        0,
        0,
    ),
    (
        "convertsToString",
        Conversion::ConvertsTo(SystemType::String),
        0,
        0,
    ),
    ("convertsToDate", Conversion::ConvertsTo(SystemType::Date), 0, 0),
    (
        "convertsToDateTime",
        Conversion::ConvertsTo(SystemType::DateTime),
        0,
        0,
    ),
    ("convertsToTime", Conversion::ConvertsTo(SystemType::Time), 0, 0),
    (
        "convertsToQuantity",
        Conversion::ConvertsTo(SystemType::Quantity),
        0,
        1,
    ),
];

impl<'resource> Evaluation<'_, 'resource> {
    pub(super) fn conversion(
        &self,
        function: Conversion,
        input: &[Value<'resource>],
        call: &Call<'_, 'resource>,
    ) -> Evaluated<'resource> {
        let (wanted, only_asked) = match function {
            Conversion::Iif => return self.iif(input, call),
            Conversion::To(wanted) => (wanted, false),
            Conversion::ConvertsTo(wanted) => (wanted, true),
        };
        let Some(value) = single(input, call.name)? else {
            return Ok(Collection::new());
        };
        let mut converted = converted(&value.simple(), wanted);
        if let Some(unit) = self.text_argument(call, 0)? {
            converted = converted.and_then(|value| in_unit(&value, &unit));
        }
        Ok(match only_asked {
            true => smallvec![Value::Boolean(converted.is_some())],
            false => converted.into_iter().collect(),
        })
    }

    /// Only the result that is chosen is evaluated.
    fn iif(&self, input: &[Value<'resource>], call: &Call<'_, 'resource>) -> Evaluated<'resource> {
        single(input, call.name)?;
        let focus = Focus {
            this: input,
            ..*call.focus
        };
        let Some((condition, results)) = call.arguments.split_first() else {
            return Ok(Collection::new());
        };
        let condition = self.evaluate(condition, &focus)?;
        let holds = match single(&condition, call.name)?.map(Value::simple) {
            None => false,
            Some(Value::Boolean(holds)) => holds,
            Some(other) => return Err(self.operand(call, "a Boolean", &other)),
        };
        match results.get(usize::from(!holds)) {
            Some(result) => self.evaluate(result, &focus),
            None => Ok(Collection::new()),
        }
    }
}

/// `None` when the value cannot be one of that type.
fn converted<'resource>(value: &Value<'resource>, wanted: SystemType) -> Option<Value<'resource>> {
    if value.system_type() == Some(wanted) {
        return Some(value.clone());
    }
    match wanted {
        SystemType::Boolean => boolean(value).map(Value::Boolean),
        SystemType::Integer => match value {
            Value::Boolean(value) => Some(Value::Integer(i32::from(*value))),
            Value::String(text) => text.parse().ok().map(Value::Integer),
            _ => None,
        },
        SystemType::Decimal => match value {
            Value::Boolean(value) => Some(Value::Decimal(Decimal::from(u8::from(*value)))),
            Value::Integer(number) => Some(Value::Decimal(Decimal::from(*number))),
            Value::String(text) => decimal(text).map(Value::Decimal),
            _ => None,
        },
        SystemType::String => value.system_type().map(|_| Value::from(value.to_string())),
        SystemType::Date => match value {
            Value::DateTime(date_time) => Some(Value::Date(date_time.date_part())),
            Value::String(text) => Temporal::date(text).map(Value::Date),
            _ => None,
        },
        SystemType::DateTime => match value {
            Value::Date(date) => Some(Value::DateTime(*date)),
            Value::String(text) => Temporal::date_time(text).map(Value::DateTime),
            _ => None,
        },
        SystemType::Time => match value {
            Value::String(text) => Temporal::time(text).map(Value::Time),
            _ => None,
        },
        SystemType::Quantity => quantity(value).map(|quantity| Value::Quantity(Box::new(quantity))),
    }
}

fn boolean(value: &Value<'_>) -> Option<bool> {
    match value {
        Value::String(text) => match text.to_lowercase().as_str() {
            "true" | "t" | "yes" | "y" | "1" | "1.0" => Some(true),
            "false" | "f" | "no" | "n" | "0" | "0.0" => Some(false),
            _ => None,
        },
        _ => match value.as_number()? {
            number if number.is_zero() => Some(false),
            number if number == Decimal::ONE => Some(true),
            _ => None,
        },
    }
}

/// `(+|-)?[0-9]+(\.[0-9]+)?`
fn decimal(text: &str) -> Option<Decimal> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
    (digits(whole) && digits(fraction))
        .then(|| Decimal::from_str_exact(text).ok())
        .flatten()
}

fn quantity(value: &Value<'_>) -> Option<Quantity> {
    match value {
        Value::Boolean(value) => Some(Quantity::of_number(Decimal::from(u8::from(*value)))),
        Value::String(text) => Quantity::parse(text),
        _ => value.as_quantity().map(std::borrow::Cow::into_owned),
    }
}

/// The same quantity in another unit.
fn in_unit<'resource>(value: &Value<'resource>, unit: &str) -> Option<Value<'resource>> {
    let Value::Quantity(quantity) = value else {
        return None;
    };
    let one = Quantity {
        value: Decimal::ONE,
        unit: Unit::parse(unit),
    };
    let value = one.number_of(quantity)?;
    let unit = one.unit;
    Some(Value::Quantity(Box::new(Quantity { value, unit })))
}
