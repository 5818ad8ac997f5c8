//! Primitive values at the edges of what the standard allows.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;

/// The standard's own regular expressions.
const REGEXES: &str = include_str!("../../../definitions/primitive-regexes.tsv");

fn is_valid(name: &str, json: &str) -> bool {
    let primitive = Primitive::parse(name).unwrap();
    check(primitive, &Json::parse(json.as_bytes()).unwrap()).is_ok()
}

fn assert_all(name: &str, valid: &[&str], invalid: &[&str]) {
    for json in valid {
        assert!(is_valid(name, json), "{name} {json} is valid");
    }
    for json in invalid {
        assert!(!is_valid(name, json), "{name} {json} is invalid");
    }
}

#[test]
fn dates_are_days_of_the_calendar() {
    assert_all(
        "date",
        &[
            r#""2020""#,
            r#""2020-02""#,
            r#""2020-02-29""#,
            r#""2000-02-29""#,
            r#""0001-01-01""#,
            r#""9999-12-31""#,
        ],
        &[
            r#""2021-02-29""#,
            r#""1900-02-29""#,
            r#""2020-13""#,
            r#""2020-00""#,
            r#""2020-04-31""#,
            r#""2020-01-00""#,
            r#""0000""#,
            r#""20""#,
            r#""2020-1-1""#,
            r#""2020/01/01""#,
            r#""2020-01-01T00:00:00Z""#,
            r#""""#,
            r#""٢٠٢٠""#,
            "2020",
            "true",
        ],
    );
}

#[test]
fn times_have_a_zone_exactly_where_the_standard_says() {
    assert_all(
        "dateTime",
        &[
            r#""2020""#,
            r#""2020-05""#,
            r#""2020-05-31""#,
            r#""2020-05-31T23:59:59Z""#,
            r#""2020-05-31T23:59:60.123456789+14:00""#,
            r#""2020-05-31T00:00:00-13:59""#,
        ],
        &[
            r#""2020-05-31T23:59:59""#,
            r#""2020-05-31T24:00:00Z""#,
            r#""2020-05-31T23:59Z""#,
            r#""2020-05-31T23:59:59+14:01""#,
            r#""2020-05-31T23:59:59.Z""#,
            r#""2020-05-31 23:59:59Z""#,
            r#""2020-05-31T23:59:59z""#,
            r#""2020-05-32T23:59:59Z""#,
            r#""2020-05-31T""#,
            r#""2020-05-31T23:59:59+1:00""#,
        ],
    );
    assert_all(
        "instant",
        &[r#""2020-05-31T23:59:59.1Z""#],
        &[r#""2020-05-31""#, r#""2020-05-31T23:59:59""#],
    );
    assert_all(
        "time",
        &[r#""00:00:00""#, r#""23:59:59.5""#],
        &[r#""24:00:00""#, r#""12:00""#, r#""12:00:00Z""#, r#""1:00:00""#],
    );
}

#[test]
fn numbers_keep_to_their_ranges() {
    assert_all(
        "integer",
        &["0", "-0", "-2147483648", "2147483647"],
        &[
            "2147483648",
            "-2147483649",
            "1.0",
            "1e3",
            "99999999999999999999",
            r#""1""#,
            "true",
        ],
    );
    assert_all("positiveInt", &["1", "2147483647"], &["0", "-1", "2147483648"]);
    assert_all("unsignedInt", &["0"], &["-1", "2147483648"]);
    assert_all(
        "decimal",
        &[
            "0.10",
            "-1e-7",
            "123456789012345678901234567890",
            "-1.0E+245",
            "1e-245",
            "0e999999999",
        ],
        &[
            r#""1.0""#,
            "null",
            "1e999999999",
            "-1e309",
            "1e-999999999",
            &format!("1{}", "0".repeat(400)),
        ],
    );
    assert_all("boolean", &["true", "false"], &[r#""true""#, "1", "0"]);
}

#[test]
fn texts_follow_their_types() {
    assert_all(
        "string",
        &[r#"" ""#, r#""a\tb\r\nc""#, r#""é😀""#],
        &[r#""""#, r#""a\u0001""#, r#""\u001f""#, "1", "[]", "{}"],
    );
    assert_all(
        "code",
        &[r#""a""#, r#""a b""#],
        &[r#""""#, r#"" a""#, r#""a ""#, r#""a  b""#],
    );
    assert_all(
        "id",
        &[r#""a-1.B""#],
        &[r#""a_b""#, r#""""#, r#""a b""#, r#""é""#],
    );
    assert!(is_valid("id", &format!("\"{}\"", "x".repeat(64))));
    assert!(!is_valid("id", &format!("\"{}\"", "x".repeat(65))));
    assert_all(
        "uri",
        &[r#""urn:x""#, r#""a""#],
        &[r#""""#, r#""a b""#, r#""a\tb""#, r#""a\u0001""#],
    );
    assert_all(
        "oid",
        &[r#""urn:oid:1.2.0""#],
        &[
            r#""urn:oid:3.1""#,
            r#""urn:oid:1""#,
            r#""1.2.3""#,
            r#""urn:oid:1.02""#,
        ],
    );
    assert_all(
        "uuid",
        &[r#""urn:uuid:c757873d-ec9a-4326-a141-556f43239520""#],
        &[
            r#""c757873d-ec9a-4326-a141-556f43239520""#,
            r#""urn:uuid:C757873D-ec9a-4326-a141-556f43239520""#,
            r#""urn:uuid:c757873d-ec9a-4326-a141-556f4323952""#,
        ],
    );
    assert_all(
        "base64Binary",
        &[r#""YQ==""#, r#""YWI=""#, r#""YW Jj\n""#],
        &[r#""""#, r#""YQ""#, r#""Y===""#, r#""=YQ=""#, r#""Y-_j""#],
    );
}

#[test]
fn a_string_of_more_than_a_megabyte_is_too_long() {
    let text = |length: usize| Json::from("é".repeat(length));
    assert_eq!(check(Primitive::String, &text(MAXIMUM_STRING)), Ok(()));
    assert_eq!(
        check(Primitive::String, &text(MAXIMUM_STRING + 1)),
        Err(Fault::TooLong)
    );
}

#[test]
fn periods_compare_as_far_as_they_are_known() {
    for (start, end, is_after) in [
        ("2020-05", "2020", false),
        ("2020", "2020-05", false),
        ("2021", "2020-05", true),
        ("2020-05-02", "2020-05-01", true),
        ("2020-05-01T10:00:00+02:00", "2020-05-01T09:00:00Z", false),
        ("2020-05-01T10:00:00Z", "2020-05-01T10:00:00+01:00", true),
        ("2020-05-01T10:00:00Z", "2020-05-01", false),
        ("nonsense", "2020", false),
    ] {
        assert_eq!(date::is_after(start, end), is_after, "{start} {end}");
    }
}

/// The regular expressions of the types that are strings, base64 aside, whose length the expression does not say.
static PATTERNS: LazyLock<Vec<(Primitive, regex::Regex)>> = LazyLock::new(|| {
    REGEXES
        .lines()
        .map(|line| {
            let (name, expression) = line.split_once('\t').unwrap();
            let regex = regex::Regex::new(&format!("^(?:{expression})$")).unwrap();
            (Primitive::parse(name).unwrap(), regex)
        })
        .filter(|(primitive, _)| {
            !matches!(
                primitive,
                Primitive::Boolean
                    | Primitive::Decimal
                    | Primitive::Integer
                    | Primitive::PositiveInt
                    | Primitive::UnsignedInt
                    | Primitive::Base64Binary
            )
        })
        .collect()
});

proptest! {
    /// What the regular expression takes is taken, but for days that are not in the calendar and empty URIs.
    #[test]
    fn agrees_with_the_standard_s_regular_expressions(
        text in prop_oneof![
            "[0-2][0-9]{3}-[01][0-9]-[0-3][0-9](T[0-2][0-9]:[0-6][0-9]:[0-6][0-9](\\.[0-9]{0,3})?(Z|[+-][01][0-9]:[0-6][0-9])?)?",
            "[0-2][0-9]:[0-6][0-9]:[0-6][0-9](\\.[0-9]{0,3})?",
            "urn:oid:[0-3](\\.[0-9]{1,3}){0,3}",
            "urn:uuid:[0-9a-g]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-fA]{12}",
            "[a-z \\t]{0,8}",
            "[A-Za-z0-9._-]{0,70}",
            "[ -~]{0,12}",
        ],
    ) {
        for (primitive, regex) in PATTERNS.iter() {
            let is_dated = matches!(primitive, Primitive::Date | Primitive::DateTime | Primitive::Instant);
            let is_real = !is_dated || text.get(..10).is_none_or(date::is_date);
            let expected = regex.is_match(&text) && !text.is_empty() && is_real;
            prop_assert_eq!(check_text(*primitive, &text).is_ok(), expected, "{:?} {:?}", primitive, text);
        }
    }
}
