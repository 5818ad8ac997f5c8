//! Patches that are none, that do not fit, that ask for too much, and what the others make of a document.

use super::*;

fn json(text: &str) -> Json {
    Json::parse(text.as_bytes()).unwrap()
}

fn apply(document: &str, patch: &str) -> Result<String, ApplyError> {
    let patch = JsonPatch::parse(&json(patch)).unwrap();
    patch.apply(json(document)).map(|document| document.to_text())
}

#[test]
fn what_is_no_patch_is_refused_with_its_place() {
    for (patch, place) in [
        ("{}", "JSON Patch"),
        ("[7]", "[0].op"),
        (r#"[{"op":"add","path":"/a","value":1},{"op":"Add"}]"#, "[1].op"),
        (r#"[{"op":"add","path":"a","value":1}]"#, "[0].path"),
        (r#"[{"op":"remove"}]"#, "[0].path"),
        (r#"[{"op":"replace","path":"/a"}]"#, "[0].value"),
        (r#"[{"op":"move","path":"/a"}]"#, "[0].from"),
    ] {
        assert_eq!(
            JsonPatch::parse(&json(patch)).unwrap_err().place,
            place,
            "{patch}"
        );
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    for patch in [
        r#"[{"op":"remove","path":"/x"}]"#,
        r#"[{"op":"replace","path":"/x","value":1}]"#,
        r#"[{"op":"add","path":"/a/9","value":1}]"#,
        r#"[{"op":"add","path":"/a/01","value":1}]"#,
        r#"[{"op":"add","path":"/x/y","value":1}]"#,
        r#"[{"op":"move","from":"/a","path":"/a/0"}]"#,
        r#"[{"op":"copy","from":"/x","path":"/a/0"}]"#,
        r#"[{"op":"remove","path":""}]"#,
    ] {
        assert!(
            matches!(apply(r#"{"a":[1]}"#, patch), Err(ApplyError::NothingThere { .. })),
            "{patch}"
        );
    }
    let failed = apply(r#"{"a":[1]}"#, r#"[{"op":"test","path":"/a","value":[2]}]"#);
    assert!(matches!(failed, Err(ApplyError::TestFailed { operation: 0, .. })));
}

/// Patches of a few hundred bytes that would take all memory, the stack, or seconds.
#[test]
fn what_asks_for_too_much_is_refused_at_the_operation_that_does() {
    let many = |operation: &str, times: usize| format!("[{}]", vec![operation; times].join(","));
    let doubling = many(r#"{"op":"copy","from":"/a","path":"/a/-"}"#, 40);
    let nesting = many(
        r#"{"op":"move","from":"/a","path":"/b"},{"op":"add","path":"/a","value":[]},{"op":"move","from":"/b","path":"/a/0"}"#,
        1000,
    );
    let in_front = many(r#"{"op":"add","path":"/a/0","value":1}"#, 100_000);
    let wide = (0..10_000)
        .map(|number| format!("\"{number}\":1"))
        .collect::<Vec<_>>()
        .join(",");
    let compared = format!(r#"[{{"op":"test","path":"/c","value":{{{wide}}}}}]"#);
    for (patch, excess) in [
        (doubling, Excess::Copies),
        (nesting, Excess::Depth),
        (in_front, Excess::Work),
        (compared, Excess::Work),
    ] {
        let document = format!(r#"{{"a":[1,"{}"],"c":{{{wide}}}}}"#, "x".repeat(100));
        match apply(&document, &patch) {
            Err(ApplyError::TooMuch { excess: found, .. }) => assert_eq!(found, excess),
            other => panic!("{excess}: {:?}", other.map(|document| document.len())),
        }
    }
}

#[test]
fn what_is_written_can_be_read_back_however_deep_it_is() {
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    let document = format!("{{\"a\":{}}}", nested(60));
    let path = format!("/a{}/-", "/0".repeat(59));
    for (levels, fits) in [(36, true), (37, false)] {
        let patch = format!(r#"[{{"op":"add","path":"{path}","value":{}}}]"#, nested(levels));
        let result = apply(&document, &patch);
        match result {
            Ok(text) => assert!(fits && Json::parse(text.as_bytes()).is_ok()),
            Err(error) => assert!(!fits, "{error}"),
        }
    }
}

#[test]
fn what_lost_its_last_item_is_gone_and_nothing_else() {
    for (patch, expected) in [
        (
            r#"[{"op":"remove","path":"/telecom/0"}]"#,
            r#"{"name":[{"given":["A","B"]}]}"#,
        ),
        (
            r#"[{"op":"remove","path":"/name/0/given/1"},{"op":"remove","path":"/name/0/given/0"}]"#,
            r#"{"telecom":[{"value":"1"}]}"#,
        ),
        (
            r#"[{"op":"move","from":"/telecom/0/value","path":"/language"}]"#,
            r#"{"name":[{"given":["A","B"]}],"language":"1"}"#,
        ),
        (
            r#"[{"op":"remove","path":"/telecom/0"},{"op":"add","path":"/telecom/-","value":{"value":"2"}}]"#,
            r#"{"name":[{"given":["A","B"]}],"telecom":[{"value":"2"}]}"#,
        ),
        // What is emptied may have moved when the patch ends.
        (
            r#"[{"op":"add","path":"/telecom/-","value":{"value":"2"}},{"op":"remove","path":"/telecom/1/value"},
                {"op":"remove","path":"/telecom/0"}]"#,
            r#"{"name":[{"given":["A","B"]}]}"#,
        ),
        // An empty list that comes with a value is for validation to refuse.
        (
            r#"[{"op":"add","path":"/e","value":[]},{"op":"remove","path":"/telecom"}]"#,
            r#"{"name":[{"given":["A","B"]}],"e":[]}"#,
        ),
    ] {
        let document = r#"{"name":[{"given":["A","B"]}],"telecom":[{"value":"1"}]}"#;
        assert_eq!(apply(document, patch).unwrap(), expected, "{patch}");
    }
}

#[test]
fn operations_are_applied_in_order() {
    let patch = r#"[{"op":"test","path":"/a","value":{"y":2.0,"x":11e-1}},{"op":"add","path":"/list/0","value":0},
        {"op":"add","path":"/list/-","value":9},{"op":"replace","path":"/a/x","value":2.0},
        {"op":"copy","from":"/a","path":"/b"},{"op":"move","from":"/a/y","path":"/m~1n"},{"op":"remove","path":"/list/1"}]"#;
    let expected = r#"{"a":{"x":2.0},"list":[0,9],"b":{"x":2.0,"y":2},"m/n":2}"#;
    assert_eq!(
        apply(r#"{"a":{"x":1.10,"y":2},"list":[5]}"#, patch).unwrap(),
        expected
    );
}
