//! FHIRPath Patches on small patients: a patch and what comes of it.

use super::*;
use crate::definitions::fixture;

const PATIENT: &str = r#"{"resourceType":"Patient","name":[{"family":"A","given":["x","y","z"],"_given":[null,{"id":"g"},null]}],"identifier":[{"system":"s1","value":"1"},{"system":"s2","value":"2"}],"contact":[{"gender":"male"}],"deceasedBoolean":false,"extension":[{"url":"http://e","valueString":"v"}]}"#;

/// `type path name index value`, each part as JSON.
fn operation(parts: &[(&str, &str)]) -> String {
    let parts: Vec<String> = parts
        .iter()
        .map(|(name, value)| format!(r#"{{"name":"{name}",{value}}}"#))
        .collect();
    format!(
        r#"{{"resourceType":"Parameters","parameter":[{{"name":"operation","part":[{}]}}]}}"#,
        parts.join(",")
    )
}

fn parse(text: &str) -> Result<FhirPathPatch, SyntaxError> {
    let Ok(Json::Object(parameters)) = Json::parse(text.as_bytes()) else {
        panic!("{text}")
    };
    FhirPathPatch::parse(&parameters)
}

/// What stands at `member` after the operation, or why it does not fit.
fn patched(member: &str, kind: &str, path: &str, parts: &[(&str, &str)]) -> String {
    let (kind, path) = (
        format!(r#""valueCode":"{kind}""#),
        format!(r#""valueString":"{path}""#),
    );
    let mut all = vec![("type", kind.as_str()), ("path", path.as_str())];
    all.extend(parts);
    let patch = parse(&operation(&all)).unwrap();
    let patient = ResourceType::parse("Patient").unwrap();
    match patch.apply(
        fixture::r4().structures(),
        Json::parse(PATIENT.as_bytes()).unwrap(),
        patient,
    ) {
        Ok(document) => document.get(member).map_or_else(String::new, Json::to_text),
        Err(error) => error.problem.to_string(),
    }
}

#[test]
fn adds_elements_and_items() {
    let gender = &[
        ("name", r#""valueString":"gender""#),
        ("value", r#""valueCode":"male""#),
    ];
    assert_eq!(patched("gender", "add", "Patient", gender), r#""male""#);
    let identifier = &[
        ("name", r#""valueString":"identifier""#),
        ("value", r#""valueIdentifier":{"value":"3"}"#),
    ];
    assert_eq!(
        patched("identifier", "add", "Patient", identifier),
        r#"[{"system":"s1","value":"1"},{"system":"s2","value":"2"},{"value":"3"}]"#
    );
    let contact = &[
        ("name", r#""valueString":"contact""#),
        (
            "value",
            r#""part":[{"name":"name","valueHumanName":{"text":"B"}},{"name":"relationship","valueCodeableConcept":{"text":"r"}}]"#,
        ),
    ];
    assert_eq!(
        patched("contact", "add", "Patient", contact),
        r#"[{"gender":"male"},{"name":{"text":"B"},"relationship":[{"text":"r"}]}]"#
    );
    let deceased = &[
        ("name", r#""valueString":"deceased""#),
        ("value", r#""valueBoolean":true"#),
    ];
    assert_eq!(
        patched("", "add", "Patient", deceased),
        "there is a deceased already; replace it"
    );
    let nonsense = &[
        ("name", r#""valueString":"nonsense""#),
        ("value", r#""valueCode":"x""#),
    ];
    assert_eq!(
        patched("", "add", "Patient", nonsense),
        "there is no element nonsense of this type here"
    );
}

#[test]
fn replaces_also_by_another_type_of_a_choice() {
    let value = |value| [("value", value)];
    assert_eq!(
        patched(
            "contact",
            "replace",
            "Patient.contact[0].gender",
            &value(r#""valueCode":"other""#)
        ),
        r#"[{"gender":"other"}]"#
    );
    assert_eq!(
        patched(
            "deceasedDateTime",
            "replace",
            "Patient.deceased",
            &value(r#""valueDateTime":"2020""#)
        ),
        r#""2020""#
    );
    assert_eq!(
        patched(
            "deceasedBoolean",
            "replace",
            "Patient.deceased",
            &value(r#""valueDateTime":"2020""#)
        ),
        ""
    );
    assert_eq!(
        patched(
            "extension",
            "replace",
            "Patient.extension('http://e').value",
            &value(r#""valueCode":"w""#)
        ),
        r#"[{"url":"http://e","valueCode":"w"}]"#
    );
    assert_eq!(
        patched("", "replace", "Patient.gender", &value(r#""valueCode":"male""#)),
        "the path selects 0 elements, and must select one"
    );
    assert_eq!(
        patched(
            "",
            "replace",
            "Patient.identifier.system",
            &value(r#""valueUri":"s""#)
        ),
        "the path selects 2 elements, and must select one"
    );
    assert_eq!(
        patched("", "replace", "Patient.nome", &value(r#""valueUri":"s""#)),
        "Patient has no element nome"
    );
}

#[test]
fn deletes_with_what_belongs_to_it() {
    assert_eq!(
        patched("name", "delete", "Patient.name.given[1]", &[]),
        r#"[{"family":"A","given":["x","z"]}]"#
    );
    assert_eq!(patched("contact", "delete", "Patient.contact.first()", &[]), "");
    // The last child takes along what is around it.
    assert_eq!(
        patched("contact", "delete", "Patient.contact.first().gender", &[]),
        ""
    );
    assert_eq!(
        patched(
            "identifier",
            "delete",
            "Patient.identifier.where(system = 's1' and value = '1')",
            &[]
        ),
        r#"[{"system":"s2","value":"2"}]"#
    );
    assert_eq!(
        patched("deceasedBoolean", "delete", "Patient.maritalStatus", &[]),
        "false"
    );
}

#[test]
fn inserts_and_moves_items() {
    let insert = &[
        ("index", r#""valueInteger":1"#),
        ("value", r#""valueString":"new""#),
    ];
    assert_eq!(
        patched("name", "insert", "Patient.name[0].given", insert),
        r#"[{"family":"A","given":["x","new","y","z"],"_given":[null,null,{"id":"g"},null]}]"#
    );
    let far = &[
        ("index", r#""valueInteger":9"#),
        ("value", r#""valueString":"new""#),
    ];
    assert_eq!(
        patched("", "insert", "Patient.name[0].given", far),
        "the list has 3 items"
    );
    let moved = &[
        ("source", r#""valueInteger":1"#),
        ("destination", r#""valueInteger":0"#),
    ];
    assert_eq!(
        patched("identifier", "move", "Patient.identifier", moved),
        r#"[{"system":"s2","value":"2"},{"system":"s1","value":"1"}]"#
    );
    assert_eq!(
        patched("", "move", "Patient.deceased", moved),
        "the path does not select a list"
    );
}

#[test]
fn what_is_no_patch_is_refused_with_its_place() {
    let type_of = ("type", r#""valueCode":"delete""#);
    let path = ("path", r#""valueString":"Patient.name""#);
    for (parts, expected) in [
        (&[][..], "write valueCode: add"),
        (&[("type", r#""valueCode":"frob""#), path], "write valueCode: add"),
        (&[type_of], "write valueString: a FHIRPath"),
        (
            &[type_of, ("path", r#""valueString":"Patient.((""#)],
            "write a FHIRPath expression; at character",
        ),
        (&[("type", r#""valueCode":"replace""#), path], "write value[x]"),
        (&[("type", r#""valueCode":"insert""#), path], "write valueInteger"),
    ] {
        let error = parse(&operation(parts)).unwrap_err();
        assert!(error.problem.starts_with(expected), "{parts:?}: {error:?}");
    }
    let other = r#"{"resourceType":"Parameters","parameter":[{"name":"x"}]}"#;
    assert_eq!(parse(other).unwrap_err().place, "Parameters.parameter[0].name");
}
