//! Dates and times plus quantities, <http://hl7.org/fhirpath/N1/#datetime-arithmetic>.

use jiff::Span;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::{Precision, Temporal};
use crate::fhirpath::value::CalendarUnit;

impl Temporal {
    /// So much later, as precise as before; `None` beyond the years that there are.
    pub fn plus(&self, amount: Decimal, unit: CalendarUnit) -> Option<Temporal> {
        let whole = || amount.trunc().to_i64();
        let span = match (unit, self.precision) {
            (CalendarUnit::Year, _) => Span::new().try_years(whole()?),
            (CalendarUnit::Month, Precision::Year) => Span::new().try_years(whole()? / 12),
            (CalendarUnit::Month, _) => Span::new().try_months(whole()?),
            // What is smaller than the precision counts when it makes a whole part: 365 days a year, 30 a month.
            (_, Precision::Year) => Span::new().try_years(days(amount, unit)? / 365),
            (_, Precision::Month) => Span::new().try_months(days(amount, unit)? / 30),
            (_, Precision::Day) => Span::new().try_days(days(amount, unit)?),
            (CalendarUnit::Week | CalendarUnit::Day, _) => Span::new().try_days(days(amount, unit)?),
            (CalendarUnit::Hour, _) => Span::new().try_hours(whole()?),
            (CalendarUnit::Minute, _) => Span::new().try_minutes(whole()?),
            (CalendarUnit::Second | CalendarUnit::Millisecond, _) => {
                let nanoseconds = amount.checked_mul(Decimal::from(1_000_000_000))?;
                let nanoseconds = match unit {
                    CalendarUnit::Second => nanoseconds,
                    _ => nanoseconds / Decimal::from(1_000),
                };
                Span::new().try_nanoseconds(nanoseconds.trunc().to_i64()?)
            }
        };
        let mut later = *self;
        later.set(&self.civil()?.checked_add(span.ok()?).ok()?);
        (1..=9999).contains(&later.year).then(|| later.without_rest())
    }

    /// The same for a time of day, which goes round at midnight.
    pub fn plus_on_the_clock(&self, amount: Decimal, unit: CalendarUnit) -> Option<Temporal> {
        // Times stand on the first day of all, before which there is none.
        let mut middle = *self;
        middle.year = 5000;
        middle.plus(amount, unit).map(Temporal::time_part)
    }
}

/// The amount in whole days, the rest cut off; `None` for years and months.
fn days(amount: Decimal, unit: CalendarUnit) -> Option<i64> {
    let seconds = unit.seconds()?;
    let days = amount.trunc().checked_mul(seconds)? / Decimal::from(86_400);
    days.trunc().to_i64()
}
