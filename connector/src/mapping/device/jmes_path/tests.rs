//! Expressions by table: values, projections, functions, and how the two modes differ.

mod projections;

use super::*;
use crate::compatibility::Compatibility::{IomtFhir, Strict};
use crate::json::read_message;

const DOCUMENT: &str = r#"{"a":{"b":5,"z":1,"c":"x"},"l":[{"v":1},{"v":2.5},{"w":3}],"n":[[1,2],[3]],"e":[],"t":"text",
    "d":"2019-02-01T22:46:01Z","big":9223372036854775807,"zero":0,"nul":null,"s":["b","a"]}"#;

fn value(mode: Compatibility, expression: &str) -> Result<String, String> {
    let document = read_message(DOCUMENT, mode, 64).unwrap();
    let compiled = JmesPath::compile(expression, mode).map_err(|error| error.to_string())?;
    Ok(
        match compiled
            .evaluate(&document, mode)
            .map_err(|error| error.to_string())?
        {
            Outcome::Value(value) => value.to_string(),
            Outcome::Projection(values) => {
                format!(
                    "each:{}",
                    values
                        .iter()
                        .map(ToString::to_string)
                        .collect::<Vec<_>>()
                        .join(",")
                )
            }
        },
    )
}

fn check(mode: Compatibility, cases: &[(&str, &str)]) {
    for (expression, expected) in cases {
        assert_eq!(value(mode, expression).as_deref(), Ok(*expected), "{expression}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a list of cases")]
fn the_language_in_both_modes() {
    for mode in [Strict, IomtFhir] {
        check(
            mode,
            &[
                ("a.b", "5"),
                ("a.q.r", "null"),
                ("@.t", "\"text\""),
                ("l[0].v", "1"),
                ("l[-1]", r#"{"w":3}"#),
                ("l[9]", "null"),
                ("l", r#"[{"v":1},{"v":2.5},{"w":3}]"#),
                ("l[*]", r#"each:{"v":1},{"v":2.5},{"w":3}"#),
                ("l[*].v", "each:1,2.5"),
                ("l[?v]", r#"each:{"v":1},{"v":2.5}"#),
                ("l[?v > `1`].v", "each:2.5"),
                ("l[?v > `9`]", "each:"),
                ("l[?v] | [0]", r#"{"v":1}"#),
                ("l[*].v | [0]", "1"),
                ("l[:2].v", "each:1,2.5"),
                ("l[::-1].w", "each:3"),
                ("n[]", "each:1,2,3"),
                ("n[][]", "each:1,2,3"),
                ("a.*", "each:5,1,\"x\""),
                ("t[*]", "null"),
                ("e[*]", "each:"),
                ("missing || l[*].v", "each:1,2.5"),
                ("e[*] || t", "\"text\""),
                ("t && a.b", "5"),
                ("e && t", "[]"),
                ("!e", "true"),
                ("zero && t", "\"text\""),
                ("nul == missing", "true"),
                ("t > `1`", "null"),
                ("'b' > 'a'", "true"),
                ("[a.b, t]", "[5,\"text\"]"),
                ("{x: a.b, y: t}", "{\"x\":5,\"y\":\"text\"}"),
                ("type(l)", "\"array\""),
                ("type(d)", "\"string\""),
                ("keys(a)", r#"["b","z","c"]"#),
                ("values(a)", "[5,1,\"x\"]"),
                ("length(t)", "4"),
                ("length(l)", "3"),
                ("contains(t, 'ex')", "true"),
                ("contains(s, 'a')", "true"),
                ("starts_with(t, 'te')", "true"),
                ("ends_with(t, 'xt')", "true"),
                ("join('-', s)", "\"b-a\""),
                ("sort(s)", r#"["a","b"]"#),
                ("reverse(s)", r#"["a","b"]"#),
                ("reverse(t)", "\"txet\""),
                ("max(l[*].v)", "2.5"),
                ("min(l[*].v)", "1"),
                ("max(e)", "null"),
                ("max_by(l[?v], &v).v", "2.5"),
                ("sort_by(l[?v], &v)[0].v", "1"),
                ("map(&v, l)", "[1,2.5,null]"),
                ("merge(a, {b: t})", r#"{"b":"text","z":1,"c":"x"}"#),
                ("not_null(missing, t)", "\"text\""),
                ("to_array(t)", "[\"text\"]"),
                ("to_number('72.5')", "72.5"),
                ("to_number('72')", "72"),
                ("to_number('x')", "null"),
                ("to_number('inf')", "null"),
                ("to_string(a.b)", "\"5\""),
                ("to_string(s)", r#""[\"b\",\"a\"]""#),
                ("sum(l[*].v)", "3.5"),
                ("sum(`[1, 2]`)", "3"),
                ("avg(`[60, 71]`)", "65.5"),
                ("abs(`-5`)", "5"),
                ("ceil(`1.2`)", "2"),
                ("floor(`-1.2`)", "-2"),
                ("add(a.b, `2`)", "7"),
                ("add(a.b, `0.5`)", "5.5"),
                ("subtract(`40`, `50`)", "-10"),
                ("multiply(to_number('78'), `0.0254`)", "1.9811999999999999"),
                ("divide(`40`, `50`)", "0"),
                ("divide(`-7`, `2`)", "-3"),
                ("divide(`40.0`, `50`)", "0.8"),
                ("pow(`10`, `10`)", "10000000000"),
                ("pow(`2`, `-1`)", "0"),
                ("pow(`100`, `0.5`)", "10.0"),
                ("insertString('mple', 'sa', `0`)", "\"sample\""),
                (
                    "insertString('myString', '!!', length('myString'))",
                    "\"myString!!\"",
                ),
            ],
        );
    }
}

#[test]
fn arguments_that_do_not_fit_are_errors() {
    for mode in [Strict, IomtFhir] {
        for (expression, part) in [
            (
                "add(nul, `1`)",
                "function add needs a number as argument 1, not null",
            ),
            ("add(t, `1`)", "not string"),
            ("divide(a.b, `0`)", "division by zero"),
            ("pow(`40`, `50`)", "64 bits"),
            ("insertString(t, 'x', `100`)", "outside of the text"),
            ("insertString(t, 'x', `-1`)", "outside of the text"),
            ("insertString(a.b, 'x', `0`)", "a text"),
            ("fromUnixTimestamp('1')", "a number"),
            ("fromUnixTimestamp(`1.5`)", "an integer"),
            ("fromUnixTimestamp(`999999999999999`)", "years"),
            (
                "sum(s)",
                "an array of numbers as argument 1, not one with a string in it",
            ),
            (
                "join('-', `[\"a\", 1]`)",
                "function join needs an array of texts as argument 2, not one with a number in it",
            ),
            ("join('-', a.*)", "not one with a number in it"),
            ("join('-', t)", "needs an array as argument 2, not string"),
            (
                "max(`[1, \"a\"]`)",
                "numbers only or texts only as argument 1, not one with a string in it",
            ),
            ("max(`[[1]]`)", "not one with an array in it"),
            ("sort_by(l, &v)", "numbers only or texts only"),
            ("map(t, l)", "an expression"),
            ("keys(l)", "an object"),
            ("&t", "argument of a function"),
        ] {
            let error = value(mode, expression).unwrap_err();
            assert!(error.contains(part), "{expression}: {error}");
        }
    }
}

#[test]
fn the_original_wraps_and_tells_integers_from_decimals() {
    check(
        IomtFhir,
        &[
            ("add(big, `1`)", "-9223372036854775808"),
            ("multiply(big, `2`)", "-2"),
            ("`1` == `1.0`", "false"),
            ("d == '2019-02-01T22:46:01Z'", "false"),
            ("fromUnixTimestamp(`1625677200`)", "\"2021-07-07T17:00:00Z\""),
            ("starts_with(d, '02/01/2019')", "true"),
            ("divide(`1.0`, `0`)", "\"inf\""),
        ],
    );
    assert!(value(IomtFhir, "insertString(d, 'x', `0`)").is_err());
}

#[test]
fn the_strict_mode_refuses_overflow_and_leaves_texts_alone() {
    for expression in ["add(big, `1`)", "multiply(big, `2`)", "divide(`1.0`, `0`)"] {
        assert!(value(Strict, expression).is_err(), "{expression}");
    }
    check(
        Strict,
        &[
            ("`1` == `1.0`", "true"),
            ("d == '2019-02-01T22:46:01Z'", "true"),
            ("insertString(d, '!', `0`)", "\"!2019-02-01T22:46:01Z\""),
            ("fromUnixTimestampMs(`1626799080000`)", "\"2021-07-20T16:38:00Z\""),
            ("pow(`3`, `39`)", "4052555153018976267"),
        ],
    );
}

#[test]
fn what_cannot_work_is_refused_when_compiling() {
    for (expression, part) in [
        ("a.", "not a JMESPath expression"),
        ("add(a)", "function add takes 2 arguments, not 1"),
        ("length()", "function length takes 1 argument, not 0"),
        ("not_null()", "1 argument or more, not 0"),
        ("nope(a)", "there is no function nope"),
        ("a[::0]", "step"),
        ("l[?v", "not a JMESPath expression"),
        (
            "add(",
            "expected a name, a literal or a function, found the end at character 5",
        ),
        (
            "\"ä\".b-c",
            "put a name with a hyphen in double quotes at character 6",
        ),
        (
            "$.a",
            "'$' is JSONPath; JMESPath begins with a name at character 1",
        ),
        ("add(a b)", "expected ',' or an operator at character 7"),
        ("add(a, b) (c)", "not a JMESPath expression"),
        ("[a 'b']", "expected ',' or an operator at character 4"),
        ("{a: b c: d}", "not a JMESPath expression"),
    ] {
        let error = JmesPath::compile(expression, Strict).unwrap_err().to_string();
        assert!(error.contains(part), "{expression}: {error}");
    }
    assert!(JmesPath::compile(&"(".repeat(100_000), Strict).is_err());
    assert!(JmesPath::compile(&"!".repeat(100_000), Strict).is_err());
    assert!(JmesPath::compile(&format!("{}a", "a.".repeat(100_000)), Strict).is_err());
}

#[test]
fn a_negation_holds_for_the_whole_path() {
    for mode in [Strict, IomtFhir] {
        check(
            mode,
            &[
                ("!a.b", "false"),
                ("!a.q.r", "true"),
                ("!l[9].v", "true"),
                ("!l[*].v", "false"),
                ("!l[?w].q", "true"),
                ("!e[]", "true"),
                ("!a.q || t", "true"),
                ("!a.b == `false`", "true"),
                ("!a.q | type(@)", "\"boolean\""),
                ("!a.b | [0]", "null"),
                ("l[?!v.x && v]", r#"each:{"v":1},{"v":2.5}"#),
                ("l[?!v]", r#"each:{"w":3}"#),
            ],
        );
    }
}

#[test]
fn nothing_is_selected_of_null() {
    for mode in [Strict, IomtFhir] {
        check(
            mode,
            &[
                ("nul.{x: y}", "null"),
                ("q.[x]", "null"),
                ("q.add(@, `1`)", "null"),
                ("q.length(@)", "null"),
                ("a.{x: q}", r#"{"x":null}"#),
                ("q[*].{x: y}", "null"),
                ("`[null,{\"y\":1}]`[*].{x: y}", r#"each:{"x":1}"#),
                ("`[null,{\"y\":1}]`[].[y]", "each:[1]"),
            ],
        );
    }
    check(Strict, &[("nul | {x: y}", "null"), ("q | [x]", "null")]);
    check(
        IomtFhir,
        &[("nul | {x: y}", r#"{"x":null}"#), ("q | [x]", "[null]")],
    );
}

#[test]
fn a_json_literal_is_read_as_a_message_is() {
    check(
        Strict,
        &[
            (r#"d == `"2019-02-01T22:46:01Z"`"#, "true"),
            (r#"`["2019-02-01T22:46:01Z"]` | [0]"#, "\"2019-02-01T22:46:01Z\""),
            (
                r#"insertString(`"2019-02-01T22:46:01Z"`, '!', `0`)"#,
                "\"!2019-02-01T22:46:01Z\"",
            ),
        ],
    );
    check(
        IomtFhir,
        &[
            (r#"d == `"2019-02-01T22:46:01Z"`"#, "true"),
            ("d == '2019-02-01T22:46:01Z'", "false"),
            (
                "insertString('2019-02-01T22:46:01Z', '!', `0`)",
                "\"!2019-02-01T22:46:01Z\"",
            ),
        ],
    );
}

#[test]
fn to_string_prints_numbers_as_its_mode_does() {
    for (number, original) in [
        ("1e21", "1E+21"),
        ("0.00001", "1E-05"),
        ("1e16", "1E+16"),
        ("100.0", "100.0"),
        ("7", "7"),
        (r#"{"a":[1e21]}"#, r#"{"a":[1E+21]}"#),
    ] {
        let text = |mode| {
            let message = read_message(&format!(r#"{{"x":{number}}}"#), mode, 64).unwrap();
            let compiled = JmesPath::compile("to_string(x)", mode).unwrap();
            match compiled.evaluate(&message, mode) {
                Ok(Outcome::Value(value)) => value.as_text().unwrap().to_owned(),
                _ => panic!("a value"),
            }
        };
        assert_eq!(text(IomtFhir), original);
        assert_eq!(text(Strict), number);
    }
}
