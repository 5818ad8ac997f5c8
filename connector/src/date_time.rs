//! Instants as messages write them and as Observations need them: recognising ISO 8601 text, reading the other
//! forms that devices use, and printing. The resolution is 100 nanoseconds throughout; no zone means UTC.

mod instant;
mod read;

use jiff::{SignedDuration, civil};

pub use instant::Instant;
pub use read::parse_timestamp;

/// Nanoseconds in the smallest step of time that is kept.
pub const TICK_NANOSECONDS: i128 = 100;

/// How the zone was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WrittenZone {
    /// `Z`
    Utc,
    /// `+01:00` and the like; the instant is converted to UTC.
    Offset,
    /// No zone was written: the instant is taken as UTC.
    None,
}

/// A text that was recognised as a date and time while a message was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Date {
    /// The moment in UTC, to 100 nanoseconds.
    pub instant: Instant,
    /// How its zone was written.
    pub zone: WrittenZone,
}

impl Date {
    /// Recognises `yyyy-MM-ddTHH:mm:ss[.fffffff][zone]` of 19 to 40 characters.
    pub fn recognise(text: &str) -> Option<Self> {
        let candidate = (19..=40).contains(&text.len()) && text.as_bytes()[10] == b'T';
        if candidate {
            read::iso_date_time(text)
        } else {
            None
        }
    }

    /// Recognises `/Date(milliseconds)/`, the milliseconds since 1970 began, with or without the zone of whoever wrote it, which does
    /// not change the instant.
    pub fn of_ticks(text: &str) -> Option<Self> {
        let inner = text.strip_prefix("/Date(")?.strip_suffix(")/")?;
        let sign = inner
            .char_indices()
            .skip(1)
            .find(|(_, character)| matches!(character, '+' | '-'));
        let (milliseconds, zone) = match sign {
            Some((at, _)) => (inner.get(..at)?, Some(inner.get(at + 1..)?)),
            None => (inner, None),
        };
        let is_zone =
            |zone: &str| matches!(zone.len(), 2 | 4) && zone.bytes().all(|byte| byte.is_ascii_digit());
        if !zone.is_none_or(is_zone) {
            return None;
        }
        let since_1970 = SignedDuration::from_millis(milliseconds.parse().ok()?);
        Some(Self {
            instant: Instant::of_unix(since_1970)?,
            zone: zone.map_or(WrittenZone::Utc, |_| WrittenZone::Offset),
        })
    }

    /// An instant in UTC.
    pub fn utc(instant: Instant) -> Self {
        Self {
            instant,
            zone: WrittenZone::Utc,
        }
    }

    /// ISO 8601 with the fraction cut after its last digit that is not 0, and the zone as it was written.
    pub fn iso_text(&self) -> String {
        let zone = match self.zone {
            WrittenZone::Utc => "Z",
            WrittenZone::Offset => "+00:00",
            WrittenZone::None => "",
        };
        format!("{}{zone}", self.instant.utc())
    }

    /// `MM/dd/yyyy HH:mm:ss`: what microsoft/iomt-fhir makes of a date that is read as a text.
    pub fn month_first_text(&self) -> String {
        let at = self.instant.utc();
        format!(
            "{:02}/{:02}/{:04} {:02}:{:02}:{:02}",
            at.month(),
            at.day(),
            at.year(),
            at.hour(),
            at.minute(),
            at.second()
        )
    }
}

/// A FHIR dateTime with all seven digits of the fraction, as `2019-02-01T22:46:01.8750000Z`.
/// See <https://hl7.org/fhir/R4/datatypes.html#dateTime>.
pub fn fhir_date_time(instant: Instant) -> String {
    format!("{}Z", seven_digits(instant.utc()))
}

fn seven_digits(at: civil::DateTime) -> String {
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:07}",
        at.year(),
        at.month(),
        at.day(),
        at.hour(),
        at.minute(),
        at.second(),
        i128::from(at.subsec_nanosecond()) / TICK_NANOSECONDS
    )
}

/// `yyyyMMddHHmmssZ`, the form of an instant in an Observation's identifier.
pub fn identifier_segment(instant: Instant) -> String {
    let at = instant.utc();
    format!(
        "{:04}{:02}{:02}{:02}{:02}{:02}Z",
        at.year(),
        at.month(),
        at.day(),
        at.hour(),
        at.minute(),
        at.second()
    )
}

/// Like [`identifier_segment`] with the seven digits of the fraction.
pub fn identifier_segment_with_fraction(instant: Instant) -> String {
    seven_digits(instant.utc())
        .chars()
        .filter(char::is_ascii_digit)
        .chain(['Z'])
        .collect()
}

#[cfg(test)]
mod tests;
