//! Texts that are decimal numbers (<https://hl7.org/fhir/R4/datatypes.html#decimal>).

use crate::compatibility::Compatibility;

/// The digits as JSON writes them, if the text is a decimal number; `72.50` keeps its 0. An exponent is for the strict mode; the
/// original takes a thousands separator, a sign at the end and at most 29 digits before the point instead.
pub(super) fn decimal(text: &str, compatibility: Compatibility) -> Option<String> {
    match compatibility {
        Compatibility::Strict => strict(text.trim()),
        Compatibility::IomtFhir => as_dotnet(text.trim()),
    }
}

fn strict(text: &str) -> Option<String> {
    let (number, exponent) = match text.split_once(['e', 'E']) {
        Some((number, exponent)) => (number, Some(exponent)),
        None => (text, None),
    };
    let (negative, unsigned) = leading_sign(number);
    let digits = plain(unsigned, negative)?;
    match exponent {
        None => Some(digits),
        Some(exponent) => {
            let (_, power) = leading_sign(exponent);
            let valid =
                !power.is_empty() && power.len() <= 3 && power.bytes().all(|digit| digit.is_ascii_digit());
            valid.then(|| format!("{digits}e{exponent}"))
        }
    }
}

fn as_dotnet(text: &str) -> Option<String> {
    let (negative, unsigned) = leading_sign(text);
    let leading = unsigned.len() < text.len();
    let (negative, unsigned) = match unsigned.strip_suffix(['-', '+']) {
        Some(without) if !leading => (unsigned.ends_with('-'), without),
        _ => (negative, unsigned),
    };
    let (whole, fraction) = unsigned
        .trim()
        .split_once('.')
        .map_or((unsigned.trim(), None), |(whole, fraction)| {
            (whole, Some(fraction))
        });
    if whole.starts_with(',') {
        return None;
    }
    let whole = whole.replace(',', "");
    let unsigned = fraction.map_or(whole.clone(), |fraction| format!("{whole}.{fraction}"));
    let digits = plain(&unsigned, negative)?;
    let places = digits
        .trim_start_matches('-')
        .split('.')
        .next()
        .map_or(0, str::len);
    (places <= 29).then_some(digits)
}

fn leading_sign(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

/// Digits with at most one point; at least one digit.
fn plain(unsigned: &str, negative: bool) -> Option<String> {
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let all_digits = |text: &str| text.bytes().all(|digit| digit.is_ascii_digit());
    if (whole.is_empty() && fraction.is_empty()) || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        significant => significant,
    };
    let point = if fraction.is_empty() { "" } else { "." };
    Some(format!(
        "{}{whole}{point}{fraction}",
        if negative { "-" } else { "" }
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use Compatibility::{IomtFhir, Strict};

    #[test]
    fn decimals_keep_their_digits() {
        for (text, strict, original) in [
            ("72", Some("72"), Some("72")),
            ("72.50", Some("72.50"), Some("72.50")),
            (" -0072.5 ", Some("-72.5"), Some("-72.5")),
            ("+5", Some("5"), Some("5")),
            (".5", Some("0.5"), Some("0.5")),
            ("5.", Some("5"), Some("5")),
            ("1e3", Some("1e3"), None),
            ("1E-05", Some("1e-05"), None),
            ("1,234.5", None, Some("1234.5")),
            ("37,5", None, Some("375")),
            ("5-", None, Some("-5")),
            (
                "100000000000000000000000000000",
                Some("100000000000000000000000000000"),
                None,
            ),
            ("", None, None),
            (".", None, None),
            ("abc", None, None),
            ("1.2.3", None, None),
            ("True", None, None),
            ("٣", None, None),
            ("1e", None, None),
            ("NaN", None, None),
        ] {
            assert_eq!(decimal(text, Strict).as_deref(), strict, "{text}");
            assert_eq!(decimal(text, IomtFhir).as_deref(), original, "{text}");
        }
    }
}
