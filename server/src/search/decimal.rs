//! Decimals as they are compared: of any size that a resource may hold, by their first 34 digits, as many as IEEE 754's decimal128
//! has. Beyond 1e400 they are infinite, which is also the open end of a range, and below 1e-400 they are 0.

use std::cmp::Ordering;
use std::fmt;

/// Digits of a number that count. Those after them are left out, of what is stored and of what is asked for.
pub const DIGITS: u32 = 34;

/// Digits that the result of a calculation keeps: the range that 34 digits imply takes one more.
const MOST_DIGITS: u32 = 37;

/// The powers of ten between which numbers lie.
const LARGEST: i64 = 400;

/// The exponent of infinity, which no number has.
const INFINITE: i32 = 1_000_000;

/// A decimal number: `coefficient × 10^exponent`, without zeros at the coefficient's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Decimal {
    coefficient: i128,
    exponent: i32,
}

impl Decimal {
    /// 0
    pub const ZERO: Decimal = Decimal {
        coefficient: 0,
        exponent: 0,
    };
    /// 1
    pub const ONE: Decimal = Decimal {
        coefficient: 1,
        exponent: 0,
    };
    /// Larger than all numbers.
    pub const INFINITY: Decimal = Decimal {
        coefficient: 1,
        exponent: INFINITE,
    };
    /// Less than all numbers.
    pub const NEGATIVE_INFINITY: Decimal = Decimal {
        coefficient: -1,
        exponent: INFINITE,
    };

    /// `coefficient × 10^exponent`.
    pub fn new(mut coefficient: i128, mut exponent: i64) -> Decimal {
        let excess = digits(coefficient).saturating_sub(MOST_DIGITS);
        coefficient /= 10_i128.pow(excess);
        exponent = exponent.saturating_add(i64::from(excess));
        if coefficient == 0 {
            return Decimal::ZERO;
        }
        while coefficient % 10 == 0 {
            coefficient /= 10;
            exponent = exponent.saturating_add(1);
        }
        let magnitude = exponent.saturating_add(i64::from(digits(coefficient)));
        match i32::try_from(exponent) {
            Ok(exponent) if magnitude.abs() <= LARGEST => Decimal {
                coefficient,
                exponent,
            },
            _ if magnitude < 0 => Decimal::ZERO,
            _ if coefficient < 0 => Decimal::NEGATIVE_INFINITY,
            _ => Decimal::INFINITY,
        }
    }

    /// The digits, without zeros at their end, with the sign.
    pub fn coefficient(self) -> i128 {
        self.coefficient
    }

    /// The power of ten that the coefficient is multiplied by.
    pub fn exponent(self) -> i32 {
        self.exponent
    }

    /// The least power of ten that is larger in size: 3 for 100 and for 999, 0 for 0.1.
    pub fn magnitude(self) -> i32 {
        self.exponent.saturating_add_unsigned(digits(self.coefficient))
    }

    /// Whether it is 0.
    pub fn is_zero(self) -> bool {
        self.coefficient == 0
    }

    /// Whether it is more, or less, than all numbers.
    pub fn is_infinite(self) -> bool {
        self.exponent == INFINITE
    }

    /// The sum, by the 37 digits from the larger one's first on.
    #[must_use]
    pub fn plus(self, other: Decimal) -> Decimal {
        if self.is_zero() {
            return other;
        }
        if other.is_zero() {
            return self;
        }
        let largest = self.magnitude().max(other.magnitude());
        let lowest = largest.saturating_sub_unsigned(MOST_DIGITS);
        let exponent = self.exponent.min(other.exponent).max(lowest);
        let aligned = |one: Decimal| {
            let power = 10_i128.checked_pow(one.exponent.abs_diff(exponent));
            match one.exponent >= exponent {
                true => power.map_or(0, |power| one.coefficient.saturating_mul(power)),
                false => power.map_or(0, |power| one.coefficient / power),
            }
        };
        Decimal::new(aligned(self) + aligned(other), i64::from(exponent))
    }

    /// What is left without `other`, by as many digits as a sum has.
    #[must_use]
    pub fn minus(self, other: Decimal) -> Decimal {
        self.plus(Decimal {
            coefficient: -other.coefficient,
            ..other
        })
    }

    /// The product, of which at least 18 digits are right.
    #[must_use]
    pub fn times(self, other: Decimal) -> Decimal {
        let (mut one, mut another) = (self, other);
        loop {
            if let Some(product) = one.coefficient.checked_mul(another.coefficient) {
                return Decimal::new(product, i64::from(one.exponent) + i64::from(another.exponent));
            }
            let longer = match one.coefficient.unsigned_abs() > another.coefficient.unsigned_abs() {
                true => &mut one,
                false => &mut another,
            };
            longer.coefficient /= 10;
            longer.exponent += 1;
        }
    }

    /// A tenth of its size.
    #[must_use]
    pub fn tenth(self) -> Decimal {
        Decimal::new(self.coefficient.abs(), i64::from(self.exponent) - 1)
    }
}

/// How many decimal digits a whole number has; 0 has none.
fn digits(number: i128) -> u32 {
    number
        .unsigned_abs()
        .checked_ilog10()
        .map_or(0, |power| power + 1)
}

impl From<i64> for Decimal {
    fn from(number: i64) -> Decimal {
        Decimal::new(i128::from(number), 0)
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Decimal) -> Ordering {
        let signs = self.coefficient.signum().cmp(&other.coefficient.signum());
        if signs.is_ne() || self.is_zero() {
            return signs;
        }
        // Of one magnitude, the one with less digits has zeros after them.
        let lowest = self.exponent.min(other.exponent);
        let digits =
            |one: &Decimal| one.coefficient.unsigned_abs() * 10_u128.pow(one.exponent.abs_diff(lowest));
        let sizes = self
            .magnitude()
            .cmp(&other.magnitude())
            .then_with(|| digits(self).cmp(&digits(other)));
        match self.coefficient < 0 {
            true => sizes.reverse(),
            false => sizes,
        }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Decimal) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// In full where that is no longer than people read, with an exponent otherwise.
impl fmt::Display for Decimal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.coefficient < 0 {
            formatter.write_str("-")?;
        }
        if self.is_infinite() {
            return formatter.write_str("Infinity");
        }
        let digits = self.coefficient.unsigned_abs();
        let zeros = usize::try_from(self.exponent.unsigned_abs()).unwrap_or_default();
        match self.exponent {
            0..=40 => write!(formatter, "{digits}{:0>zeros$}", ""),
            -40..=-1 => {
                let digits = format!("{digits:0>width$}", width = zeros + 1);
                let (whole, fraction) = digits.split_at(digits.len() - zeros);
                write!(formatter, "{whole}.{fraction}")
            }
            exponent => write!(formatter, "{digits}e{exponent}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::value::number::Written;

    fn number(text: &str) -> Decimal {
        Written::parse(text).unwrap().value()
    }

    #[test]
    fn numbers_have_an_order_whatever_their_size() {
        let ordered = [
            "-1e400",
            "-1.7e308",
            "-1e50",
            "-2",
            "-1.5",
            "-1e-300",
            "0",
            "2.3e-308",
            "1e-300",
            "0.1",
            "0.10000001",
            "1",
            "9.9",
            "10",
            "99",
            "79228162514264337593543950335",
            "79228162514264337593543950336",
            "1e50",
            "1.000000000000000000000000000000001e50",
            "1.7e308",
        ];
        for pair in ordered.windows(2) {
            assert!(number(pair[0]) < number(pair[1]), "{pair:?}");
        }
        assert!(number("-1.7e308") > Decimal::NEGATIVE_INFINITY && number("1.7e308") < Decimal::INFINITY);
        assert_eq!(number("100"), number("1.000e2"));
        assert_eq!(number("-0.0e5"), Decimal::ZERO);
    }

    #[test]
    fn calculations_keep_what_counts() {
        for (one, another, sum, product) in [
            ("1", "2", "3", "2"),
            ("1e50", "-5e48", "9.5e49", "-5e98"),
            ("0.1", "-0.1", "0", "-0.01"),
            ("1e300", "1e-300", "1e300", "1"),
            ("0", "1e-300", "1e-300", "0"),
            ("-2.5", "2e200", "2e200", "-5e200"),
            ("1.7e308", "1.7e308", "3.4e308", "1e617"),
            ("1e20", "1", "100000000000000000001", "1e20"),
        ] {
            let (one, another) = (number(one), number(another));
            assert_eq!(one.plus(another), number(sum), "{one} + {another}");
            assert_eq!(another.plus(one), number(sum), "{another} + {one}");
            assert_eq!(one.times(another), number(product), "{one} * {another}");
        }
        let long = number("1.234567890123456789012345678901234");
        let square = long.times(long);
        assert!(square > number("1.52415787532388367") && square < number("1.52415787532388368"));
        assert_eq!(number("1").minus(number("0.05")), number("0.95"));
        assert_eq!(Decimal::INFINITY.plus(number("-1e300")), Decimal::INFINITY);
        assert_eq!(number("-20").tenth(), number("2"));
    }

    #[test]
    fn what_is_written_is_read_again() {
        for text in [
            "0",
            "1",
            "-1.5",
            "0.012",
            "100",
            "120000",
            "79228162514264337593543950336",
            "17e307",
            "23e-309",
        ] {
            assert_eq!(number(text).to_string(), text);
            assert_eq!(number(&number(text).to_string()), number(text));
        }
        assert_eq!(Decimal::NEGATIVE_INFINITY.to_string(), "-Infinity");
    }
}
