//! Numbers as messages and mappings write them. The compatibility mode knows 64-bit integers and doubles, as
//! Newtonsoft.Json does; the strict mode keeps the digits, because the precision of a decimal means something in FHIR.

use std::fmt;
use std::sync::Arc;

/// A JSON number.
#[derive(Clone, Debug)]
pub enum Number {
    /// An integer of 64 bits.
    Integer(i64),
    /// An IEEE 754 double of 64 bits.
    Float(f64),
    /// A number with its digits as written: a decimal, or an integer of more than 64 bits.
    Written(Arc<str>),
}

impl Number {
    /// Reads a JSON number, keeping its digits unless it is an integer of 64 bits.
    pub fn keeping_digits(written: &str) -> Self {
        match written.parse::<i64>() {
            Ok(value) if written != "-0" => Self::Integer(value),
            _ => Self::Written(written.into()),
        }
    }

    /// Reads a JSON number as an integer of 64 bits, else as a double; integers beyond 64 bits keep their digits.
    pub fn as_integer_or_double(written: &str) -> Self {
        if !is_decimal(written) {
            return match written.parse() {
                Ok(value) => Self::Integer(value),
                Err(_) => Self::Written(written.into()),
            };
        }
        match written.parse() {
            Ok(value) => Self::Float(value),
            Err(_) => Self::Written(written.into()),
        }
    }

    /// Is it written with a fraction or an exponent, or the result of arithmetic with such a number?
    pub fn is_decimal(&self) -> bool {
        match self {
            Self::Integer(_) => false,
            Self::Float(_) => true,
            Self::Written(digits) => is_decimal(digits),
        }
    }

    /// The value as an integer of 64 bits; nothing for decimals and for integers that do not fit.
    pub fn to_integer(&self) -> Option<i64> {
        match self {
            Self::Integer(value) => Some(*value),
            Self::Float(_) => None,
            Self::Written(digits) => digits.parse().ok(),
        }
    }

    /// The nearest double.
    pub fn to_double(&self) -> f64 {
        match self {
            Self::Integer(value) => *value as f64,
            Self::Float(value) => *value,
            Self::Written(digits) => digits.parse().unwrap_or(f64::NAN),
        }
    }
}

fn is_decimal(written: &str) -> bool {
    written.contains(['.', 'e', 'E'])
}

impl PartialEq for Number {
    /// The same kind (integer or decimal) and the same value.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Written(left), Self::Written(right)) if left == right => true,
            _ if self.is_decimal() != other.is_decimal() => false,
            _ => match (self.to_integer(), other.to_integer()) {
                (Some(left), Some(right)) => left == right,
                (None, None) => self.to_double() == other.to_double(),
                _ => false,
            },
        }
    }
}

impl fmt::Display for Number {
    /// The number as JSON writes it.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(value) => write!(formatter, "{value}"),
            Self::Float(value) if value.is_finite() => write!(formatter, "{value:?}"),
            Self::Float(value) => write!(formatter, "\"{value}\""),
            Self::Written(digits) => formatter.write_str(digits),
        }
    }
}

/// The text that .NET prints for a double: the shortest digits that read back, an exponent of two digits or more when
/// the decimal point would stand more than 15 places (or more than the digits there are) to the right or more than four to the left.
pub fn double_as_dotnet_prints(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    if value == 0.0 {
        return if value.is_sign_negative() { "-0" } else { "0" }.to_owned();
    }
    let scientific = format!("{:e}", value.abs());
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let point = exponent + 1;
    let places = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    let sign = if value < 0.0 { "-" } else { "" };
    if point > places.max(15) || point < -3 {
        let (first, rest) = digits.split_at(1);
        let fraction = if rest.is_empty() {
            String::new()
        } else {
            format!(".{rest}")
        };
        let exponent_sign = if exponent < 0 { '-' } else { '+' };
        return format!("{sign}{first}{fraction}E{exponent_sign}{:02}", exponent.abs());
    }
    let unsigned = match usize::try_from(point) {
        Ok(point) if point >= digits.len() => format!("{digits}{}", "0".repeat(point - digits.len())),
        Ok(point) if point > 0 => format!("{}.{}", &digits[..point], &digits[point..]),
        _ => format!("0.{}{digits}", "0".repeat(usize::try_from(-point).unwrap_or(0))),
    };
    format!("{sign}{unsigned}")
}
