//! Decimals as PostgreSQL's `numeric`, in the form in which it receives them: groups of four digits.
//! <https://github.com/postgres/postgres/blob/REL_17_STABLE/src/backend/utils/adt/numeric.c>, `numeric_recv`.

use std::error::Error;

use bytes::{BufMut, BytesMut};
use tokio_postgres::types::{IsNull, ToSql, Type, accepts, to_sql_checked};

use crate::search::decimal::Decimal;

/// What stands for the sign.
const POSITIVE: u16 = 0x0000;
const NEGATIVE: u16 = 0x4000;
const INFINITE: u16 = 0xd000;
const NEGATIVE_INFINITE: u16 = 0xf000;

/// Decimal digits of a group.
const WIDTH: i32 = 4;
/// What a group counts to.
const BASE: u128 = 10_000;

impl ToSql for Decimal {
    fn to_sql(&self, _type: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        let (groups, weight) = match self.is_infinite() {
            true => (Vec::new(), 0),
            false => groups(*self),
        };
        out.put_u16(u16::try_from(groups.len())?);
        out.put_i16(i16::try_from(weight)?);
        out.put_u16(match (self.coefficient() < 0, self.is_infinite()) {
            (false, false) => POSITIVE,
            (true, false) => NEGATIVE,
            (false, true) => INFINITE,
            (true, true) => NEGATIVE_INFINITE,
        });
        // Digits after the point.
        let scale = if self.exponent() < 0 {
            self.exponent().unsigned_abs()
        } else {
            0
        };
        out.put_u16(u16::try_from(scale)?);
        for group in groups {
            out.put_u16(u16::try_from(group)?);
        }
        Ok(IsNull::No)
    }

    accepts!(NUMERIC);
    to_sql_checked!();
}

/// The digits in groups, of which the first counts ten thousands to the power of the weight, and each a ten thousandth of the one
/// before it.
fn groups(decimal: Decimal) -> (Vec<u128>, i32) {
    let mut rest = decimal.coefficient().unsigned_abs();
    if rest == 0 {
        return (Vec::new(), 0);
    }
    let place = decimal.exponent().div_euclid(WIDTH);
    let zeros = decimal.exponent().rem_euclid(WIDTH).unsigned_abs();
    // The last group ends with zeros where the exponent is not one of ten thousands.
    let of_last = 10_u128.pow(WIDTH.unsigned_abs() - zeros);
    let mut groups = vec![rest % of_last * 10_u128.pow(zeros)];
    rest /= of_last;
    while rest != 0 {
        groups.push(rest % BASE);
        rest /= BASE;
    }
    groups.reverse();
    let after_first = i32::try_from(groups.len()).unwrap_or(i32::MAX) - 1;
    (groups, place + after_first)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `numeric_recv` makes of groups, as a decimal again.
    fn received(groups: &[u128], weight: i32) -> Decimal {
        let exponent = |place: usize| 4 * (i64::from(weight) - i64::try_from(place).unwrap());
        let values = groups.iter().enumerate();
        values.fold(Decimal::ZERO, |sum, (place, group)| {
            sum.plus(Decimal::new(i128::try_from(*group).unwrap(), exponent(place)))
        })
    }

    #[test]
    fn groups_are_the_number() {
        let longest = 1_234_567_890_123_456_789_012_345_678_901_234_567;
        for coefficient in [1, 5, 12, 1234, 12_345, 99_999_999, 100_000_001, longest] {
            for exponent in [-330, -38, -9, -8, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 49, 300] {
                let decimal = Decimal::new(coefficient, exponent);
                let (groups, weight) = groups(decimal);
                assert!(
                    groups.iter().all(|group| *group < BASE) && groups[0] != 0,
                    "{decimal}"
                );
                assert_eq!(received(&groups, weight), decimal);
            }
        }
        assert_eq!(groups(Decimal::ZERO), (vec![], 0));
        assert_eq!(groups(Decimal::new(-5, -1)), (vec![5000], -1));
        assert_eq!(groups(Decimal::new(12_345_678, -2)), (vec![12, 3456, 7800], 1));
    }
}
