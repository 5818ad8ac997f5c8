//! Dates, <http://hl7.org/fhir/R4/search.html#date>: every date is the span of time that its precision
//! leaves open, `[low, high)` in microseconds since 1970-01-01T00:00:00Z. Without a zone, UTC is meant.

use jiff::Timestamp;
use jiff::civil::{self, Date};

use super::Expected;
use crate::definitions::path::ElementType;
use crate::definitions::search_parameter::ParameterId;
use crate::resource::{Json, Object};
use crate::search::index::{DateEntry, IndexEntries};
use crate::search::query::{DateComparison, Prefix};

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const DAY: i64 = 24 * 60 * MINUTE;

const EPOCH: Date = civil::date(1970, 1, 1);

/// A span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// First microsecond of the span.
    pub low: i64,
    /// First microsecond after the end.
    pub high: i64,
}

/// Adds what `element` says.
pub fn index(element: &Json, element_type: &ElementType, parameter: ParameterId, entries: &mut IndexEntries) {
    let span = match (element_type, element) {
        (ElementType::Period, Json::Object(period)) => period_span(period),
        (ElementType::Timing, Json::Object(timing)) => timing_span(timing),
        // An instant is a point in time. The smallest span that there is stands for it, since an empty one meets nothing.
        (ElementType::Instant, Json::String(text)) => span(text).map(|span| Span {
            high: span.low + 1,
            ..span
        }),
        (_, Json::String(text)) => span(text),
        _ => None,
    };
    if let Some(Span { low, high }) = span {
        entries.dates.push(DateEntry { parameter, low, high });
    }
}

fn period_span(period: &Object) -> Option<Span> {
    let end = |name| period.get(name).and_then(Json::as_str).and_then(span);
    match (end("start"), end("end")) {
        (None, None) => None,
        (start, end) => Some(Span {
            low: start.map_or(i64::MIN, |span| span.low),
            high: end.map_or(i64::MAX, |span| span.high),
        }),
    }
}

/// Of a schedule, only the outer limits count.
fn timing_span(timing: &Object) -> Option<Span> {
    let events = timing.get("event").and_then(Json::as_array).unwrap_or_default();
    let bounds = timing.get("repeat").and_then(|repeat| repeat.get("boundsPeriod"));
    events
        .iter()
        .filter_map(|event| span(event.as_str()?))
        .chain(bounds.and_then(Json::as_object).and_then(period_span))
        .reduce(|left, right| Span {
            low: left.low.min(right.low),
            high: left.high.max(right.high),
        })
}

/// The span of a `date`, `dateTime` or `instant`; `None` when it is none of them. Hours without minutes are
/// not allowed; a fraction of a second is cut after six digits.
pub fn span(text: &str) -> Option<Span> {
    let (date, time) = match text.split_once('T') {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let mut parts = date.split('-');
    let year = i16::try_from(digits(parts.next()?, 4)?)
        .ok()
        .filter(|year| *year > 0)?;
    let month = optional_two_digits(parts.next())?;
    let day = optional_two_digits(parts.next())?;
    if parts.next().is_some() {
        return None;
    }
    match (month, day, time) {
        (None, None, None) => Some(days(civil(year, 1, 1)?, if is_leap(year) { 366 } else { 365 })),
        (Some(month), None, None) => {
            let first = civil(year, month, 1)?;
            Some(days(first, i64::from(first.days_in_month())))
        }
        (Some(month), Some(day), None) => Some(days(civil(year, month, day)?, 1)),
        (Some(month), Some(day), Some(time)) => {
            let midnight = microseconds(civil(year, month, day)?);
            let of_day = time_span(time)?;
            Some(Span {
                low: midnight + of_day.low,
                high: midnight + of_day.high,
            })
        }
        _ => None,
    }
}

/// The span of `hh:mm[:ss[.fraction]]` and its zone, from midnight UTC.
fn time_span(text: &str) -> Option<Span> {
    let zone_at = text.find(['Z', '+', '-']).unwrap_or(text.len());
    let (time, zone) = text.split_at(zone_at);
    let offset = match zone {
        "" | "Z" => 0,
        _ => {
            let (hours, minutes) = zone[1..].split_once(':')?;
            let minutes = in_range(digits(hours, 2)?, 14)? * 60 + in_range(digits(minutes, 2)?, 59)?;
            if zone.starts_with('-') { -minutes } else { minutes }
        }
    };
    let (seconds_text, fraction) = match time.split_once('.') {
        Some((time, fraction)) => (time, Some(fraction)),
        None => (time, None),
    };
    let mut parts = seconds_text.split(':');
    let hour = in_range(digits(parts.next()?, 2)?, 23)?;
    let minute = in_range(digits(parts.next()?, 2)?, 59)?;
    let mut low = (hour * 60 + minute - offset) * MINUTE;
    let mut width = MINUTE;
    match parts.next() {
        // 60 stands for a leap second, which ends when the next minute begins.
        Some(second) => {
            low += in_range(digits(second, 2)?, 60)? * SECOND;
            width = SECOND;
        }
        None if fraction.is_some() => return None,
        None => {}
    }
    if let Some(fraction) = fraction {
        if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        for digit in fraction.bytes().take(6) {
            width /= 10;
            low += i64::from(digit - b'0') * width;
        }
    }
    parts.next().is_none().then_some(Span {
        low,
        high: low + width,
    })
}

fn days(first: Date, count: i64) -> Span {
    let low = microseconds(first);
    Span {
        low,
        high: low + count * DAY,
    }
}

fn microseconds(date: Date) -> i64 {
    date.duration_since(EPOCH).as_secs() * SECOND
}

fn civil(year: i16, month: i64, day: i64) -> Option<Date> {
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

fn is_leap(year: i16) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// `Some(None)` when the part is not there, `None` when it is there and wrong.
#[expect(clippy::option_option, reason = "absent and wrong are different things")]
fn optional_two_digits(part: Option<&str>) -> Option<Option<i64>> {
    match part {
        Some(part) => digits(part, 2).map(Some),
        None => Some(None),
    }
}

fn digits(text: &str, count: usize) -> Option<i64> {
    (text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| text.parse().ok())
        .flatten()
}

fn in_range(number: i64, largest: i64) -> Option<i64> {
    (number <= largest).then_some(number)
}

/// What a client asks for: a prefix and a date. `ap` widens the span by a tenth of its distance from `now`.
///
/// # Errors
/// When there is no such date.
pub fn parse(value: &str, now: Timestamp) -> Result<DateComparison, Expected> {
    let (prefix, text) = Prefix::split(value);
    // In a query string, a + that was not encoded arrives as a space.
    let mended = text.trim().replace(' ', "+");
    let Span { low, high } = span(&mended).ok_or(Expected(
        "a date such as 2024, 2024-05, 2024-05-31, 2024-05-31T10:00Z or 2024-05-31T10:00:00+02:00, \
         with one of the prefixes eq, ne, gt, lt, ge, le, sa, eb, ap if need be",
    ))?;
    let now = now.as_microsecond();
    let margin = match prefix {
        Prefix::Approximately if now < low => (low - now) / 10,
        Prefix::Approximately if now >= high => (now - high) / 10,
        _ => 0,
    };
    Ok(DateComparison {
        prefix,
        low: low - margin,
        high: high + margin,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(microseconds: i64) -> String {
        Timestamp::from_microsecond(microseconds).unwrap().to_string()
    }

    #[test]
    fn a_date_is_as_wide_as_its_precision() {
        for (date, low, high) in [
            ("2024", "2024-01-01T00:00:00Z", "2025-01-01T00:00:00Z"),
            ("2024-02", "2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z"),
            ("2024-12-31", "2024-12-31T00:00:00Z", "2025-01-01T00:00:00Z"),
            (
                "2024-05-31T10:00Z",
                "2024-05-31T10:00:00Z",
                "2024-05-31T10:01:00Z",
            ),
            (
                "2024-05-31T10:00:07+02:00",
                "2024-05-31T08:00:07Z",
                "2024-05-31T08:00:08Z",
            ),
            (
                "2024-05-31T23:30:00-11:30",
                "2024-06-01T11:00:00Z",
                "2024-06-01T11:00:01Z",
            ),
            (
                "2024-05-31T10:00:00",
                "2024-05-31T10:00:00Z",
                "2024-05-31T10:00:01Z",
            ),
            (
                "2024-05-31T10:00:00.25Z",
                "2024-05-31T10:00:00.25Z",
                "2024-05-31T10:00:00.26Z",
            ),
            (
                "1815-02-28T00:00:00.1234567Z",
                "1815-02-28T00:00:00.123456Z",
                "1815-02-28T00:00:00.123457Z",
            ),
            (
                "2016-12-31T23:59:60Z",
                "2017-01-01T00:00:00Z",
                "2017-01-01T00:00:01Z",
            ),
        ] {
            let span = span(date).unwrap();
            assert_eq!(
                (text(span.low), text(span.high)),
                (low.into(), high.into()),
                "{date}"
            );
        }
        let last = span("9999-12-31").unwrap();
        assert_eq!(last.high - last.low, DAY);
        assert_eq!(span("9999").unwrap().high, last.high);
        assert_eq!(span("9999-12").unwrap().high, last.high);
        assert!(span("0001-01-01T00:00:00+14:00").is_some());
    }

    #[test]
    fn refuses_what_is_no_date() {
        for text in [
            "",
            "24",
            "0000",
            "2024-13",
            "2024-00",
            "2023-02-29",
            "2024-5",
            "2024-05-31T",
            "2024-05-31T10",
            "2024T10:00",
            "2024-05-31T24:00:00Z",
            "2024-05-31T10:60Z",
            "2024-05-31T10:00:61Z",
            "2024-05-31T10:00.5Z",
            "2024-05-31T10:00:00.Z",
            "2024-05-31T10:00:00+2:00",
            "2024-05-31T10:00:00+15:00",
            "2024-05-31T10:00:00z",
            "2024-05-31T10:00:00Zulu",
            "2024-05-31 10:00",
            "-2024",
            "２０２４",
            "2024-05-31-01",
            "2024-05-31T10:00:00:00Z",
            "2024-05-31T10:00:00+é",
            "2024-05-31T1é:00",
        ] {
            assert_eq!(span(text), None, "{text}");
        }
    }

    #[test]
    fn mends_the_plus_and_widens_approximate_dates() {
        let now: Timestamp = "2024-01-11T00:00:00Z".parse().unwrap();
        assert_eq!(
            parse("ge2024-01-01T10:00:00 01:00", now),
            parse("ge2024-01-01T10:00:00+01:00", now)
        );
        let around = parse("ap2024-01-01", now).unwrap();
        assert_eq!(around.prefix, Prefix::Approximately);
        assert_eq!(text(around.low), "2023-12-31T02:24:00Z");
        assert_eq!(text(around.high), "2024-01-02T21:36:00Z");
        assert!(parse("xx2024", now).is_err());
    }
}
