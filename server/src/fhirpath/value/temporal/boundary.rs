//! The earliest and the latest moment that a date or a time may mean, `lowBoundary()` and `highBoundary()`.
//! <http://hl7.org/fhirpath/#lowboundaryprecision-integer-decimal--date--datetime--time>

use super::{Precision, Temporal};

/// Minutes east of Greenwich of the zone where a day begins first, and of the one where it ends last.
const FIRST_ZONE: i16 = 14 * 60;
const LAST_ZONE: i16 = -12 * 60;

impl Temporal {
    /// The first moment, with so many digits. `None` for a number of digits that no date or time has.
    pub fn low_boundary(&self, digits: i64, is_time: bool) -> Option<Temporal> {
        self.without_rest().with_digits(digits, is_time, FIRST_ZONE)
    }

    /// The last moment, with so many digits.
    pub fn high_boundary(&self, digits: i64, is_time: bool) -> Option<Temporal> {
        let mut last = *self;
        if self.precision < Precision::Month {
            last.month = 12;
        }
        if self.precision < Precision::Day {
            last.day = last.civil_month_days()?;
        }
        if self.precision < Precision::Hour {
            last.hour = 23;
        }
        if self.precision < Precision::Minute {
            last.minute = 59;
        }
        if self.precision < Precision::Second {
            last.second = 59;
        }
        if self.precision < Precision::Fraction {
            last.nanosecond = 999_999_999;
        }
        last.with_digits(digits, is_time, LAST_ZONE)
    }

    fn with_digits(mut self, digits: i64, is_time: bool, zone: i16) -> Option<Temporal> {
        let all = if is_time { digits.checked_add(8)? } else { digits };
        self.precision = match all {
            4 => Precision::Year,
            6 => Precision::Month,
            8 => Precision::Day,
            10 => Precision::Hour,
            12 => Precision::Minute,
            14 => Precision::Second,
            17 => Precision::Fraction,
            _ => return None,
        };
        if self.precision >= Precision::Hour && !is_time {
            self.offset = self.offset.or(Some(zone));
        }
        let mut bounded = self.without_rest();
        if bounded.precision == Precision::Fraction {
            bounded.fraction_digits = 3;
            bounded.nanosecond = bounded.nanosecond / 1_000_000 * 1_000_000;
        }
        Some(bounded)
    }

    fn civil_month_days(&self) -> Option<u8> {
        let mut first = *self;
        first.day = 1;
        Some(first.civil()?.date().days_in_month().cast_unsigned())
    }
}
