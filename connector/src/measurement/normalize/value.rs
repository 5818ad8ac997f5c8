//! What an expression found, as the text or the time of a measurement.

use crate::compatibility::Compatibility;
use crate::date_time::{Instant, parse_timestamp};
use crate::json::{Json, Number, double_as_dotnet_prints};

/// The longest identifier of a device, patient or encounter and the longest correlation id, in bytes.
pub(super) const MAX_IDENTIFIER: usize = 1024;

/// Why a found value cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// `null`
    #[error("required, but it is null")]
    Null,
    /// An empty text, or only white space.
    #[error("required, but it is blank")]
    Blank,
    /// An identifier that no FHIR service could search for.
    #[error("an identifier has {MAX_IDENTIFIER} bytes at most, not {bytes}")]
    TooLong {
        /// How many it has.
        bytes: usize,
    },
    /// An array or object.
    #[error("expected a single value, found {0}")]
    Nested(&'static str),
    /// An integer beyond 64 bits (compatibility mode).
    #[error("the integer does not fit into 64 bits")]
    TooLarge,
    /// A number where a time is wanted.
    #[error("a number is not a time; use fromUnixTimestamp(…) or fromUnixTimestampMs(…)")]
    NumericTime,
    /// Something else where a time is wanted.
    #[error("not a date and time; expected ISO 8601 such as 2019-02-01T22:46:01Z")]
    NotATime,
}

/// A value as a text. The compatibility mode prints as .NET does; the strict mode keeps what the message says.
pub fn text(value: &Json, compatibility: Compatibility) -> Result<String, ValueError> {
    let original = compatibility == Compatibility::IomtFhir;
    match value {
        Json::Null => Err(ValueError::Null),
        Json::Array(_) => Err(ValueError::Nested("an array")),
        Json::Object(_) => Err(ValueError::Nested("an object")),
        Json::Text(text) => Ok(text.to_string()),
        Json::Date(date) if original => Ok(date.month_first_text()),
        Json::Date(date) => Ok(date.iso_text()),
        Json::Bool(value) if original => Ok(if *value { "True" } else { "False" }.to_owned()),
        Json::Bool(value) => Ok(value.to_string()),
        Json::Number(Number::Integer(value)) => Ok(value.to_string()),
        Json::Number(Number::Float(value)) if original => Ok(double_as_dotnet_prints(*value)),
        Json::Number(Number::Float(value)) => Ok(value.to_string()),
        Json::Number(Number::Written(_)) if original => Err(ValueError::TooLarge),
        Json::Number(Number::Written(digits)) => Ok(digits.to_string()),
    }
}

/// A value as a time.
pub fn timestamp(value: &Json) -> Result<Instant, ValueError> {
    match value {
        Json::Null => Err(ValueError::Null),
        Json::Number(_) => Err(ValueError::NumericTime),
        Json::Date(date) => Ok(date.instant),
        Json::Text(text) if text.trim().is_empty() => Err(ValueError::Blank),
        Json::Text(text) => parse_timestamp(text).ok_or(ValueError::NotATime),
        _ => Err(ValueError::NotATime),
    }
}
