//! Units of UCUM, <https://ucum.org/ucum>, as far as it takes to compare quantities: a unit is a factor and the powers
//! of what it measures. Units on other scales than a ratio (`Cel`, `[pH]`) are only equal to themselves.

use rust_decimal::Decimal;

/// What a unit measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measure {
    /// How many base units it is.
    pub factor: Decimal,
    /// The powers of the base units, in the order of [`BASE_UNITS`].
    pub dimension: [i8; 8],
}

/// The last is counted by convention, not derived from the others.
const BASE_UNITS: [&str; 8] = ["g", "m", "s", "K", "C", "cd", "rad", "[IU]"];

/// Of each: a code, whether it takes prefixes, its value in what.
const UNITS: [(&str, bool, &str, &str); 56] = [
    ("%", false, "0.01", "1"),
    ("mol", true, "602213670000000000000000", "1"),
    ("eq", true, "1", "mol"),
    ("osm", true, "1", "mol"),
    ("Hz", true, "1", "s-1"),
    ("N", true, "1", "kg.m/s2"),
    ("Pa", true, "1", "N/m2"),
    ("J", true, "1", "N.m"),
    ("W", true, "1", "J/s"),
    ("A", true, "1", "C/s"),
    ("V", true, "1", "J/C"),
    ("F", true, "1", "C/V"),
    ("Ohm", true, "1", "V/A"),
    ("S", true, "1", "A/V"),
    ("T", true, "1", "V.s/m2"),
    ("Bq", true, "1", "s-1"),
    ("Gy", true, "1", "J/kg"),
    ("Sv", true, "1", "J/kg"),
    ("lm", true, "1", "cd"),
    ("lx", true, "1", "lm/m2"),
    ("kat", true, "1", "mol/s"),
    ("U", true, "1", "umol/min"),
    ("l", true, "1", "dm3"),
    ("L", true, "1", "l"),
    ("bar", true, "100000", "Pa"),
    ("t", true, "1000", "kg"),
    ("min", false, "60", "s"),
    ("h", false, "60", "min"),
    ("d", false, "24", "h"),
    ("wk", false, "7", "d"),
    ("a", false, "365.25", "d"),
    ("mo", false, "30.4375", "d"),
    ("deg", false, "0.017453292519943295", "rad"),
    ("ar", true, "100", "m2"),
    ("cal", true, "4.184", "J"),
    ("m[Hg]", true, "133322", "Pa"),
    ("m[H2O]", true, "9806.65", "Pa"),
    ("[in_i]", false, "2.54", "cm"),
    ("[ft_i]", false, "12", "[in_i]"),
    ("[yd_i]", false, "3", "[ft_i]"),
    ("[mi_i]", false, "5280", "[ft_i]"),
    ("[gr]", false, "64.79891", "mg"),
    ("[lb_av]", false, "7000", "[gr]"),
    ("[oz_av]", false, "437.5", "[gr]"),
    ("[stone_av]", false, "14", "[lb_av]"),
    ("[gal_us]", false, "231", "[in_i]3"),
    ("[qt_us]", false, "0.25", "[gal_us]"),
    ("[pt_us]", false, "0.5", "[qt_us]"),
    ("[foz_us]", false, "0.0625", "[pt_us]"),
    ("[tbs_us]", false, "0.5", "[foz_us]"),
    ("[tsp_us]", false, "0.3333333333333333333", "[tbs_us]"),
    ("[iU]", true, "1", "[IU]"),
    ("[ppth]", false, "0.001", "1"),
    ("[ppm]", false, "0.000001", "1"),
    ("[Cal]", false, "1", "kcal"),
    ("10*", false, "10", "1"),
];

const PREFIXES: [(&str, u32, bool); 18] = [
    ("da", 1, true),
    ("h", 2, true),
    ("k", 3, true),
    ("M", 6, true),
    ("G", 9, true),
    ("T", 12, true),
    ("P", 15, true),
    ("E", 18, true),
    ("d", 1, false),
    ("c", 2, false),
    ("m", 3, false),
    ("u", 6, false),
    ("n", 9, false),
    ("p", 12, false),
    ("f", 15, false),
    ("a", 18, false),
    ("z", 21, false),
    ("y", 24, false),
];

/// How many units a unit may be defined by, one through the other.
const MAXIMUM_DEPTH: usize = 8;
/// The longest code that is looked at.
const MAXIMUM_LENGTH: usize = 64;

const NUMBER: Measure = Measure {
    factor: Decimal::ONE,
    dimension: [0; 8],
};

impl Measure {
    /// What the unit `code` measures; `None` for a code that is not known here.
    pub fn of(code: &str) -> Option<Measure> {
        (code.len() <= MAXIMUM_LENGTH).then(|| terms(code, 0)).flatten()
    }

    /// The product or the quotient.
    pub fn combined(&self, other: &Measure, divide: bool) -> Option<Measure> {
        let mut dimension = self.dimension;
        for (power, more) in dimension.iter_mut().zip(other.dimension) {
            *power = if divide {
                power.checked_sub(more)
            } else {
                power.checked_add(more)
            }?;
        }
        let factor = match divide {
            true => self.factor.checked_div(other.factor)?,
            false => self.factor.checked_mul(other.factor)?,
        };
        Some(Measure { factor, dimension })
    }

    /// The base units as a code.
    pub fn code(&self) -> String {
        let powers = BASE_UNITS
            .iter()
            .zip(self.dimension)
            .filter(|(_, power)| *power != 0);
        let parts: Vec<_> = powers
            .map(|(unit, power)| match power {
                1 => (*unit).to_owned(),
                _ => format!("{unit}{power}"),
            })
            .collect();
        if parts.is_empty() {
            "1".to_owned()
        } else {
            parts.join(".")
        }
    }
}

/// `kg.m/s2`: from left to right, `/` divides by the one unit after it.
fn terms(code: &str, depth: usize) -> Option<Measure> {
    let mut measure = NUMBER;
    let mut rest = code;
    let mut divide = false;
    if let Some(after) = rest.strip_prefix('/') {
        (rest, divide) = (after, true);
    }
    loop {
        let end = end_of_term(rest);
        let (one, after) = rest.split_at_checked(end)?;
        measure = measure.combined(&term(one, depth)?, divide)?;
        match after.chars().next() {
            None => return Some(measure),
            Some(operator) => divide = operator == '/',
        }
        rest = after.get(1..)?;
    }
}

/// Operators within brackets and annotations are none.
fn end_of_term(text: &str) -> usize {
    let mut inside = 0_usize;
    for (index, letter) in text.char_indices() {
        match letter {
            '[' | '{' => inside += 1,
            ']' | '}' => inside = inside.saturating_sub(1),
            '.' | '/' if inside == 0 => return index,
            _ => {}
        }
    }
    text.len()
}

/// A unit with a power: `m2`, `s-1`.
fn term(text: &str, depth: usize) -> Option<Measure> {
    let text = text.split_once('{').map_or(text, |(before, _)| before);
    if text.is_empty() || text == "1" {
        return Some(NUMBER);
    }
    let digits = text
        .trim_end_matches(|letter: char| letter.is_ascii_digit())
        .len();
    let (unit, power) = match text.split_at_checked(digits)? {
        ("", number) => {
            let factor = number.parse().ok()?;
            return Some(Measure { factor, ..NUMBER });
        }
        (unit, "") => (unit, 1),
        (unit, power) => match unit.strip_suffix('-') {
            Some(unit) => (unit, -power.parse::<i8>().ok()?),
            None => (unit.strip_suffix('+').unwrap_or(unit), power.parse().ok()?),
        },
    };
    let measure = unit_measure(unit, depth)?;
    let mut raised = NUMBER;
    for _ in 0..power.unsigned_abs().min(32) {
        raised = raised.combined(&measure, power < 0)?;
    }
    Some(raised)
}

fn unit_measure(unit: &str, depth: usize) -> Option<Measure> {
    if depth > MAXIMUM_DEPTH {
        return None;
    }
    if let Some(measure) = plain(unit, depth, false) {
        return Some(measure);
    }
    PREFIXES.iter().find_map(|(prefix, exponent, is_multiple)| {
        let measure = plain(unit.strip_prefix(prefix)?, depth, true)?;
        let power = Decimal::from_i128_with_scale(10_i128.checked_pow(*exponent)?, 0);
        let factor = match is_multiple {
            true => measure.factor.checked_mul(power)?,
            false => measure.factor.checked_div(power)?,
        };
        Some(Measure { factor, ..measure })
    })
}

fn plain(unit: &str, depth: usize, is_prefixed: bool) -> Option<Measure> {
    if let Some(index) = BASE_UNITS.iter().position(|base| *base == unit) {
        let mut measure = NUMBER;
        *measure.dimension.get_mut(index)? = 1;
        return Some(measure);
    }
    let (_, takes_prefix, value, of) = UNITS.iter().find(|(code, ..)| *code == unit)?;
    if is_prefixed && !takes_prefix {
        return None;
    }
    let measure = terms(of, depth + 1)?;
    let factor = Decimal::from_str_exact(value).ok()?.checked_mul(measure.factor)?;
    Some(Measure { factor, ..measure })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_measures_something() {
        for (code, ..) in UNITS {
            assert!(Measure::of(code).is_some(), "{code}");
        }
        for code in ["", "Cel", "xyz", "m99999", "[in_i", "k", "//"] {
            let known = Measure::of(code).is_some_and(|measure| measure != NUMBER);
            assert!(!known, "{code}");
        }
    }

    #[test]
    fn units_that_measure_the_same_have_one_dimension() {
        for (one, another, factor) in [
            ("kg", "g", "1000"),
            ("mmol/L", "mol/m3", "1"),
            ("[lb_av]", "kg", "0.45359237"),
            ("mm[Hg]", "kPa", "0.133322"),
            ("{score}", "1", "1"),
            ("10*3/uL", "/nL", "1"),
            ("ug/mL", "mg/L", "1"),
        ] {
            let (one, another) = (Measure::of(one).unwrap(), Measure::of(another).unwrap());
            assert_eq!(one.dimension, another.dimension);
            let factor = Decimal::from_str_exact(factor).unwrap();
            assert_eq!((one.factor / another.factor).round_dp(8), factor);
        }
        assert_ne!(
            Measure::of("m").unwrap().dimension,
            Measure::of("s").unwrap().dimension
        );
    }
}
