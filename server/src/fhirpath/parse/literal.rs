//! The values of literals, <http://hl7.org/fhirpath/N1/#literals>.

use rust_decimal::Decimal;

use crate::fhirpath::value::{CalendarUnit, Quantity, Temporal, Unit, Value};

/// `1` is an Integer, `1.0` a Decimal. `None` for what neither can hold.
pub fn number(digits: &str) -> Option<Value<'static>> {
    if digits.contains('.') {
        Decimal::from_str_exact(digits).ok().map(Value::Decimal)
    } else {
        digits.parse().ok().map(Value::Integer)
    }
}

/// The quantity of so many units.
pub fn quantity(digits: &str, unit: Unit) -> Option<Value<'static>> {
    let value = Decimal::from_str_exact(digits).ok()?;
    Some(Value::Quantity(Box::new(Quantity { value, unit })))
}

/// A unit between quotes: one of UCUM.
pub fn quoted_unit(code: &str) -> Unit {
    Unit::Ucum(code.to_owned())
}

/// A unit without quotes.
pub fn calendar_unit(word: &str) -> Option<Unit> {
    CalendarUnit::parse(word).map(Unit::Calendar)
}

/// What stands after the `@`.
pub fn temporal(text: &str) -> Option<Value<'static>> {
    if let Some(time) = text.strip_prefix('T') {
        Temporal::time(time).map(Value::Time)
    } else if text.contains('T') {
        Temporal::date_time(text.trim_end_matches('T')).map(Value::DateTime)
    } else {
        Temporal::date(text).map(Value::Date)
    }
}
