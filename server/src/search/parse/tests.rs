//! Query strings in, queries and refusals out.

mod any_text;
mod refusals;

use super::*;
use crate::definitions::fixture;
use crate::search::index::ReferenceTarget;
use crate::search::query::*;
use crate::summary::Summary;

const BASE: &str = "https://fhir.example/base";

fn types(names: &str) -> Vec<ResourceType> {
    names
        .split(' ')
        .filter(|name| !name.is_empty())
        .map(|name| ResourceType::parse(name).unwrap())
        .collect()
}

fn pairs(text: &str) -> Vec<(String, String)> {
    text.split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn parse_with(searched: &str, text: &str, lenient: bool) -> Result<Query, QueryError> {
    let now = "2024-01-01T00:00:00Z".parse().unwrap();
    let request = SearchRequest {
        resource_types: &types(searched),
        parameters: &pairs(text),
        lenient,
        base_url: BASE,
    };
    parse_at(
        fixture::r4().search_parameters(),
        &request,
        &CodesOfValues::default(),
        now,
    )
}

fn query(searched: &str, text: &str) -> Query {
    parse_with(searched, text, false).unwrap()
}

fn refusal(searched: &str, text: &str) -> String {
    parse_with(searched, text, true).unwrap_err().to_string()
}

fn id(resource_type: &str, code: &str) -> crate::definitions::search_parameter::ParameterId {
    let resource_type = ResourceType::parse(resource_type).unwrap();
    fixture::r4()
        .search_parameters()
        .find(resource_type, code)
        .unwrap()
        .id
}

fn one(searched: &str, text: &str) -> Criterion {
    let criteria = query(searched, text).criteria;
    assert_eq!(criteria.len(), 1, "{text}");
    criteria.into_iter().next().unwrap()
}

/// What the only criterion of a search by `code` in `searched` matches.
fn matches(searched: &str, text: &str) -> Matches {
    match one(searched, text) {
        Criterion::Parameter { matches, .. } => matches,
        other => panic!("{text}: {other:?}"),
    }
}

fn local(resource_type: &str, id: &str) -> ReferenceMatch {
    ReferenceMatch::Target(ReferenceTarget::Local {
        resource_type: ResourceType::parse(resource_type).unwrap(),
        id: id.into(),
        version: None,
    })
}

#[test]
fn commas_are_alternatives_and_repetition_is_all() {
    let criteria = query("Patient", "given=Ann,Bea\\,Cy&given=Dee").criteria;
    let names = |names: &[&str]| Criterion::Parameter {
        parameters: vec![id("Patient", "given")],
        matches: Matches::Strings(
            names
                .iter()
                .map(|name| StringMatch::StartsWith((*name).into()))
                .collect(),
        ),
    };
    // An escaped comma separates nothing, and, being punctuation, does not count.
    assert_eq!(criteria, [names(&["ann", "beacy"]), names(&["dee"])]);
}

#[test]
fn reads_strings_tokens_uris_and_their_modifiers() {
    assert_eq!(
        matches("Patient", "name:exact=Änn"),
        Matches::Strings(vec![StringMatch::Exact("Änn".into())])
    );
    assert_eq!(
        matches("Patient", "name:contains=ÄNN"),
        Matches::Strings(vec![StringMatch::Contains("ann".into())])
    );
    assert_eq!(
        matches("Patient", "identifier=a,s|b,|c,s|,http://x\\|y|d"),
        Matches::Tokens(vec![
            TokenMatch::Code("a".into()),
            TokenMatch::SystemAndCode("s".into(), "b".into()),
            TokenMatch::CodeWithoutSystem("c".into()),
            TokenMatch::System("s".into()),
            TokenMatch::SystemAndCode("http://x|y".into(), "d".into()),
        ])
    );
    assert_eq!(
        one("Patient", "identifier:of-type=http://v2|MR|12"),
        Criterion::Parameter {
            parameters: vec![id("Patient", "identifier:of-type")],
            matches: Matches::Tokens(vec![TokenMatch::SystemAndCode(
                "http://v2|MR".into(),
                "12".into()
            )]),
        }
    );
    assert_eq!(
        matches("Observation", "code:text=Blood"),
        Matches::Strings(vec![StringMatch::StartsWith("blood".into())])
    );
    assert!(matches!(
        one("Patient", "gender:not=male,female"),
        Criterion::Not(_)
    ));
    assert_eq!(
        matches("ValueSet", "url:below=http://a"),
        Matches::Uris(vec![UriMatch::Below("http://a".into())])
    );
    assert_eq!(
        one("Patient", "gender:missing=true"),
        Criterion::Missing {
            parameters: vec![id("Patient", "gender")],
            missing: true
        }
    );
}

#[test]
fn reads_references() {
    let url = |url: &str, version: Option<&str>| {
        ReferenceMatch::Target(ReferenceTarget::Url {
            url: url.into(),
            version: version.map(Into::into),
        })
    };
    for (text, expected) in [
        ("subject=1", ReferenceMatch::Id("1".into())),
        ("subject=Patient/1", local("Patient", "1")),
        ("subject:Patient=1", local("Patient", "1")),
        ("subject:Patient=Patient/1", local("Patient", "1")),
        (
            "subject=https://fhir.example/base/Patient/1",
            local("Patient", "1"),
        ),
        (
            "subject=https://fhir.example/base/Patient/1/_history/2",
            local("Patient", "1"),
        ),
        (
            "subject=https://fhir.example/basement/Patient/1",
            url("https://fhir.example/basement/Patient/1", None),
        ),
        ("subject=urn:uuid:7", url("urn:uuid:7", None)),
        (
            "subject:identifier=s|1",
            ReferenceMatch::Identifier(TokenMatch::SystemAndCode("s".into(), "1".into())),
        ),
    ] {
        assert_eq!(
            matches("Observation", text),
            Matches::References(vec![expected]),
            "{text}"
        );
    }
    assert_eq!(
        matches("ActivityDefinition", "derived-from=http://q|1.0"),
        Matches::References(vec![url("http://q", Some("1.0"))])
    );
}

#[test]
fn reads_quantities_composites_and_positions() {
    let Matches::Quantities(quantities) = matches("Observation", "value-quantity=gt5.4|http://u|mg,7||kg,8")
    else {
        panic!("not quantities");
    };
    let units: Vec<_> = quantities
        .iter()
        .map(|one| (one.number.prefix, one.unit.clone()))
        .collect();
    assert_eq!(
        units,
        [
            (
                Prefix::GreaterThan,
                UnitMatch::SystemAndCode("http://u".into(), "mg".into())
            ),
            (Prefix::Equal, UnitMatch::Code("kg".into())),
            (Prefix::Equal, UnitMatch::Any),
        ]
    );
    let Matches::Composites(composites) = matches("Observation", "code-value-quantity=http://loinc|1$ge3")
    else {
        panic!("not composites");
    };
    assert!(matches!(
        composites[0].as_slice(),
        [
            ComponentMatch::Token(TokenMatch::SystemAndCode(..)),
            ComponentMatch::Quantity(QuantityMatch { number, .. }),
        ] if number.prefix == Prefix::GreaterOrEqual
    ));
    let Matches::Composites(boxes) = matches("Location", "near=0|180|10|km") else {
        panic!("not positions");
    };
    assert_eq!(boxes.len(), 2);
}

#[test]
fn follows_chains_and_reverse_chains() {
    let name = |resource_type: &str| Criterion::Parameter {
        parameters: vec![id(resource_type, "name")],
        matches: Matches::Strings(vec![StringMatch::StartsWith("ann".into())]),
    };
    let chain = |reference: &str, target: &str, criterion| Criterion::Chain {
        references: vec![id("Observation", reference)],
        target: ResourceType::parse(target).unwrap(),
        criterion: Box::new(criterion),
    };
    assert_eq!(
        one("Observation", "subject:Patient.name=Ann"),
        chain("subject", "Patient", name("Patient"))
    );
    assert_eq!(
        one("Observation", "patient.name=Ann"),
        chain("patient", "Patient", name("Patient"))
    );
    // Of the types that a subject may be, those with a name count: not Group and Device, which have other names.
    let Criterion::Any(alternatives) = one("Observation", "subject.identifier=1") else {
        panic!("a subject may be of several types");
    };
    assert_eq!(alternatives.len(), 4);
    assert_eq!(
        one("Patient", "_has:Observation:patient:code=1"),
        Criterion::Has {
            source: ResourceType::parse("Observation").unwrap(),
            reference: id("Observation", "patient"),
            criterion: Box::new(Criterion::Parameter {
                parameters: vec![id("Observation", "code")],
                matches: Matches::Tokens(vec![TokenMatch::Code("1".into())]),
            }),
        }
    );
    for deep in [
        "_has:Observation:patient:_has:AuditEvent:entity:agent=Practitioner/1",
        "_has:Observation:patient:performer:Practitioner.name=x",
        "general-practitioner:Practitioner._has:PractitionerRole:practitioner:specialty=x",
        "organization.partof.partof._id=1",
        "organization._lastUpdated=gt2020",
        "link:Patient.link:Patient.identifier:missing=true",
    ] {
        one("Patient", deep);
    }
}

#[test]
fn reads_what_controls_the_answer() {
    let query = query(
        "Observation",
        "_sort=-date,_id&_count=5000&_total=accurate&_summary=data&_elements=code,value&_cursor=abc&_format=json\
         &_include=Observation:subject:Patient&_revinclude:iterate=Provenance:target&_include=*&_include=Observation:*",
    );
    assert_eq!(
        query.sort,
        [
            SortKey {
                by: SortBy::Parameter(vec![id("Observation", "date")]),
                descending: true
            },
            SortKey {
                by: SortBy::Id,
                descending: false
            },
        ]
    );
    assert_eq!(query.count, Some(1000));
    assert_eq!((query.total, query.summary), (Total::Accurate, Summary::Data));
    assert_eq!(query.elements, ["code", "value"]);
    assert_eq!(query.cursor.as_deref(), Some("abc"));
    assert_eq!(query.includes.len(), 4);
    assert_eq!(query.includes[0].target, ResourceType::parse("Patient"));
    assert!(query.includes[1].reverse && query.includes[1].iterate);
    assert_eq!(
        (query.includes[2].source, query.includes[2].parameter),
        (None, None)
    );
    let names: Vec<&str> = query.understood.iter().map(|(name, _)| name.as_str()).collect();
    assert!(
        !names.contains(&"_cursor") && !names.contains(&"_format") && names.len() == 9,
        "{names:?}"
    );
}

#[test]
fn searches_over_several_types_by_what_they_share() {
    let system = query("", "_type=Patient,Observation&_tag=a&_lastUpdated=ge2020");
    assert_eq!(system.resource_types, types("Patient Observation"));
    assert_eq!(
        system.criteria[0],
        Criterion::Parameter {
            parameters: vec![id("Patient", "_tag"), id("Observation", "_tag")],
            matches: Matches::Tokens(vec![TokenMatch::Code("a".into())]),
        }
    );
    assert!(query("", "_id=1").resource_types.is_empty());
    assert!(refusal("", "_type=Patient,Nothing").contains("resource types of R4"));
    assert!(parse_with("", "_type=Patient,Observation&code=1", false).is_err());
}
