//! The dialect by table: what a path finds, and which texts are no paths.

use super::*;
use crate::compatibility::Compatibility::{IomtFhir, Strict};
use crate::json::read_message;

fn found_in(mode: Compatibility, document: &str, path: &str) -> Result<Vec<String>, String> {
    let document = read_message(document, mode, 64).unwrap();
    let path = JsonPath::parse(path).map_err(|error| error.to_string())?;
    let Selection { values, failure } = path.select(&document, mode);
    match failure {
        Some(failure) => Err(failure.to_string()),
        None => Ok(values.iter().map(ToString::to_string).collect()),
    }
}

fn check(document: &str, cases: &[(&str, &[&str])]) {
    for mode in [Strict, IomtFhir] {
        for (path, expected) in cases {
            let found = found_in(mode, document, path);
            assert_eq!(
                found.as_deref(),
                Ok(&*expected.iter().map(ToString::to_string).collect::<Vec<_>>()),
                "{path}"
            );
        }
    }
}

#[test]
fn members_and_elements() {
    check(
        r#"{"a":{"b-c":1,"My Name":2,"$x":3},"l":[10,20,30,40],"n":null,"$y":4}"#,
        &[
            ("$.a.b-c", &["1"]),
            ("a.b-c", &["1"]),
            ("$['a']['My Name']", &["2"]),
            ("$.a['b-c','My Name','z']", &["1", "2"]),
            ("$.a.*", &["1", "2", "3"]),
            ("$.a.$x", &["3"]),
            ("$y", &["4"]),
            ("$.n", &["null"]),
            ("$.missing", &[]),
            ("$.a[0]", &[]),
            ("$.l[1]", &["20"]),
            ("$.l[9]", &[]),
            ("$.l[0,2]", &["10", "30"]),
            ("$.l[*]", &["10", "20", "30", "40"]),
            ("$.l[1:3]", &["20", "30"]),
            ("$.l[-2:]", &["30", "40"]),
            ("$.l[::-1]", &["40", "30", "20", "10"]),
            ("$.l[::2]", &["10", "30"]),
            ("$.l[ 1 ]", &["20"]),
            ("$.n.x", &[]),
            (" $.a.b-c ", &["1"]),
        ],
    );
    check("7", &[("$", &["7"]), ("", &["7"]), ("$.x", &[])]);
}

#[test]
fn descendants() {
    check(
        r#"{"hr":1,"b":[{"hr":2},{"x":{"hr":3}}]}"#,
        &[
            ("$..hr", &["1", "2", "3"]),
            ("..hr", &["1", "2", "3"]),
            ("$..['hr']", &["1", "2", "3"]),
            ("$.b..hr", &["2", "3"]),
            ("$..['hr','x']", &["1", "2", r#"{"hr":3}"#, "3"]),
            (
                "$.b..*",
                &[
                    r#"[{"hr":2},{"x":{"hr":3}}]"#,
                    r#"{"hr":2}"#,
                    "2",
                    r#"{"x":{"hr":3}}"#,
                    r#"{"hr":3}"#,
                    "3",
                ],
            ),
        ],
    );
}

#[test]
fn a_filter_after_a_scan_tests_the_node_itself_too() {
    let document = r#"{"hr":1,"b":[{"hr":2},{"hr":null}]}"#;
    check(
        document,
        &[
            ("$..[?(@hr)]", &[document, r#"{"hr":2}"#, r#"{"hr":null}"#]),
            ("$..[?(@.hr)]", &[document, r#"{"hr":2}"#, r#"{"hr":null}"#]),
            ("$..[?(@['hr'])]", &[document, r#"{"hr":2}"#, r#"{"hr":null}"#]),
            ("$..[?(@hr == 2)]", &[r#"{"hr":2}"#]),
            ("$..[?(@hr == null)]", &[r#"{"hr":null}"#]),
            ("$..[?(@b)].hr", &["1"]),
        ],
    );
}

#[test]
fn a_filter_without_a_scan_works_on_arrays_only() {
    check(
        r#"{"b":[{"hr":2},{"x":1}],"o":{"p":{"hr":3}}}"#,
        &[("$.b[?(@.hr)]", &[r#"{"hr":2}"#]), ("$.o[?(@.hr)]", &[])],
    );
}

#[test]
fn conditions_join_from_the_right() {
    let list = r#"[{"a":1},{"c":1},{"a":1,"b":1},{"a":1,"c":1}]"#;
    check(
        list,
        &[
            ("$[?(@a && @b)]", &[r#"{"a":1,"b":1}"#]),
            (
                "$[?(@b || @c)]",
                &[r#"{"c":1}"#, r#"{"a":1,"b":1}"#, r#"{"a":1,"c":1}"#],
            ),
            ("$[?(@a && @b || @c)]", &[r#"{"a":1,"b":1}"#, r#"{"a":1,"c":1}"#]),
            (
                "$[?(@c || @a && @b)]",
                &[r#"{"c":1}"#, r#"{"a":1,"b":1}"#, r#"{"a":1,"c":1}"#],
            ),
        ],
    );
}

#[test]
fn comparisons() {
    let list = r#"[{"v":"5"},{"v":5},{"v":5.0},{"v":"x"},{"v":7},{"v":true}]"#;
    check(
        list,
        &[
            ("$[?(@v == 5)]", &[r#"{"v":5}"#, r#"{"v":5.0}"#]),
            ("$[?(@v == '5')]", &[r#"{"v":"5"}"#]),
            ("$[?(@v == 'x')]", &[r#"{"v":"x"}"#]),
            ("$[?(@v === 5)]", &[r#"{"v":5}"#, r#"{"v":5.0}"#]),
            ("$[?(@v == true)]", &[r#"{"v":true}"#]),
            ("$[?(@v =~ /^[xy]$/i)]", &[r#"{"v":"x"}"#]),
            ("$[?(@v =~ /^X$/gi)]", &[r#"{"v":"x"}"#]),
            ("$[?(@v != 5)].v", &["\"5\"", "\"x\"", "7", "true"]),
        ],
    );
    check(
        r#"{"min":6,"l":[{"v":5},{"v":"70"}]}"#,
        &[("$.l[?(@v > $.min)]", &[r#"{"v":"70"}"#])],
    );
    check("[1,[2],null]", &[("$[?(@ != 1)]", &["[2]", "null"])]);
}

#[test]
fn null_is_less_than_anything_for_the_original_and_not_compared_by_us() {
    let found = |mode, path| found_in(mode, "[1,[2],null,0]", path).unwrap();
    for path in ["$[?(@ < 1)]", "$[?(@ <= 0)]", "$[?(1 > @)]"] {
        assert_eq!(found(IomtFhir, path), ["null", "0"], "{path}");
        assert_eq!(found(Strict, path), ["0"], "{path}");
    }
    assert_eq!(found(IomtFhir, "$[?(@ >= null)]"), ["1", "null", "0"]);
    assert_eq!(found(Strict, "$[?(@ >= null)]"), [""; 0]);
}

#[test]
fn a_text_that_is_no_number_is_an_error_for_the_original_and_no_match_for_us() {
    let document = r#"[{"v":"n/a"},{"v":"98.6"},{"v":"70"}]"#;
    assert_eq!(
        found_in(Strict, document, "$[?(@v > 60)].v"),
        Ok(vec!["\"98.6\"".to_owned(), "\"70\"".to_owned()])
    );
    assert!(found_in(IomtFhir, document, "$[?(@v > 60)].v").is_err());
    assert!(found_in(IomtFhir, r#"[{"v":"98.6"}]"#, "$[?(@v > 60)].v").is_err());
    assert_eq!(
        found_in(IomtFhir, r#"[{"v":"98.6"}]"#, "$[?(@v > 60.5)].v"),
        Ok(vec!["\"98.6\"".to_owned()])
    );
}

#[test]
fn dates_equal_their_text() {
    let document = r#"[{"d":"2019-02-01T22:46:01.8750000Z"}]"#;
    assert_eq!(
        found_in(IomtFhir, document, "$[?(@d == '2019-02-01T22:46:01.875Z')]")
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        found_in(Strict, document, "$[?(@d == '2019-02-01T22:46:01.8750000Z')]")
            .unwrap()
            .len(),
        1
    );
    for mode in [Strict, IomtFhir] {
        assert_eq!(
            found_in(mode, document, "$[?(@d > '2018-01-01')]").unwrap().len(),
            1
        );
    }
}

#[test]
fn a_negative_index_is_refused_when_it_is_met() {
    assert!(found_in(Strict, "[1]", "$[-1]").unwrap_err().contains("[-1:]"));
    assert_eq!(found_in(Strict, "{}", "$[-1]"), Ok(vec![]));
}

#[test]
fn texts_that_are_no_paths_are_refused_with_their_place() {
    for (path, character) in [
        ("$.", 3),
        ("$.a b", 5),
        ("$.a[", 5),
        ("$.a[0", 6),
        ("$.a]x", 4),
        ("$.a[x]", 5),
        ("$.a[?@b]", 6),
        ("$..[?(@a]", 9),
        ("$..[?(@a &&)]", 12),
        ("$..[?(@a & @b)]", 10),
        ("$..[?(@a == \"x\")]", 13),
        ("$..[?((@a))]", 7),
        ("$..[?(@a == 'x)]", 13),
        ("$..[?(@a = 1)]", 10),
        ("$..[?(@a == 1x)]", 13),
        ("$..[?(@a =~ /[/)]", 13),
        ("$.l[::0]", 5),
        ("$['a]", 3),
        ("$.a[0]b", 7),
        ("$..[?()]", 7),
    ] {
        let error = JsonPath::parse(path).unwrap_err();
        assert!(
            error
                .to_string()
                .ends_with(&format!("at character {character} of the expression")),
            "{path}: {error}"
        );
    }
}

#[test]
fn an_error_in_a_regular_expression_is_one_line() {
    for (path, reason) in [
        (
            "$.l[?(@.a =~ /^(?!x).*$/)]",
            "(look-around, including look-ahead and look-behind, is not supported)",
        ),
        ("$.l[?(@.a =~ /[/)]", "(unclosed character class)"),
        ("$.l[?(@.a =~ /a\nb(/)]", "(unclosed group)"),
        (
            "$.l[?(@.a =~ /(x{1000}){1000}/)]",
            "(Compiled regex exceeds size limit of 1048576 bytes.)",
        ),
    ] {
        let error = JsonPath::parse(path).unwrap_err().to_string();
        assert!(error.contains(reason) && !error.contains('\n'), "{error}");
    }
}

#[test]
fn filters_in_filters_end_somewhere() {
    assert!(JsonPath::parse(&"$[?(@".repeat(10_000)).is_err());
    assert!(JsonPath::parse("$.a[?(@.b[?(@.c)])]").is_ok());
}

#[test]
fn what_a_filter_cannot_compare_costs_no_other_value() {
    let list = read_message(r#"[{"v":10},{"v":"x"},{"v":20},{"v":[1]}]"#, IomtFhir, 64).unwrap();
    let path = JsonPath::parse("$[?(@v > 5)].v").unwrap();
    let Selection { values, failure } = path.select(&list, IomtFhir);
    assert_eq!(values, [Json::integer(10), Json::integer(20)]);
    assert!(failure.is_some());
    let Selection { values, failure } = path.select(&list, Strict);
    assert_eq!((values.len(), failure), (2, None));
}
