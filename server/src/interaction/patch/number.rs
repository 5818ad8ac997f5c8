//! What JSON's numbers are worth, told from their digits: exact, however many there are.
//! <https://www.rfc-editor.org/rfc/rfc6902#section-4.6>

/// Whether two numbers are worth the same: `1`, `1.0` and `10e-1` are.
pub fn is_equal(left: &str, right: &str) -> bool {
    if left == right {
        return true;
    }
    match (Worth::of(left), Worth::of(right)) {
        (Some(left), Some(right)) => left == right,
        _ => false,
    }
}

/// A number as `0.digits` times a power of ten; equal numbers have one `Worth`.
#[derive(Debug, PartialEq, Eq)]
struct Worth {
    negative: bool,
    /// Without zeros at either end; nothing is zero.
    digits: String,
    power: i64,
}

impl Worth {
    /// `None` when the exponent is beyond all that can be counted.
    fn of(text: &str) -> Option<Worth> {
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(unsigned) => (true, unsigned),
            None => (false, text),
        };
        let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = format!("{whole}{fraction}");
        let significant = all.trim_start_matches('0');
        let digits = significant.trim_end_matches('0').to_owned();
        if digits.is_empty() {
            return Some(Worth {
                negative: false,
                digits,
                power: 0,
            });
        }
        let leading_zeros = i64::try_from(all.len() - significant.len()).ok()?;
        let before_point = i64::try_from(whole.len()).ok()?;
        let power = exponent
            .parse::<i64>()
            .ok()?
            .checked_add(before_point)?
            .checked_sub(leading_zeros)?;
        Some(Worth {
            negative,
            digits,
            power,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_equal_when_they_are_worth_the_same() {
        for (left, right) in [
            ("1", "1.0"),
            ("1", "10e-1"),
            ("100", "1E+2"),
            ("0.001", "1e-3"),
            ("-0.50", "-5e-1"),
            ("0", "-0.00"),
            ("0", "0e99999999999999999999"),
            ("120.0", "1.2e2"),
            ("9007199254740993", "9007199254740993.0"),
            ("1e99999999999999999999", "1e99999999999999999999"),
        ] {
            assert!(is_equal(left, right), "{left} {right}");
        }
    }

    #[test]
    fn others_are_not_however_near() {
        for (left, right) in [
            ("1", "-1"),
            ("1", "10"),
            ("1", "0"),
            ("0.1", "0.01"),
            ("9007199254740993", "9007199254740992"),
            ("0.1", "0.10000000000000000000000000001"),
            ("1e5", "1e6"),
        ] {
            assert!(!is_equal(left, right), "{left} {right}");
        }
    }
}
