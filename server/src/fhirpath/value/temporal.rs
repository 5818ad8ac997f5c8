//! Dates, dates with times, and times of day, as precise as they are written.
//! <http://hl7.org/fhirpath/N1/#date>, <http://hl7.org/fhirpath/N1/#datetime>, <http://hl7.org/fhirpath/N1/#time>

mod arithmetic;
mod boundary;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::fmt;

use jiff::civil;

/// A point in time or the beginning of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Temporal {
    year: i16,
    month: u8,
    day: u8,
    hour: u8,
    minute: u8,
    second: u8,
    nanosecond: u32,
    /// How many digits of the second's fraction are written.
    fraction_digits: u8,
    precision: Precision,
    /// Minutes east of Greenwich.
    offset: Option<i16>,
}

/// The last part that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Precision {
    /// `2015`
    Year,
    /// `2015-02`
    Month,
    /// `2015-02-04`
    Day,
    /// `T14`
    Hour,
    /// `T14:34`
    Minute,
    /// `T14:34:28`
    Second,
    /// `T14:34:28.123`
    Fraction,
}

impl Temporal {
    /// Reads `2015`, `2015-02` or `2015-02-04`.
    pub fn date(text: &str) -> Option<Temporal> {
        let mut parts = text.split('-');
        let mut temporal = Temporal {
            year: number(parts.next()?, 4, 1, 9999)?.try_into().ok()?,
            month: 1,
            day: 1,
            hour: 0,
            minute: 0,
            second: 0,
            nanosecond: 0,
            fraction_digits: 0,
            precision: Precision::Year,
            offset: None,
        };
        if let Some(month) = parts.next() {
            temporal.month = number(month, 2, 1, 12)?.try_into().ok()?;
            temporal.precision = Precision::Month;
        }
        if let Some(day) = parts.next() {
            temporal.day = number(day, 2, 1, 31)?.try_into().ok()?;
            temporal.precision = Precision::Day;
        }
        let is_day = temporal.civil().is_some();
        (is_day && parts.next().is_none()).then_some(temporal)
    }

    /// Reads a date, or `2015-02-04T14:34:28.123+10:00` from the hour on.
    pub fn date_time(text: &str) -> Option<Temporal> {
        let Some((date, time)) = text.split_once('T') else {
            return Temporal::date(text);
        };
        let mut temporal = Temporal::date(date).filter(|date| date.precision == Precision::Day)?;
        let zone = time.find(['Z', '+', '-']).unwrap_or(time.len());
        let (clock, zone) = time.split_at_checked(zone)?;
        temporal.read_clock(clock)?;
        temporal.offset = match zone {
            "" => None,
            "Z" => Some(0),
            _ => Some(offset(zone)?),
        };
        Some(temporal)
    }

    /// Reads `14`, `14:34`, `14:34:28` or `14:34:28.123`.
    pub fn time(text: &str) -> Option<Temporal> {
        let mut temporal = Temporal::date("0001-01-01")?;
        temporal.read_clock(text)?;
        Some(temporal)
    }

    fn read_clock(&mut self, text: &str) -> Option<()> {
        let mut parts = text.split(':');
        self.hour = number(parts.next()?, 2, 0, 23)?.try_into().ok()?;
        self.precision = Precision::Hour;
        if let Some(minute) = parts.next() {
            self.minute = number(minute, 2, 0, 59)?.try_into().ok()?;
            self.precision = Precision::Minute;
        }
        if let Some(second) = parts.next() {
            let (second, fraction) = second
                .split_once('.')
                .map_or((second, None), |(a, b)| (a, Some(b)));
            // A leap second counts as the one before it.
            self.second = number(second, 2, 0, 60)?.min(59).try_into().ok()?;
            self.precision = Precision::Second;
            if let Some(fraction) = fraction {
                self.read_fraction(fraction)?;
            }
        }
        parts.next().is_none().then_some(())
    }

    fn read_fraction(&mut self, digits: &str) -> Option<()> {
        if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return None;
        }
        let digits = digits.get(..9).unwrap_or(digits);
        self.fraction_digits = digits.len().try_into().ok()?;
        self.nanosecond = format!("{digits:0<9}").parse().ok()?;
        self.precision = Precision::Fraction;
        Some(())
    }

    /// The same at a clock: a moment of `zone`, precise to the millisecond.
    pub fn of(zoned: &jiff::Zoned) -> Temporal {
        let (date, time) = (zoned.date(), zoned.time());
        let mut temporal = Temporal {
            year: 0,
            month: 1,
            day: 1,
            hour: 0,
            minute: 0,
            second: 0,
            nanosecond: 0,
            fraction_digits: 3,
            precision: Precision::Fraction,
            offset: i16::try_from(zoned.offset().seconds() / 60).ok(),
        };
        temporal.set(&date.to_datetime(time));
        temporal.nanosecond = temporal.nanosecond / 1_000_000 * 1_000_000;
        temporal
    }

    /// The date without the time of day.
    pub fn date_part(mut self) -> Temporal {
        self.precision = self.precision.min(Precision::Day);
        self.without_rest()
    }

    /// Its time of day.
    pub fn time_part(mut self) -> Temporal {
        (self.year, self.month, self.day, self.offset) = (1, 1, 1, None);
        self
    }

    /// How many digits are written.
    pub fn digits(&self, is_time: bool) -> i32 {
        let digits = match self.precision {
            Precision::Year => 4,
            Precision::Month => 6,
            Precision::Day => 8,
            Precision::Hour => 10,
            Precision::Minute => 12,
            Precision::Second => 14,
            Precision::Fraction => 14 + i32::from(self.fraction_digits),
        };
        if is_time { digits - 8 } else { digits }
    }

    /// The order of two points in time; `None` when what is written does not tell.
    /// <http://hl7.org/fhirpath/N1/#comparison>
    pub fn compare(&self, other: &Temporal) -> Option<Ordering> {
        let have_times = self.precision.min(other.precision) >= Precision::Hour;
        match (self.offset, other.offset) {
            (Some(one), Some(another)) if have_times && one != another => {
                self.in_utc()?.compare_parts(&other.in_utc()?)
            }
            // A time without a zone may be anywhere from the first zone to the last.
            (None, Some(_)) if have_times => {
                let other = other.in_utc()?;
                let order = |hours: i16| self.with_offset(hours * 60).in_utc()?.compare_parts(&other);
                order(14).filter(|first| order(-12) == Some(*first))
            }
            (Some(_), None) if have_times => other.compare(self).map(Ordering::reverse),
            _ => self.compare_parts(other),
        }
    }

    fn compare_parts(&self, other: &Temporal) -> Option<Ordering> {
        let parts = |of: &Temporal| {
            let small = [of.month, of.day, of.hour, of.minute].map(i64::from);
            let second = i64::from(of.second) * 1_000_000_000 + i64::from(of.nanosecond);
            [i64::from(of.year), small[0], small[1], small[2], small[3], second]
        };
        let precisions = [
            Precision::Year,
            Precision::Month,
            Precision::Day,
            Precision::Hour,
            Precision::Minute,
            Precision::Second,
        ];
        for ((precision, one), another) in precisions.iter().zip(parts(self)).zip(parts(other)) {
            match (self.precision >= *precision, other.precision >= *precision) {
                (true, true) if one != another => return Some(one.cmp(&another)),
                (true, true) => {}
                (false, false) => return Some(Ordering::Equal),
                _ => return None,
            }
        }
        Some(Ordering::Equal)
    }

    fn in_utc(self) -> Option<Temporal> {
        let offset = self.offset.unwrap_or(0);
        let moved = self
            .civil()?
            .checked_sub(jiff::Span::new().minutes(offset))
            .ok()?;
        let mut temporal = self.with_offset(0);
        temporal.set(&moved);
        Some(temporal)
    }

    fn with_offset(mut self, minutes: i16) -> Temporal {
        self.offset = Some(minutes);
        self
    }

    fn civil(&self) -> Option<civil::DateTime> {
        let [month, day, hour, minute, second] =
            [self.month, self.day, self.hour, self.minute, self.second].map(u8::cast_signed);
        let nanosecond = i32::try_from(self.nanosecond).ok()?;
        civil::DateTime::new(self.year, month, day, hour, minute, second, nanosecond).ok()
    }

    fn set(&mut self, to: &civil::DateTime) {
        self.year = to.year();
        self.month = to.month().cast_unsigned();
        self.day = to.day().cast_unsigned();
        self.hour = to.hour().cast_unsigned();
        self.minute = to.minute().cast_unsigned();
        self.second = to.second().cast_unsigned();
        self.nanosecond = to.subsec_nanosecond().cast_unsigned();
    }

    /// What is beyond the precision becomes the first there is.
    fn without_rest(mut self) -> Temporal {
        if self.precision < Precision::Month {
            self.month = 1;
        }
        if self.precision < Precision::Day {
            self.day = 1;
        }
        if self.precision < Precision::Hour {
            (self.hour, self.offset) = (0, None);
        }
        if self.precision < Precision::Minute {
            self.minute = 0;
        }
        if self.precision < Precision::Second {
            self.second = 0;
        }
        if self.precision < Precision::Fraction {
            (self.nanosecond, self.fraction_digits) = (0, 0);
        }
        self
    }
}

/// As FHIR writes it; a time of day is written by its [`Temporal::clock`].
impl fmt::Display for Temporal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:04}", self.year)?;
        if self.precision >= Precision::Month {
            write!(formatter, "-{:02}", self.month)?;
        }
        if self.precision >= Precision::Day {
            write!(formatter, "-{:02}", self.day)?;
        }
        if self.precision >= Precision::Hour {
            write!(formatter, "T{}", self.clock())?;
        }
        match self.offset {
            Some(0) => formatter.write_str("Z"),
            Some(minutes) => {
                let sign = if minutes < 0 { '-' } else { '+' };
                let (hours, minutes) = (minutes.abs() / 60, minutes.abs() % 60);
                write!(formatter, "{sign}{hours:02}:{minutes:02}")
            }
            None => Ok(()),
        }
    }
}

impl Temporal {
    /// The time of day: `14:34:28.123`, as far as it is written.
    pub fn clock(&self) -> String {
        let mut text = format!("{:02}", self.hour);
        if self.precision >= Precision::Minute {
            text += &format!(":{:02}", self.minute);
        }
        if self.precision >= Precision::Second {
            text += &format!(":{:02}", self.second);
        }
        if self.precision >= Precision::Fraction {
            let digits = format!("{:09}", self.nanosecond);
            let written = digits
                .get(..usize::from(self.fraction_digits))
                .unwrap_or_default();
            text += &format!(".{written}");
        }
        text
    }
}

/// So many digits, in a range.
fn number(text: &str, digits: usize, least: u16, most: u16) -> Option<u16> {
    if text.len() != digits || !text.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().filter(|number| (least..=most).contains(number))
}

/// `+10:00` in minutes.
fn offset(text: &str) -> Option<i16> {
    let (hours, minutes) = text.get(1..)?.split_once(':')?;
    let minutes = number(hours, 2, 0, 14)? * 60 + number(minutes, 2, 0, 59)?;
    let minutes = i16::try_from(minutes).ok()?;
    Some(if text.starts_with('-') { -minutes } else { minutes })
}
