//! Quantities, <http://hl7.org/fhirpath/N1/#quantity>: a number with a unit of UCUM or of the calendar.

use std::cmp::Ordering;
use std::fmt;

use rust_decimal::Decimal;

use super::element::decimal;
use super::equality::equivalent_numbers;
use super::ucum::Measure;
use crate::resource::{Json, Object};

/// A number with a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quantity {
    /// How many of the unit.
    pub value: Decimal,
    /// What is counted; UCUM's `1` for a mere number.
    pub unit: Unit,
}

/// A unit: of UCUM, or of the calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unit {
    /// A code of UCUM; `1` for a mere number.
    Ucum(String),
    /// A duration by the calendar, such as `4 days`.
    Calendar(CalendarUnit),
}

/// The units of durations by the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CalendarUnit {
    Year,
    Month,
    Week,
    Day,
    Hour,
    Minute,
    Second,
    Millisecond,
}

/// Singular, plural, and the code of UCUM that means nearly the same.
const CALENDAR_UNITS: [(CalendarUnit, &str, &str, &str); 8] = [
    (CalendarUnit::Year, "year", "years", "a"),
    (CalendarUnit::Month, "month", "months", "mo"),
    (CalendarUnit::Week, "week", "weeks", "wk"),
    (CalendarUnit::Day, "day", "days", "d"),
    (CalendarUnit::Hour, "hour", "hours", "h"),
    (CalendarUnit::Minute, "minute", "minutes", "min"),
    (CalendarUnit::Second, "second", "seconds", "s"),
    (CalendarUnit::Millisecond, "millisecond", "milliseconds", "ms"),
];

impl CalendarUnit {
    /// The unit called `word`.
    pub fn parse(word: &str) -> Option<CalendarUnit> {
        let found = CALENDAR_UNITS
            .iter()
            .find(|(_, one, many, _)| *one == word || *many == word);
        found.map(|(unit, ..)| *unit)
    }

    fn of_code(code: &str) -> Option<CalendarUnit> {
        let found = CALENDAR_UNITS.iter().find(|(.., ucum)| *ucum == code);
        found.map(|(unit, ..)| *unit)
    }

    fn row(self) -> (&'static str, &'static str, &'static str) {
        let found = CALENDAR_UNITS.iter().find(|(unit, ..)| *unit == self);
        found.map_or(("", "", ""), |(_, one, many, code)| (*one, *many, *code))
    }

    /// How long it is; `None` for years and months, which are of different lengths.
    pub fn seconds(self) -> Option<Decimal> {
        Some(match self {
            CalendarUnit::Year | CalendarUnit::Month => return None,
            CalendarUnit::Week => Decimal::from(604_800),
            CalendarUnit::Day => Decimal::from(86_400),
            CalendarUnit::Hour => Decimal::from(3_600),
            CalendarUnit::Minute => Decimal::from(60),
            CalendarUnit::Second => Decimal::ONE,
            CalendarUnit::Millisecond => Decimal::new(1, 3),
        })
    }
}

impl Unit {
    /// A word of the calendar, or else a code of UCUM.
    pub fn parse(text: &str) -> Unit {
        CalendarUnit::parse(text).map_or_else(|| Unit::Ucum(text.to_owned()), Unit::Calendar)
    }
}

impl Quantity {
    /// So many of no unit.
    pub fn of_number(value: Decimal) -> Quantity {
        let unit = Unit::Ucum("1".to_owned());
        Quantity { value, unit }
    }

    /// What an element of type Quantity says: by its code, else by its unit. `None` for one without a value, and for
    /// one that only says more or less than what. <http://hl7.org/fhir/R4/fhirpath.html#quantity>
    pub fn of_element(object: &Object) -> Option<Quantity> {
        if object.get("comparator").is_some() {
            return None;
        }
        let Some(Json::Number(digits)) = object.get("value") else {
            return None;
        };
        let text = |name| object.get(name).and_then(Json::as_str);
        let is_ucum = text("system") == Some("http://unitsofmeasure.org");
        let code = text("code")
            .filter(|_| is_ucum)
            .or_else(|| text("unit"))
            .unwrap_or("1");
        Some(Quantity {
            value: decimal(digits)?,
            unit: Unit::Ucum(code.to_owned()),
        })
    }

    /// Reads `4`, `4 days` or `4 'mg'`.
    pub fn parse(text: &str) -> Option<Quantity> {
        let end = text.find(|letter: char| !(letter.is_ascii_digit() || matches!(letter, '+' | '-' | '.')));
        let (digits, unit) = text.split_at_checked(end.unwrap_or(text.len()))?;
        let well_formed = digits.starts_with(|letter: char| letter != '.') && !digits.ends_with('.');
        let value = Decimal::from_str_exact(digits).ok().filter(|_| well_formed)?;
        let unit = match unit.trim() {
            "" => return Some(Quantity::of_number(value)),
            unit => unit,
        };
        let quoted = unit.strip_prefix('\'').and_then(|unit| unit.strip_suffix('\''));
        let unit = match quoted {
            Some(code) => Unit::Ucum(code.to_owned()),
            None => Unit::Calendar(CalendarUnit::parse(unit)?),
        };
        Some(Quantity { value, unit })
    }

    /// The unit as one of durations. UCUM's year and month are no calendar's: they have a fixed length.
    pub fn duration(&self) -> Option<CalendarUnit> {
        match &self.unit {
            Unit::Calendar(unit) => Some(*unit),
            Unit::Ucum(code) => CalendarUnit::of_code(code)
                .filter(|unit| unit.seconds().is_some())
                .or_else(|| CalendarUnit::parse(code)),
        }
    }

    /// What both numbers have to be multiplied with to be of one unit. `None` when their units cannot be compared.
    fn factors(&self, other: &Quantity) -> Option<(Decimal, Decimal)> {
        match (&self.unit, &other.unit) {
            (one, another) if one == another => Some((Decimal::ONE, Decimal::ONE)),
            (Unit::Calendar(one), Unit::Calendar(another)) => {
                let months = |unit: CalendarUnit| match unit {
                    CalendarUnit::Year => Some(Decimal::from(12)),
                    CalendarUnit::Month => Some(Decimal::ONE),
                    _ => None,
                };
                let factors = months(*one).zip(months(*another));
                factors.or_else(|| one.seconds().zip(another.seconds()))
            }
            _ => {
                let (one, another) = (self.measure()?, other.measure()?);
                (one.dimension == another.dimension).then_some((one.factor, another.factor))
            }
        }
    }

    /// The number of `other` in the unit of this one. `None` when the units cannot be compared.
    pub fn number_of(&self, other: &Quantity) -> Option<Decimal> {
        let (one, another) = self.factors(other)?;
        other.value.checked_mul(another)?.checked_div(one)
    }

    /// Whether the units measure the same.
    pub fn is_comparable(&self, other: &Quantity) -> bool {
        self.factors(other).is_some()
    }

    /// The order; `None` when the units do not tell.
    pub fn compare(&self, other: &Quantity) -> Option<Ordering> {
        let (one, another) = self.factors(other)?;
        Some(
            self.value
                .checked_mul(one)?
                .cmp(&other.value.checked_mul(another)?),
        )
    }

    /// Equal at the precision of the less precise one; years and months count as UCUM's.
    pub fn is_equivalent(&self, other: &Quantity) -> bool {
        let as_ucum = |quantity: &Quantity| match quantity.unit {
            Unit::Calendar(unit) => Quantity {
                value: quantity.value,
                unit: Unit::Ucum(unit.row().2.to_owned()),
            },
            Unit::Ucum(_) => quantity.clone(),
        };
        let (one, another) = (as_ucum(self), as_ucum(other));
        // In the unit of the first: 4040 mg are 4 g, when grams are counted in whole ones.
        let number = one.number_of(&another).map(|number| number.normalize());
        number.is_some_and(|number| equivalent_numbers(one.value, number))
    }

    /// The product or the quotient, in base units when the units differ.
    pub fn combined(&self, other: &Quantity, divide: bool) -> Option<Quantity> {
        let calculate = |one: Decimal, another: Decimal| match divide {
            true => one.checked_div(another),
            false => one.checked_mul(another),
        };
        let is_number = |quantity: &Quantity| quantity.unit == Unit::Ucum("1".to_owned());
        if is_number(other) || (is_number(self) && !divide) {
            let unit = if is_number(other) { &self.unit } else { &other.unit };
            let (value, unit) = (calculate(self.value, other.value)?, unit.clone());
            return Some(Quantity { value, unit });
        }
        let (one, another) = (self.measure()?, other.measure()?);
        let combined = one.combined(&another, divide)?;
        let value = calculate(
            self.value.checked_mul(one.factor)?,
            other.value.checked_mul(another.factor)?,
        )?;
        let unit = Unit::Ucum(combined.code());
        Some(Quantity { value, unit })
    }

    /// What the unit measures; calendar years and months measure nothing definite.
    fn measure(&self) -> Option<Measure> {
        match &self.unit {
            Unit::Ucum(code) => Measure::of(code),
            Unit::Calendar(unit) => {
                let factor = unit.seconds()?;
                Measure::of("s").map(|second| Measure { factor, ..second })
            }
        }
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.unit {
            Unit::Ucum(code) => write!(formatter, "{} '{code}'", self.value),
            Unit::Calendar(unit) => {
                let (one, many, _) = unit.row();
                let word = if self.value == Decimal::ONE { one } else { many };
                write!(formatter, "{} {word}", self.value)
            }
        }
    }
}
