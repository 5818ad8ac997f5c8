//! What is no query: refused with what to write instead, or left out where the client allows it.

use super::*;

#[test]
fn ignores_unknown_parameters_only_when_it_may() {
    let lenient = parse_with(
        "Patient",
        "nothing=1&name=&_text=x&name=,&identifier:of-type:of-type=",
        true,
    )
    .unwrap();
    assert_eq!(lenient.ignored, ["nothing", "_text"]);
    assert!(lenient.criteria.is_empty());
    for unknown in [
        "nothing=1",
        "_filter=x",
        "Name=x",
        "identifier.x=1",
        "subject.name=x",
        "_type=Patient",
    ] {
        assert!(parse_with("Patient", unknown, false).is_err(), "{unknown}");
    }
    assert_eq!(
        parse_with("Patient", "nothing=1", false).unwrap_err().to_string(),
        "nothing is not a search parameter of Patient; /metadata lists the supported ones"
    );
}

#[test]
fn refuses_wrong_modifiers_and_values_always() {
    for (searched, text, telling) in [
        ("Patient", "name:not=x", ":exact, :contains and :missing"),
        (
            "Patient",
            "gender:exact=x",
            ":not, :text, :of-type, :in, :not-in, :above, :below and :missing",
        ),
        ("Patient", "gender:of-type=a|b|c", "identifiers"),
        ("Patient", "identifier:of-type=a|b", "system|code"),
        ("Patient", "gender:in=http://vs", "the codes themselves"),
        ("Patient", "birthdate:exact=2020", "takes :missing alone"),
        ("Patient", "birthdate=2020-02-30", "a date such as"),
        ("Patient", "birthdate=xx2020", "a date such as"),
        ("Patient", "gender:missing=yes", "true or false"),
        ("Patient", "gender=a|b|c", "system|code"),
        ("Patient", "_id:exact=1", ":not and :missing"),
        ("Patient", "_lastUpdated:exact=true", ":missing alone"),
        ("Patient", "general-practitioner:Group=1", "may point at"),
        ("Patient", "_count=-1", "a whole number"),
        ("Patient", "_count=1&_count=2", "only once"),
        ("Patient", "_total=some", "none, estimate or accurate"),
        ("Patient", "_summary=some", "true, text, data, count or false"),
        ("Patient", "_sort=nothing", "is not a search parameter of Patient"),
        ("Patient", "_sort:desc=name", "_sort=-name"),
        ("Patient", "_elements=a.b", "names of elements"),
        ("Patient", "_include=Patient", "Type:parameter"),
        (
            "Patient",
            "_include=Patient:name",
            "a reference parameter of Patient",
        ),
        ("Patient", "_include=Nothing:x", "a resource type of R4"),
        ("Patient", "_include=Patient:organization:Group", "may point at"),
        ("Patient", "_include:recurse=Patient:link", "_include:iterate"),
        ("Patient", "_contained=true", "false"),
        (
            "Patient",
            "_has:Observation:code=1",
            "_has:Type:reference:parameter",
        ),
        (
            "Patient",
            "_has:Observation:code:code=1",
            "a reference from Observation",
        ),
        ("Patient", "_has:Nothing:subject:code=1", "a resource type of R4"),
        ("Patient", "name.given=x", "name is a string"),
        (
            "Patient",
            "organization:Group.name=x",
            "a target type of the reference",
        ),
        ("Observation", "value-quantity=5|mg", "number|system|code"),
        ("Observation", "value-quantity=x", "a number such as"),
        (
            "Observation",
            "code-value-quantity=1",
            "one value for each component",
        ),
        (
            "Observation",
            "code-value-quantity=1$",
            "a value for each component",
        ),
        ("Observation", "subject:Patient=Group/1", "an id of the type"),
        ("Location", "near=here", "latitude|longitude"),
        ("RiskAssessment", "probability=1e99", "below 7.9e28"),
    ] {
        let message = refusal(searched, text);
        assert!(message.contains(telling), "{text}: {message}");
    }
}

#[test]
fn a_chain_cannot_grow_without_end() {
    let deep = format!("{}_id=1", "partof.".repeat(20));
    assert!(refusal("Organization", &deep).contains("chains too far"));
    let wide = format!("{}_id=1", "focus.".repeat(8));
    assert!(refusal("Observation", &wide).contains("name the types"));
}
