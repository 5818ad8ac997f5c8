//! JSON that must come back as it was, and text that must be refused.

use super::*;

fn round_trip(text: &str) -> String {
    Json::parse(text.as_bytes()).unwrap().to_text()
}

#[test]
fn keeps_order_digits_and_text() {
    let text = r#"{"b":1.10,"a":[null,true,-0.0,1e-7,12345678901234567890.123],"s":"é\n\"\\/\u0001"}"#;
    assert_eq!(round_trip(text), text);
}

#[test]
fn unescapes_and_escapes_again() {
    assert_eq!(round_trip(r#""\u00e9\/\ud83d\ude00""#), "\"é/😀\"");
}

#[test]
fn says_where_the_grammar_is_broken() {
    let error = Json::parse(b"{\n  \"a\": x\n}").unwrap_err();
    assert!(matches!(error, JsonError::Syntax { line: 2, .. }), "{error}");
    for text in [
        "",
        "{",
        "[1,]",
        "{\"a\":1,}",
        "01",
        "1.",
        "nan",
        "{} {}",
        "\"\\ud800\"",
        "{a:1}",
        "+1",
    ] {
        assert!(
            matches!(Json::parse(text.as_bytes()), Err(JsonError::Syntax { .. })),
            "{text}"
        );
    }
}

#[test]
fn refuses_duplicates_nul_and_depth() {
    assert_eq!(
        Json::parse(br#"{"a":1,"a":2}"#),
        Err(JsonError::DuplicateMember("a".into()))
    );
    let many: String = (0..50).map(|number| format!("\"m{number}\":1,")).collect();
    let text = format!("{{{many}\"m7\":1}}");
    assert_eq!(
        Json::parse(text.as_bytes()),
        Err(JsonError::DuplicateMember("m7".into()))
    );
    assert_eq!(Json::parse(br#""a\u0000b""#), Err(JsonError::NulCharacter));
    assert_eq!(
        Json::parse("[".repeat(100_000).as_bytes()),
        Err(JsonError::TooDeep)
    );
    assert_eq!(
        Json::parse("{\"a\":".repeat(100_000).as_bytes()),
        Err(JsonError::TooDeep)
    );
}
