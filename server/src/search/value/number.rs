//! Numbers, <http://hl7.org/fhir/R4/search.html#number>. What a client asks for is a range, as wide as its
//! digits leave open.

use std::ops::RangeInclusive;

use super::Expected;
use crate::definitions::path::ElementType;
use crate::definitions::search_parameter::ParameterId;
use crate::resource::{Json, Object};
use crate::search::decimal::{DIGITS, Decimal};
use crate::search::index::{IndexEntries, NumberEntry};
use crate::search::query::{NumberComparison, Prefix};

/// Characters of a number that a client asks for.
const LONGEST: usize = 1000;

/// The magnitudes of numbers that are asked for, within which lie those of all that are stored.
const MAGNITUDES: RangeInclusive<i32> = -308..=309;

/// The finest range of 0, which has no digits that would tell it.
const FINEST: i64 = -390;

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

/// The ends of a Range; an open end is infinite. `None` when both are open.
pub fn range_ends(range: &Object) -> Option<(Decimal, Decimal)> {
    let end = |name| match range.get(name)?.get("value")? {
        Json::Number(digits) => Written::parse(digits).map(|number| number.value()),
        _ => None,
    };
    match (end("low"), end("high")) {
        (None, None) => None,
        (low, high) => Some((
            low.unwrap_or(Decimal::NEGATIVE_INFINITY),
            high.unwrap_or(Decimal::INFINITY),
        )),
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
    exponent: i64,
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

    /// The number, by the digits that count.
    pub fn value(&self) -> Decimal {
        let mut digits = self.digits().skip_while(|digit| *digit == b'0');
        let mut coefficient = 0_i128;
        let mut counted = 0_u32;
        for digit in digits.by_ref() {
            coefficient = coefficient * 10 + i128::from(digit - b'0');
            counted += 1;
            if counted == DIGITS {
                break;
            }
        }
        if self.negative {
            coefficient = -coefficient;
        }
        Decimal::new(
            coefficient,
            self.last_place().saturating_add(count(digits.count())),
        )
    }

    /// All of them, before and after the point.
    fn digits(&self) -> impl Iterator<Item = u8> {
        self.whole.bytes().chain(self.fraction.bytes())
    }

    fn is_zero(&self) -> bool {
        self.digits().all(|digit| digit == b'0')
    }

    /// The power of ten of the last digit.
    fn last_place(&self) -> i64 {
        self.exponent.saturating_sub(count(self.fraction.len()))
    }

    /// Half a unit of the last digit that counts. A number with an exponent has at least two digits of precision: the
    /// standard reads 1e2 as 95 to 105.
    fn half_unit(&self, value: Decimal) -> Decimal {
        let mut last_digit = self.last_place();
        if self.has_exponent && self.whole.len() == 1 && self.fraction.is_empty() {
            last_digit = last_digit.saturating_sub(1);
        }
        let last_that_counts = match value.is_zero() {
            true => FINEST,
            false => i64::from(value.magnitude()) - i64::from(DIGITS),
        };
        Decimal::new(5, last_digit.max(last_that_counts).saturating_sub(1))
    }
}

fn count(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

fn parse_exponent(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // Far more than what a body has digits to bring it back.
    let size = digits.parse::<i64>().unwrap_or(i64::MAX).min(1 << 40);
    Some(if text.starts_with('-') { -size } else { size })
}

/// What a client asks for: a prefix and a number.
///
/// # Errors
/// When it is no number, or one that cannot be stored.
pub fn parse(value: &str) -> Result<NumberComparison, Expected> {
    let (prefix, text) = Prefix::split(value);
    if text.len() > LONGEST {
        return Err(Expected(
            "a number of at most 1,000 characters; of its digits the first 34 count",
        ));
    }
    let written = Written::parse(text).ok_or(Expected(
        "a number such as 100, -5.4 or 1e2, with one of the prefixes eq, ne, gt, lt, ge, le, sa, eb, ap if need be",
    ))?;
    let value = written.value();
    if !written.is_zero() {
        if value.magnitude() > *MAGNITUDES.end() {
            return Err(Expected("a number below 1e309 in size"));
        }
        if value.is_zero() || value.magnitude() < *MAGNITUDES.start() {
            return Err(Expected("0, or a number of at least 1e-309 in size"));
        }
    }
    let margin = match prefix {
        Prefix::Approximately => value.tenth(),
        _ => written.half_unit(value),
    };
    Ok(NumberComparison {
        prefix,
        value,
        low: value.minus(margin),
        high: value.plus(margin),
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
            ("1e50", "1e50", "0.95e50", "1.05e50"),
            ("1.00e50", "1e50", "0.995e50", "1.005e50"),
            ("-1.7e308", "-1.7e308", "-1.75e308", "-1.65e308"),
            ("2.3e-308", "2.3e-308", "2.25e-308", "2.35e-308"),
            ("ap1e300", "1e300", "0.9e300", "1.1e300"),
            ("0e300", "0", "-5e298", "5e298"),
            (
                "79228162514264337593543950336",
                "79228162514264337593543950336",
                "79228162514264337593543950335.5",
                "79228162514264337593543950336.5",
            ),
        ] {
            let number = parse(text).unwrap();
            let numbers = [value, low, high].map(|text| Written::parse(text).unwrap().value());
            assert_eq!([number.value, number.low, number.high], numbers, "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_number() {
        for text in [
            "", "a", "1.", ".5", "1e", "1e+", "--1", "1,5", "NaN", "ap", "1 ", "٣", "0x1", "1e5.0",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        for text in ["1e309", "-1e400", "gt1e999999999999", "ap1e309"] {
            assert_eq!(
                parse(text),
                Err(Expected("a number below 1e309 in size")),
                "{text}"
            );
        }
        for text in ["1e-310", "-1e-400", "lt1e-999999999999"] {
            let expected = Expected("0, or a number of at least 1e-309 in size");
            assert_eq!(parse(text), Err(expected), "{text}");
        }
        assert!(parse("0e-999999999").is_ok() && parse("9e308").is_ok() && parse("1e-309").is_ok());
        let longest = "1".repeat(LONGEST);
        assert_eq!(
            parse(&format!("gt{longest}")),
            Err(Expected("a number below 1e309 in size"))
        );
        assert!(parse(&format!("gt0.{}", &longest[2..])).is_ok());
        let refused = parse(&format!("0.{longest}")).unwrap_err();
        assert!(refused.0.starts_with("a number of at most 1,000 characters"));
    }

    #[test]
    fn digits_beyond_those_that_count_are_left_out() {
        let value = |text: &str| Written::parse(text).unwrap().value();
        assert_eq!(value("1e400"), Decimal::INFINITY);
        assert_eq!(value("-1e400"), Decimal::NEGATIVE_INFINITY);
        assert_eq!(value("1e-500"), Decimal::ZERO);
        assert_eq!(value("-0.0e999999"), Decimal::ZERO);
        assert_eq!(value("12e-3"), Decimal::new(12, -3));
        assert_eq!(value("1.234e2"), Decimal::new(1234, -1));
        let long = |digits: usize| format!("0.{}", "1".repeat(digits));
        assert_eq!(value(&long(50)), value(&long(34)));
        assert!(value(&long(34)) > value(&long(33)));
        let zeros = "0".repeat(2_000_000);
        assert_eq!(value(&format!("0.{zeros}1e2000001")), Decimal::ONE);
        assert_eq!(value(&format!("1{zeros}e-2000000")), Decimal::ONE);
        // Each is found by itself, however many digits it is written with.
        for digits in [33, 34, 35, 400, 900] {
            let NumberComparison { value, low, high, .. } = parse(&long(digits)).unwrap();
            assert!(low < value && value < high, "{digits}");
            assert!(high < parse(&long(32)).unwrap().high, "{digits}");
        }
    }
}
