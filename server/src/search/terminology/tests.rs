//! ValueSets and CodeSystems as JSON, and the codes that come of them.

use super::*;

const CODE_SYSTEM: &str = r#"{"concept":[{"code":"a","concept":[{"code":"b","concept":[{"code":"c"}]}]},
    {"code":"d","property":[{"code":"parent","valueCode":"a"}]},{"code":"e"}]}"#;

/// The codes of one value with a modifier, when the ValueSets `v` and `w` and the CodeSystem `s` are there.
fn codes(modifier: Modifier, value: &str, value_set: &str) -> String {
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
    let value = value.to_owned();
    match resolve(&Asked { modifier, value }, &sources) {
        Ok(matches) => {
            let written: Vec<String> = matches
                .iter()
                .map(|one| match one {
                    TokenMatch::SystemAndCode(system, code) => format!("{system}|{code}"),
                    TokenMatch::System(system) => format!("{system}|"),
                    other => format!("{other:?}"),
                })
                .collect();
            written.join(" ")
        }
        Err(unresolved) => format!("{unresolved:?}"),
    }
}

#[test]
fn hierarchies_are_followed_both_ways() {
    assert_eq!(codes(Modifier::Below, "s|a", "{}"), "s|a s|b s|c s|d");
    assert_eq!(codes(Modifier::Below, "s|c", "{}"), "s|c");
    assert_eq!(codes(Modifier::Above, "s|c", "{}"), "s|a s|b s|c");
    assert!(codes(Modifier::Above, "s|x", "{}").contains("a code of s; x is none"));
    assert!(codes(Modifier::Above, "c", "{}").contains("system|code"));
    assert!(codes(Modifier::Below, "unknown|c", "{}").contains("store the CodeSystem first"));
    assert_eq!(codes(Modifier::Below, "t|c", "{}"), "Needs(CodeSystem(\"t\"))");
}

#[test]
fn value_sets_include_and_exclude() {
    let of = |include: &str, exclude: &str| {
        let compose = format!(r#"{{"compose":{{"include":[{include}],"exclude":[{exclude}]}}}}"#);
        codes(Modifier::In, "v", &compose)
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
    assert!(of(r#"{"valueSet":["v"]}"#, "").contains("fewer others"));
    assert!(of(r#"{"valueSet":["missing"]}"#, "").contains("there is no missing"));
    assert!(of(r#"{"valueSet":["x"]}"#, "").contains("Needs"));
    let expansion = r#"{"expansion":{"contains":[{"abstract":true,"system":"s","code":"a","contains":[
        {"system":"s","code":"b"}]}]}}"#;
    assert_eq!(codes(Modifier::In, "v", expansion), "s|b");
}

#[test]
fn only_such_modifiers_ask() {
    let parameters = [
        ("code:in", "x,y"),
        ("code", "z"),
        ("subject.code:not-in", r"a\,b"),
        ("code:text", "t"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let values: Vec<String> = asked(&parameters).into_iter().map(|asked| asked.value).collect();
    assert_eq!(values, ["x", "y", r"a\,b"]);
}

#[test]
fn a_stored_expansion_stands_in_for_a_definition_that_cannot_be_followed() {
    let expansion = r#""expansion":{"contains":[{"system":"t","code":"x"}]}"#;
    let filtered = r#""compose":{"include":[{"system":"unknown","filter":[{"property":"concept","op":"is-a","value":"x"}]}]}"#;
    let of = |members: &str| codes(Modifier::In, "v", &format!("{{{members}}}"));
    assert_eq!(of(&format!("{filtered},{expansion}")), "t|x");
    assert!(of(filtered).contains("store the CodeSystem first"));
    let plain = r#""compose":{"include":[{"system":"s","concept":[{"code":"a"}]}]}"#;
    assert_eq!(of(&format!("{plain},{expansion}")), "s|a");
}
