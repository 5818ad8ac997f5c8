//! Instants as messages write them and as Observations need them: recognising ISO 8601 text, reading the other
//! forms that devices use, and printing. The resolution is 100 nanoseconds throughout; no zone means UTC.

mod read;

use jiff::tz::Offset;
use jiff::{Timestamp, civil};

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
    /// Nothing.
    None,
}

/// A text that was recognised as a date and time while a message was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Date {
    /// The instant.
    pub instant: Timestamp,
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

    /// An instant in UTC.
    pub fn utc(instant: Timestamp) -> Self {
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
        format!("{}{zone}", utc_date_time(self.instant))
    }

    /// `MM/dd/yyyy HH:mm:ss`: what microsoft/iomt-fhir makes of a date that is read as a text.
    pub fn month_first_text(&self) -> String {
        let at = utc_date_time(self.instant);
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

/// Calendar date and time in UTC.
pub fn utc_date_time(instant: Timestamp) -> civil::DateTime {
    Offset::UTC.to_datetime(instant)
}

/// The instant of a calendar date and time in UTC, in the years 1 to 9999.
pub fn from_utc(at: civil::DateTime) -> Option<Timestamp> {
    Offset::UTC.to_timestamp(at).ok().filter(|_| at.year() >= 1)
}

/// A FHIR dateTime with all seven digits of the fraction, as `2019-02-01T22:46:01.8750000Z`.
/// See <https://hl7.org/fhir/R4/datatypes.html#dateTime>.
pub fn fhir_date_time(instant: Timestamp) -> String {
    format!("{}Z", seven_digits(utc_date_time(instant)))
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
pub fn identifier_segment(instant: Timestamp) -> String {
    let at = utc_date_time(instant);
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
pub fn identifier_segment_with_fraction(instant: Timestamp) -> String {
    seven_digits(utc_date_time(instant))
        .chars()
        .filter(char::is_ascii_digit)
        .chain(['Z'])
        .collect()
}

#[cfg(test)]
mod tests;
