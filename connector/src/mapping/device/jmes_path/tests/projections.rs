//! Where the modes differ in projections, and in what is null.

use super::*;

#[test]
fn parentheses_end_a_projection_in_the_strict_mode_only() {
    check(
        Strict,
        &[
            ("(l[*]).v", "null"),
            ("(l[*])[0]", r#"{"v":1}"#),
            ("(n[*])[1]", "[3]"),
            ("(n[*])[*]", "each:[1,2],[3]"),
            ("(l[*].v) | [0]", "1"),
        ],
    );
    check(
        IomtFhir,
        &[
            ("(l[*]).v", "each:1,2.5"),
            ("(l[*])[0]", "each:"),
            ("(n[*])[1]", "each:2"),
            ("(n[*])[*]", "each:[1,2],[3]"),
            ("(l[*])[?v]", "each:"),
            ("(n[*])[?@ > `1`]", "each:[2],[3]"),
            ("(l[*].v) | [0]", "1"),
            ("length(l[*])", "3"),
        ],
    );
}

#[test]
fn a_projection_of_the_original_keeps_nulls_that_stand_in_the_message() {
    let nulls =
        r#"`{"l":[1,null,2],"o":{"a":null,"b":3},"m":[{"v":null},{"w":1},{"v":4}],"n":[[null,5],[]]}`"#;
    let cases = [
        ("l[*]", "each:1,2", "each:1,2"),
        ("l[]", "each:1,2", "each:1,2"),
        ("l[:2]", "each:1", "each:1,null"),
        ("l[::-1]", "each:2,1", "each:2,null,1"),
        ("o.*", "each:3", "each:null,3"),
        ("l[?!@]", "each:", "each:null"),
        ("m[*].v", "each:4", "each:null,4"),
        ("m[?v == `null`].v", "each:", "each:null"),
        ("n[*][0]", "each:", "each:null"),
        ("m[*].v.x", "each:", "each:"),
        ("m[*].w", "each:1", "each:1"),
    ];
    for (expression, strict, original) in cases {
        let expression = format!("{nulls}.{expression}");
        check(Strict, &[(&expression, strict)]);
        check(IomtFhir, &[(&expression, original)]);
    }
}

#[test]
fn what_is_missing_is_before_every_text_in_the_original_and_nowhere_in_the_strict_mode() {
    for (expression, strict, original) in [
        ("missing < 'a'", "null", "true"),
        ("nul <= t", "null", "true"),
        ("t > missing", "null", "true"),
        ("missing < `1`", "null", "null"),
        ("missing < missing", "null", "false"),
        ("s[?@ > missing.q]", "each:", r#"each:"b","a""#),
        ("'a' < 'b'", "true", "true"),
    ] {
        check(Strict, &[(expression, strict)]);
        check(IomtFhir, &[(expression, original)]);
    }
}
