//! Numbers, <http://hl7.org/fhir/R4/search.html#number>. What a client asks for is a range, as wide as its
//! digits leave open.

use rust_decimal::Decimal;

use super::Expected;
use crate::definitions::path::ElementType;
use crate::definitions::search_parameter::ParameterId;
use crate::resource::{Json, Object};
use crate::search::index::{IndexEntries, NumberEntry};
use crate::search::query::{NumberComparison, Prefix};

/// Adds what `element` says.
pub fn index(element: &Json, element_type: &ElementType, parameter: ParameterId, entries: &mut IndexEntries) {
    let ends = match (element_type, element) {
        (ElementType::Range, Json::Object(range)) => range_ends(range),
        (_, Json::Number(digits)) => Written::parse(digits).map(|number| (number.value(), number.value())),
        _ => None,
    };
    if let Some((low, high)) = ends {
        entries.numbers.push(NumberEntry { parameter, low, high });
    }
}

/// The ends of a Range; an open end is the largest number there is. `None` when both are open.
pub fn range_ends(range: &Object) -> Option<(Decimal, Decimal)> {
    let end = |name| match range.get(name)?.get("value")? {
        Json::Number(digits) => Written::parse(digits).map(|number| number.value()),
        _ => None,
    };
    match (end("low"), end("high")) {
        (None, None) => None,
        (low, high) => Some((low.unwrap_or(Decimal::MIN), high.unwrap_or(Decimal::MAX))),
    }
}

/// A number as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written<'text> {
    negative: bool,
    /// Digits before the point.
    whole: &'text str,
    /// Digits after it.
    fraction: &'text str,
    exponent: i32,
    has_exponent: bool,
}

impl<'text> Written<'text> {
    /// Reads `[+-]digits[.digits][e[+-]digits]`.
    pub fn parse(text: &'text str) -> Option<Self> {
        let (negative, unsigned) = match text.as_bytes().first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, Some(exponent)),
            None => (unsigned, None),
        };
        let (whole, fraction) = match mantissa.split_once('.') {
            Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
            Some(_) => return None,
            None => (mantissa, ""),
        };
        let digits_only = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !digits_only(whole) || !digits_only(fraction) {
            return None;
        }
        Some(Written {
            negative,
            whole,
            fraction,
            exponent: exponent.map_or(Some(0), parse_exponent)?,
            has_exponent: exponent.is_some(),
        })
    }

    /// The number; brought to the nearest end when [`Decimal`] cannot hold it, rounded when it has too many digits.
    pub fn value(&self) -> Decimal {
        self.exact_value()
            .unwrap_or(if self.negative { Decimal::MIN } else { Decimal::MAX })
    }

    /// The number; `None` when it is too large.
    fn exact_value(&self) -> Option<Decimal> {
        let is_zero = |text: &str| text.bytes().all(|byte| byte == b'0');
        if is_zero(self.whole) && is_zero(self.fraction) {
            return Some(Decimal::ZERO);
        }
        let sign = if self.negative { "-" } else { "" };
        let plain = match self.exponent {
            0 if self.fraction.is_empty() => format!("{sign}{}", self.whole),
            0 => format!("{sign}{}.{}", self.whole, self.fraction),
            _ => format!("{sign}{}", self.shifted()?),
        };
        plain.parse().ok()
    }

    /// Whether it is nearer to 0 than anything that can be compared.
    fn is_too_small(&self) -> bool {
        let is_zero = |text: &str| text.bytes().all(|byte| byte == b'0');
        self.exponent < -400 && !(is_zero(self.whole) && is_zero(self.fraction))
    }

    /// The digits with the point moved by the exponent; `None` when it moves too far to the right.
    fn shifted(&self) -> Option<String> {
        let digits = format!("{}{}", self.whole, self.fraction);
        let point = i64::try_from(self.whole.len()).ok()? + i64::from(self.exponent);
        let length = i64::try_from(digits.len()).ok()?;
        match usize::try_from(point) {
            // More than the 29 digits of the largest number, behind zeros that may lead.
            Ok(_) if point > length + 60 => None,
            Ok(point) if point >= digits.len() => {
                Some(format!("{digits}{}", "0".repeat(point - digits.len())))
            }
            Ok(0) => Some(format!("0.{digits}")),
            Ok(point) => Some(format!("{}.{}", &digits[..point], &digits[point..])),
            Err(_) if point < -60 => Some("0".to_owned()),
            Err(_) => Some(format!("0.{}{digits}", "0".repeat(usize::try_from(-point).ok()?))),
        }
    }

    /// Half a unit of the last digit. A number with an exponent has at least two digits of precision: the
    /// standard reads 1e2 as 95 to 105.
    fn half_unit(&self) -> Decimal {
        let fraction = i32::try_from(self.fraction.len()).unwrap_or(i32::MAX);
        let mut last_digit = self.exponent.saturating_sub(fraction);
        if self.has_exponent && self.whole.len() == 1 && self.fraction.is_empty() {
            last_digit -= 1;
        }
        let power = last_digit - 1;
        match u32::try_from(-power) {
            Ok(scale) => Decimal::new(
                if scale > Decimal::MAX_SCALE { 1 } else { 5 },
                scale.min(Decimal::MAX_SCALE),
            ),
            Err(_) => u32::try_from(power)
                .ok()
                .and_then(|power| 10_i128.checked_pow(power)?.checked_mul(5))
                .and_then(|half| Decimal::try_from_i128_with_scale(half, 0).ok())
                .unwrap_or(Decimal::MAX),
        }
    }
}

fn parse_exponent(text: &str) -> Option<i32> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let size = digits.parse::<i32>().unwrap_or(i32::MAX).min(1_000_000);
    Some(if text.starts_with('-') { -size } else { size })
}

/// What a client asks for: a prefix and a number.
///
/// # Errors
/// When it is no number, or one too large to be stored.
pub fn parse(value: &str) -> Result<NumberComparison, Expected> {
    let (prefix, text) = Prefix::split(value);
    let written = Written::parse(text).ok_or(Expected(
        "a number such as 100, -5.4 or 1e2, with one of the prefixes eq, ne, gt, lt, ge, le, sa, eb, ap if need be",
    ))?;
    let value = written.exact_value().ok_or(Expected("a number below 7.9e28"))?;
    if value.is_zero() && written.is_too_small() {
        return Err(Expected("0, or a number of at least 1e-28"));
    }
    let margin = match prefix {
        Prefix::Approximately => value.abs() / Decimal::TEN,
        _ => written.half_unit(),
    };
    Ok(NumberComparison {
        prefix,
        value,
        low: value.saturating_sub(margin),
        high: value.saturating_add(margin),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_imply_a_range() {
        for (text, value, low, high) in [
            ("100", "100", "99.5", "100.5"),
            ("100.00", "100.00", "99.995", "100.005"),
            ("1e2", "100", "95", "105"),
            ("1.0e2", "100", "95", "105"),
            ("1.00E+2", "100", "99.5", "100.5"),
            ("5.4e-3", "0.0054", "0.00535", "0.00545"),
            ("-7", "-7", "-7.5", "-6.5"),
            ("0", "0", "-0.5", "0.5"),
            ("ap100", "100", "90", "110"),
            ("ap-100", "-100", "-110", "-90"),
            ("007", "7", "6.5", "7.5"),
        ] {
            let number = parse(text).unwrap();
            let numbers: Vec<Decimal> = [value, low, high]
                .iter()
                .map(|text| text.parse().unwrap())
                .collect();
            assert_eq!(vec![number.value, number.low, number.high], numbers, "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_number() {
        for text in [
            "", "a", "1.", ".5", "1e", "1e+", "--1", "1,5", "NaN", "ap", "1 ", "٣", "0x1", "1e5.0",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        for text in ["1e29", "99999999999999999999999999999999", "1e999999999999"] {
            assert_eq!(parse(text), Err(Expected("a number below 7.9e28")), "{text}");
        }
        assert!(parse("1e-999999999").is_err() && parse("0e-999999999").is_ok());
    }

    #[test]
    fn what_is_stored_is_brought_to_the_nearest_number() {
        let stored = |text: &str| Written::parse(text).unwrap().value();
        assert_eq!(stored("1e400"), Decimal::MAX);
        assert_eq!(stored("-1e400"), Decimal::MIN);
        assert_eq!(stored("1e-400"), Decimal::ZERO);
        assert_eq!(stored("-0.0e999999"), Decimal::ZERO);
        assert_eq!(stored("12e-3"), "0.012".parse().unwrap());
        assert_eq!(
            stored("0.12345678901234567890123456789012345"),
            "0.1234567890123456789012345679".parse().unwrap()
        );
        assert!(parse("0.1234567890123456789012345678901234567890").unwrap().high > stored("0.12345"));
        assert_eq!(stored("1.234e2"), "123.4".parse().unwrap());
    }
}
