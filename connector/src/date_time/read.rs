//! Reads dates and times: ISO 8601, year-month-day, month/day/year, and the names of months as in RFC 1123.

use jiff::{SignedDuration, civil};

use super::{Date, Instant, TICK_NANOSECONDS, WrittenZone};

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
const MONTH_NAMES: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// Reads the time of a measurement from text. Nothing if the text is no date, or outside the years 1 to 9999.
pub fn parse_timestamp(text: &str) -> Option<Instant> {
    if let Some(date) = Date::recognise(text) {
        return Some(date.instant);
    }
    let mut cursor = Cursor { rest: text.trim() };
    let date = cursor.date()?;
    let separated = cursor.date_time_separator();
    let (time, next_seconds) = if separated && cursor.begins_with_digit() {
        cursor.time()?
    } else {
        (civil::Time::midnight(), 0)
    };
    cursor.skip_spaces();
    let offset = cursor.zone()?.map_or(0, |(_, seconds)| seconds);
    if !cursor.rest.is_empty() {
        return None;
    }
    instant(date, time, next_seconds - offset)
}

/// Reads exactly `yyyy-MM-ddTHH:mm:ss[.f to .fffffff][Z|±hh|±hhmm|±hh:mm]`; 24:00:00 is the end of the day.
pub(super) fn iso_date_time(text: &str) -> Option<Date> {
    let mut cursor = Cursor { rest: text };
    let year = cursor.digits(4, 4)?;
    let month = cursor.after('-')?.digits(2, 2)?;
    let day = cursor.after('-')?.digits(2, 2)?;
    let hour = cursor.after('T')?.digits(2, 2)?;
    let minute = cursor.after(':')?.digits(2, 2)?;
    let second = cursor.after(':')?.digits(2, 2)?;
    let fraction = match cursor.rest.strip_prefix('.') {
        Some(rest) => {
            cursor.rest = rest;
            let length = cursor.digit_count();
            let value = cursor.digits(1, 7)?;
            i32::try_from(value * 10_i64.pow(7 - u32::try_from(length).ok()?) * 100).ok()?
        }
        None => 0,
    };
    let short_zone = cursor.begins_with_digit() || cursor.letters().len() > 1;
    let zone = if short_zone { None } else { cursor.iso_zone()? };
    if !cursor.rest.is_empty() || (hour == 24 && (minute, second, fraction) != (0, 0, 0)) {
        return None;
    }
    let date = civil_date(year, month, day)?;
    let (hour, next_seconds) = if hour == 24 { (0, 86_400) } else { (hour, 0) };
    let time = civil_time(hour, minute, second, fraction)?;
    let (written, offset) = zone.unwrap_or((WrittenZone::None, 0));
    Some(Date {
        instant: instant(date, time, next_seconds - offset)?,
        zone: written,
    })
}

fn civil_date(year: i64, month: i64, day: i64) -> Option<civil::Date> {
    let year = i16::try_from(year).ok().filter(|year| *year >= 1)?;
    civil::Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

fn civil_time(hour: i64, minute: i64, second: i64, nanosecond: i32) -> Option<civil::Time> {
    // jiff reads second 60 as a leap second; the clocks of devices have none.
    if second > 59 {
        return None;
    }
    let [hour, minute, second] = [hour, minute, second].map(|part| i8::try_from(part).ok());
    civil::Time::new(hour?, minute?, second?, nanosecond).ok()
}

fn instant(date: civil::Date, time: civil::Time, seconds_later: i64) -> Option<Instant> {
    let at = date.to_datetime(time);
    let moved = at.checked_add(SignedDuration::from_secs(seconds_later)).ok()?;
    Instant::from_utc(moved)
}

struct Cursor<'a> {
    rest: &'a str,
}

impl<'a> Cursor<'a> {
    /// `2019-02-01`, `2019/2/1`, `2/1/2019`, `Fri, 01 Feb 2019`, `1 February 2019`, `Feb 1, 2019`.
    fn date(&mut self) -> Option<civil::Date> {
        if self.begins_with_digit() {
            if self.digit_count() == 4 {
                let year = self.digits(4, 4)?;
                let separator = self.take(&['-', '/'])?;
                let month = self.digits(1, 2)?;
                self.after(separator)?;
                return civil_date(year, month, self.digits(1, 2)?);
            }
            let first = self.digits(1, 2)?;
            if let Some(separator) = self.take(&['/', '-'])
                && self.begins_with_digit()
            {
                let day = self.digits(1, 2)?;
                self.after(separator)?;
                return civil_date(self.digits(4, 4)?, first, day);
            }
            self.skip_spaces();
            let month = self.month()?;
            self.take(&['-']);
            self.skip_spaces();
            return civil_date(self.digits(4, 4)?, month, first);
        }
        if let Some(rest) = self.day_name() {
            self.rest = rest;
            return self.date();
        }
        let month = self.month()?;
        self.skip_spaces();
        let day = self.digits(1, 2)?;
        self.take(&[',']);
        self.skip_spaces();
        civil_date(self.digits(4, 4)?, month, day)
    }

    fn day_name(&self) -> Option<&'a str> {
        let letters = self.letters().to_ascii_lowercase();
        let known = letters.len() == 3 || letters.ends_with("day");
        if !known || !DAYS.iter().any(|day| letters.starts_with(day)) {
            return None;
        }
        self.rest
            .get(letters.len()..)
            .map(|rest| rest.trim_start_matches([',', ' ']))
    }

    fn month(&mut self) -> Option<i64> {
        let letters = self.letters().to_ascii_lowercase();
        let month = MONTHS
            .iter()
            .position(|month| *month == letters)
            .or_else(|| MONTH_NAMES.iter().position(|month| *month == letters))?;
        self.rest = self.rest.get(letters.len()..)?;
        i64::try_from(month + 1).ok()
    }

    fn date_time_separator(&mut self) -> bool {
        if self.take(&['T', 't']).is_some() {
            return true;
        }
        let before = self.rest.len();
        self.skip_spaces();
        self.rest.len() < before
    }

    /// `22:46`, `22:46:01.875`, `10:46 PM`; seconds to add when the fraction rounds up to a full second.
    fn time(&mut self) -> Option<(civil::Time, i64)> {
        let mut hour = self.digits(1, 2)?;
        let minute = self.after(':')?.digits(1, 2)?;
        let mut second = 0;
        let mut ticks = 0;
        if self.take(&[':']).is_some() {
            second = self.digits(1, 2)?;
            if self.take(&['.']).is_some() {
                ticks = self.rounded_ticks()?;
            }
        }
        self.skip_spaces();
        let half = self.letters().to_ascii_lowercase();
        if half == "am" || half == "pm" {
            if !(1..=12).contains(&hour) {
                return None;
            }
            hour = hour % 12 + if half == "pm" { 12 } else { 0 };
            self.rest = self.rest.get(2..)?;
        }
        let carried = ticks / 10_000_000;
        let nanosecond = i128::from(ticks % 10_000_000) * TICK_NANOSECONDS;
        Some((
            civil_time(hour, minute, second, i32::try_from(nanosecond).ok()?)?,
            carried,
        ))
    }

    /// A fraction of any length, rounded to seven digits.
    fn rounded_ticks(&mut self) -> Option<i64> {
        let length = self.digit_count();
        let (digits, rest) = self.rest.split_at(length);
        self.rest = rest;
        let kept: i64 = format!("{digits:0<7}").get(..7)?.parse().ok()?;
        let rounds_up = digits.as_bytes().get(7).is_some_and(|digit| *digit >= b'5');
        if length == 0 {
            None
        } else {
            Some(kept + i64::from(rounds_up))
        }
    }

    /// The zone and its distance from UTC in seconds; `Some(None)` when there is none.
    fn zone(&mut self) -> Option<Option<(WrittenZone, i64)>> {
        if self.rest.is_empty() {
            return Some(None);
        }
        let letters = self.letters().to_ascii_uppercase();
        if matches!(letters.as_str(), "Z" | "GMT" | "UTC") {
            self.rest = self.rest.get(letters.len()..)?;
            return Some(Some((WrittenZone::Utc, 0)));
        }
        let sign = if self.take(&['+', '-'])? == '-' { -1 } else { 1 };
        let (hours, minutes) = if self.digit_count() > 2 {
            (self.digits_exactly(2)?, self.digits(2, 2)?)
        } else {
            let hours = self.digits(1, 2)?;
            (
                hours,
                if self.take(&[':']).is_some() {
                    self.digits(2, 2)?
                } else {
                    0
                },
            )
        };
        if hours > 14 || minutes > 59 {
            return None;
        }
        Some(Some((WrittenZone::Offset, sign * (hours * 3600 + minutes * 60))))
    }

    /// The zone in the forms of ISO 8601 alone.
    fn iso_zone(&mut self) -> Option<Option<(WrittenZone, i64)>> {
        let digits = self.rest.bytes().skip(1).take_while(u8::is_ascii_digit).count();
        if self.rest.starts_with(['+', '-']) && !matches!(digits, 2 | 4) {
            None
        } else {
            self.zone()
        }
    }

    fn letters(&self) -> &'a str {
        let length = self.rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        self.rest.get(..length).unwrap_or_default()
    }

    fn digit_count(&self) -> usize {
        self.rest.bytes().take_while(u8::is_ascii_digit).count()
    }

    fn begins_with_digit(&self) -> bool {
        self.digit_count() > 0
    }

    /// All digits that follow, if there are from `least` to `most` of them.
    fn digits(&mut self, least: usize, most: usize) -> Option<i64> {
        let length = self.digit_count();
        if length < least || length > most {
            return None;
        }
        self.digits_exactly(length)
    }

    fn digits_exactly(&mut self, length: usize) -> Option<i64> {
        let value = self.rest.get(..length)?.parse().ok()?;
        self.rest = self.rest.get(length..)?;
        Some(value)
    }

    fn after(&mut self, character: char) -> Option<&mut Self> {
        self.rest = self.rest.strip_prefix(character)?;
        Some(self)
    }

    fn take(&mut self, one_of: &[char]) -> Option<char> {
        let next = self.rest.chars().next().filter(|next| one_of.contains(next))?;
        self.rest = self.rest.get(next.len_utf8()..)?;
        Some(next)
    }

    fn skip_spaces(&mut self) {
        self.rest = self.rest.trim_start_matches(' ');
    }
}
