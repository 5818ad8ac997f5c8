//! What is read, what is refused, and that values come out as they went in.

use super::*;
use crate::compatibility::Compatibility::{IomtFhir, Strict};

#[test]
fn a_message_comes_out_as_it_went_in() {
    let text =
        r#"{"b":1,"a":[true,false,null,"é\n\"\\\u0001"],"c":{"d":100.0,"e":-0,"f":12345678901234567890}}"#;
    assert_eq!(read_message(text, Strict, 64).unwrap().to_string(), text);
}

#[test]
fn escapes_are_read() {
    let json = read_message(r#""\u00e9\ud83d\ude00\/\b\f\n\r\t""#, Strict, 64).unwrap();
    assert_eq!(json.as_text(), Some("é😀/\u{8}\u{c}\n\r\t"));
}

#[test]
fn text_that_is_not_json_is_refused_with_its_place() {
    for (text, line, column) in [
        ("", 1, 1),
        ("{\n  \"a\": 01}", 2, 9),
        ("[1,]", 1, 4),
        ("{\"a\" 1}", 1, 6),
        ("[1] x", 1, 5),
        ("\"abc", 1, 1),
        ("\"\\ud800\"", 1, 2),
        ("\"\\u00zz\"", 1, 2),
        ("nul", 1, 1),
        ("[1.]", 1, 4),
        ("-", 1, 2),
        ("\"a\u{1}\"", 1, 3),
        ("// comment\n1", 1, 1),
    ] {
        let error = read_message(text, Strict, 64).unwrap_err();
        assert_eq!((error.line, error.column), (line, column), "{text}: {error}");
    }
}

#[test]
fn nesting_is_limited() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(read_message(&nested(64), Strict, 64).unwrap().depth(), 64);
    assert!(read_message(&nested(65), Strict, 64).is_err());
    assert!(read_message(&nested(100_000), Strict, 64).is_err());
}

#[test]
fn the_last_of_two_members_of_one_name_wins_in_the_place_of_the_first() {
    assert_eq!(
        read_message(r#"{"a":1,"b":2,"a":3}"#, Strict, 64)
            .unwrap()
            .to_string(),
        r#"{"a":3,"b":2}"#
    );
}

#[test]
fn mappings_may_have_comments_and_a_last_comma() {
    let located = read_mapping("/* a */ {\"x\": [1, 2,], // b\n \"y\": null,}", Strict).unwrap();
    let Node::Object(members) = located.node else {
        panic!("an object")
    };
    assert_eq!(members.len(), 2);
    assert_eq!(read_mapping("{\"a\": /*", Strict).unwrap_err().column, 7);
}

#[test]
fn the_compatibility_mode_reads_what_newtonsoft_reads() {
    for (text, read) in [
        ("{'a':'b \\' \\\" c',}", r#"{"a":"b ' \" c"}"#),
        (
            "{a: [1, 2,], $b_1 : .5, é:5.}",
            r#"{"a":[1,2],"$b_1":0.5,"é":5.0}"#,
        ),
        (
            "[NaN, Infinity, -Infinity, undefined, -.5]",
            r#"["NaN","inf","-inf",null,-0.5]"#,
        ),
        ("// a\n[1 /* b */,\u{a0}2] /* c */", "[1,2]"),
        ("[\"a\tb\", '\\ud800']", "[\"a\\tb\",\"\u{fffd}\"]"),
        (r#"{"it's":"a \"b\""}"#, r#"{"it's":"a \"b\""}"#),
    ] {
        let found = read_message(text, IomtFhir, 64).map(|json| json.to_string());
        assert_eq!(found.as_deref(), Ok(read), "{text}");
        if !text.starts_with("{\"it") {
            assert!(read_message(text, Strict, 64).is_err(), "{text}");
        }
    }
    for text in [
        "{a b:1}", "{:1}", "{'a:1}", "[01]", "[.]", "[+1]", "{a-b:1}", "[Nan]", "'a\"",
    ] {
        assert!(read_message(text, IomtFhir, 64).is_err(), "{text}");
    }
    assert!(read_mapping("{templateType: 'CollectionContent', template: []}", IomtFhir).is_ok());
    assert!(read_mapping("{templateType: 'CollectionContent', template: []}", Strict).is_err());
}

#[test]
fn the_compatibility_mode_recognises_ticks() {
    for (text, read) in [
        ("/Date(1549061161875)/", Some("2019-02-01T22:46:01.875Z")),
        (
            "/Date(1549061161875+0100)/",
            Some("2019-02-01T22:46:01.875+00:00"),
        ),
        ("/Date(-1000-0530)/", Some("1969-12-31T23:59:59+00:00")),
        ("/Date(abc)/", None),
        ("/Date(1)", None),
        ("/Date(99999999999999999)/", None),
    ] {
        let json = read_message(&format!("\"{text}\""), IomtFhir, 64).unwrap();
        match (json, read) {
            (Json::Date(date), Some(read)) => assert_eq!(date.iso_text(), read),
            (Json::Text(_), None) => {}
            other => panic!("{text}: {other:?}"),
        }
        assert!(
            read_message(&format!("\"{text}\""), Strict, 64)
                .unwrap()
                .as_text()
                .is_some()
        );
    }
}

#[test]
fn the_compatibility_mode_recognises_dates_and_doubles() {
    let json = read_message(r#"["2019-02-01T22:46:01Z", 100.0, 1e21]"#, IomtFhir, 64).unwrap();
    assert!(matches!(json.elements()[0], Json::Date(_)));
    assert!(matches!(json.elements()[1], Json::Number(Number::Float(_))));
}

#[test]
fn doubles_are_printed_as_dotnet_does() {
    for (value, text) in [
        (100.0, "100"),
        (72.5, "72.5"),
        (1e21, "1E+21"),
        (1e15, "1E+15"),
        (1e14, "100000000000000"),
        (123_456_789_012_345_680.0, "1.2345678901234568E+17"),
        (1_234_567_890_123_456.0, "1234567890123456"),
        (0.0001, "0.0001"),
        (0.00001, "1E-05"),
        (-0.5, "-0.5"),
        (1.5e300, "1.5E+300"),
        (0.0, "0"),
    ] {
        assert_eq!(number::double_as_dotnet_prints(value), text);
    }
}

#[test]
fn newtonsoft_writes_doubles_as_dotnet_prints_them_and_keeps_them_decimals() {
    let json = read_message(
        r#"[1e21,{"a":0.00001,"b":[1e16]},100.0,-0.5,7,"x\"",null,true]"#,
        IomtFhir,
        64,
    )
    .unwrap();
    assert_eq!(
        AsNewtonsoft(&json).to_string(),
        r#"[1E+21,{"a":1E-05,"b":[1E+16]},100.0,-0.5,7,"x\"",null,true]"#
    );
    let infinite = Json::Number(Number::Float(f64::INFINITY));
    assert_eq!(AsNewtonsoft(&infinite).to_string(), "\"Infinity\"");
}
