//! ValueSets and CodeSystems as JSON, and the codes that come of them.

use super::*;

const CODE_SYSTEM: &str = r#"{"concept":[{"code":"a","concept":[{"code":"b","concept":[{"code":"c"}]}]},
    {"code":"d","property":[{"code":"parent","valueCode":"a"}]},{"code":"e"}]}"#;

/// The codes that are asked for, when the ValueSets `v` and `w` and the CodeSystem `s` are there.
fn codes(question: Question, value_set: &str) -> String {
    let json = |text: &str| Some(Json::parse(text.as_bytes()).unwrap());
    let sources = Sources::from([
        (Source::ValueSet("v".into()), json(value_set)),
        (
            Source::ValueSet("w".into()),
            json(r#"{"compose":{"include":[{"system":"s","concept":[{"code":"b"},{"code":"e"}]}]}}"#),
        ),
        (Source::ValueSet("missing".into()), None),
        (Source::CodeSystem("s".into()), json(CODE_SYSTEM)),
        (Source::CodeSystem("unknown".into()), None),
    ]);
    match resolve(&question, &sources) {
        Ok(codes) => {
            let systems = codes.systems().map(|system| format!("{system}|"));
            let codes = codes.codes().map(|(system, code)| format!("{system}|{code}"));
            systems.chain(codes).collect::<Vec<String>>().join(" ")
        }
        Err(unresolved) => format!("{unresolved:?}"),
    }
}

fn above(system: &str, code: &str) -> String {
    let (system, code) = (system.to_owned(), code.to_owned());
    codes(Question::Above { system, code }, "{}")
}

fn below(system: &str, code: &str) -> String {
    let (system, code) = (system.to_owned(), code.to_owned());
    codes(Question::Below { system, code }, "{}")
}

fn in_value_set(value_set: &str) -> String {
    codes(Question::InValueSet("v".to_owned()), value_set)
}

#[test]
fn hierarchies_are_followed_both_ways() {
    assert_eq!(below("s", "a"), "s|a s|b s|c s|d");
    assert_eq!(below("s", "c"), "s|c");
    assert_eq!(above("s", "c"), "s|a s|b s|c");
    assert!(above("s", "x").contains("a code of s; x is not one"));
    assert!(below("unknown", "c").contains("store the CodeSystem first"));
    assert_eq!(below("t", "c"), "Needs(CodeSystem(\"t\"))");
}

#[test]
fn value_sets_include_and_exclude() {
    let of = |include: &str, exclude: &str| {
        let compose = format!(r#"{{"compose":{{"include":[{include}],"exclude":[{exclude}]}}}}"#);
        in_value_set(&compose)
    };
    let system = r#"{"system":"s"}"#;
    let is_a = r#"{"system":"s","filter":[{"property":"concept","op":"is-a","value":"b"}]}"#;
    let descendent = r#"{"system":"s","filter":[{"property":"concept","op":"descendent-of","value":"b"}]}"#;
    let other = r#"{"valueSet":["w"]}"#;
    assert_eq!(of(system, ""), "s|");
    assert_eq!(of(is_a, ""), "s|b s|c");
    assert_eq!(of(descendent, ""), "s|c");
    assert_eq!(of(other, ""), "s|b s|e");
    assert_eq!(of(&format!("{is_a},{other}"), ""), "s|b s|c s|e");
    assert_eq!(of(system, is_a), "s|a s|d s|e");
    assert_eq!(of(is_a, system), "");
    assert_eq!(of(r#"{"system":"s","valueSet":["w"]}"#, ""), "s|b s|e");
    assert_eq!(of(other, descendent), "s|b s|e");
    assert!(
        of(
            r#"{"system":"s","filter":[{"property":"x","op":"=","value":"y"}]}"#,
            ""
        )
        .contains("filters")
    );
    assert!(of(r#"{"valueSet":["v"]}"#, "").contains("fewer included ValueSets"));
    assert!(of(r#"{"valueSet":["missing"]}"#, "").contains("there is no missing"));
    assert!(of(r#"{"valueSet":["x"]}"#, "").contains("Needs"));
    let expansion = r#"{"expansion":{"contains":[{"abstract":true,"system":"s","code":"a","contains":[
        {"system":"s","code":"b"}]}]}}"#;
    assert_eq!(in_value_set(expansion), "s|b");
}

#[test]
fn a_stored_expansion_stands_in_for_a_definition_that_cannot_be_followed() {
    let expansion = r#""expansion":{"contains":[{"system":"t","code":"x"}]}"#;
    let filtered = r#""compose":{"include":[{"system":"unknown","filter":[{"property":"concept","op":"is-a","value":"x"}]}]}"#;
    let of = |members: &str| in_value_set(&format!("{{{members}}}"));
    assert_eq!(of(&format!("{filtered},{expansion}")), "t|x");
    assert!(of(filtered).contains("store the CodeSystem first"));
    let plain = r#""compose":{"include":[{"system":"s","concept":[{"code":"a"}]}]}"#;
    assert_eq!(of(&format!("{plain},{expansion}")), "s|a");
}
