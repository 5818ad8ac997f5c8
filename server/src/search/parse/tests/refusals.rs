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
        ("RiskAssessment", "probability=1e309", "below 1e309"),
        ("Observation", "value-quantity=gt1e400||mg", "below 1e309"),
        ("Observation", "code-value-quantity=c$1e-400", "at least 1e-309"),
    ] {
        let message = refusal(searched, text);
        assert!(message.contains(telling), "{text}: {message}");
    }
}

#[test]
fn refuses_what_the_form_of_an_answer_cannot_be() {
    for (searched, text, telling) in [
        ("Patient", "_count=-1", "a whole number"),
        (
            "Patient",
            "_count=1&_count=2",
            "_count stands twice; write it once",
        ),
        ("Patient", "_query=mine", "asks for the named query \"mine\""),
        ("Patient", "_include=", "Type:parameter"),
        ("Patient", "_revinclude:iterate=", "Type:parameter"),
        (
            "Patient",
            "_summary=text&_include=Patient:link",
            "_include cannot be combined with _summary=text",
        ),
        (
            "Patient",
            "_revinclude=Observation:subject&_summary=text",
            "_revinclude cannot be combined",
        ),
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

#[test]
fn a_chain_is_refused_before_it_was_followed_everywhere() {
    // What it ends in exists nowhere, which only a walk over all types that its links may lead to would tell.
    let everywhere = "item.focus.focus.focus.focus.focus.nothing=1";
    assert!(refusal("List", everywhere).contains("name the types"));
    // Each of many is small enough.
    let many = vec!["item.subject.name=x"; 400].join("&");
    assert!(refusal("List", &many).contains("name the types"));
    assert!(parse_with("List", "item.subject.name=x", false).is_ok());
}

#[test]
fn a_search_asks_for_a_bounded_number_of_things() {
    let values = |count: usize, value: &str| vec![value; count].join(",");
    for (text, telling) in [
        (
            format!("code={}", values(60_000, "a")),
            "code: a search takes at most 5000 values in all",
        ),
        (
            format!("code={}&subject={}", values(3000, "a"), values(3000, "Patient/1")),
            "subject: a search takes at most 5000 values in all",
        ),
        (
            format!("date={}", values(501, "2020")),
            "date: a search takes at most 500 texts, dates and numbers in all",
        ),
        (
            format!("code:text={}", values(501, "a")),
            "code:text: a search takes at most 500 texts, dates and numbers in all",
        ),
        (
            vec!["code=a"; 1001].join("&"),
            "code: a search takes at most 1000 conditions in all",
        ),
        (
            format!("_sort={}", values(1500, "date")),
            "_sort: a search takes at most 16 keys of _sort in all",
        ),
        (
            vec!["_sort=date"; 17].join("&"),
            "_sort: a search takes at most 16 keys of _sort in all",
        ),
        (
            vec!["_include=*"; 65].join("&"),
            "_include: a search takes at most 64 _include and _revinclude in all",
        ),
    ] {
        let message = refusal("Observation", &text);
        assert!(message.starts_with(telling), "{message}");
    }
    for text in [
        format!("code={}", values(5000, "a")),
        format!("date={}", values(500, "2020")),
        format!("_sort={}", values(16, "date")),
    ] {
        assert!(parse_with("Observation", &text, false).is_ok());
    }
}
