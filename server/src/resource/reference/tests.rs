//! References and links of a resource, found wherever they stand.

use super::*;
use crate::definitions::fixture;

fn object(text: &str) -> Object {
    match Json::parse(text.as_bytes()).unwrap() {
        Json::Object(object) => object,
        other => panic!("{other:?}"),
    }
}

fn links(text: &str) -> Vec<(Place, String)> {
    let mut found = Vec::new();
    for_each_reference(
        fixture::r4().structures(),
        &mut object(text),
        &mut |place, link| {
            found.push((place, link.to_string()));
        },
    );
    found
}

#[test]
fn finds_references_uris_and_narrative_links_everywhere() {
    let text = r##"{
        "resourceType": "Observation",
        "text": {"status": "generated", "div": "<div><p>x</p><a class='c' href=\"Patient/n\">a</a><img src='urn:i'/></div>"},
        "contained": [{"resourceType": "Patient", "id": "p", "managingOrganization": {"reference": "Organization/c"}}],
        "extension": [{"url": "http://e", "valueReference": {"reference": "Device/e"}}, {"url": "f", "valueUuid": "urn:uuid:e"}],
        "identifier": [{"system": "urn:s", "value": "urn:v"}],
        "subject": {"reference": "#p", "display": "Patient/not"},
        "performer": [{"reference": "Practitioner/1"}, {"identifier": {"system": "s"}}]
    }"##;
    use Place::{Narrative, Reference, Uri};
    let expected = [
        (Narrative, "Patient/n"),
        (Narrative, "urn:i"),
        (Reference, "Organization/c"),
        (Uri, "http://e"),
        (Reference, "Device/e"),
        (Uri, "f"),
        (Uri, "urn:uuid:e"),
        (Uri, "urn:s"),
        (Reference, "#p"),
        (Reference, "Practitioner/1"),
        (Uri, "s"),
    ];
    let expected: Vec<_> = expected
        .map(|(place, link)| (place, link.to_string()))
        .into_iter()
        .collect();
    assert_eq!(links(text), expected);
}

#[test]
fn visits_the_resources_of_a_bundle() {
    let text = r#"{"resourceType": "Bundle", "entry": [{"fullUrl": "urn:uuid:1", "resource":
        {"resourceType": "Encounter", "subject": {"reference": "urn:uuid:2"}}}]}"#;
    assert_eq!(
        links(text),
        [
            (Place::Uri, "urn:uuid:1".to_string()),
            (Place::Reference, "urn:uuid:2".to_string())
        ]
    );
}

#[test]
fn what_is_written_goes_into_the_resource() {
    let mut resource = object(
        r#"{"resourceType":"Basic","text":{"div":"<div>é<a href='u:1?a&amp;b'>1</a> <a href='u:12'>u:1?a&amp;b</a><img alt='i' src='u:1?a&amp;b'/></div>"},
        "subject":{"reference":"u:1?a&b"}}"#,
    );
    for_each_reference(fixture::r4().structures(), &mut resource, &mut |_, link| {
        if link == "u:1?a&b" {
            *link = "Patient/longer-than-before?x='&'".into();
        }
    });
    let mut text = String::new();
    resource.write(&mut text);
    assert_eq!(
        text,
        r#"{"resourceType":"Basic","text":{"div":"<div>é<a href='Patient/longer-than-before?x=&apos;&amp;&apos;'>1</a> <a href='u:12'>u:1?a&amp;b</a><img alt='i' src='Patient/longer-than-before?x=&apos;&amp;&apos;'/></div>"},"subject":{"reference":"Patient/longer-than-before?x='&'"}}"#
    );
}

#[test]
fn every_one_of_many_links_is_written() {
    let narrative = |link: &str| {
        let links: String = (0..2_000)
            .map(|_| format!("<p/><a id='x' href='{link}'>u</a>"))
            .collect();
        let div = Json::from(format!("<div>{links}</div>"));
        object(&format!("{{\"text\":{{\"div\":{}}}}}", div.to_text()))
    };
    let mut resource = narrative("urn:uuid:1");
    for_each_reference(fixture::r4().structures(), &mut resource, &mut |_, link| {
        *link = "Patient/1".into()
    });
    assert_eq!(resource, narrative("Patient/1"));
}

#[test]
fn a_broken_narrative_is_left_as_it_is() {
    for div in [
        "<a",
        "<a ",
        "<a href",
        "<a href=",
        "<a href=x>",
        "<a href='x",
        "<",
        "<img src>",
        "<a href='x\">",
        "<a é='1' ü>",
        "a<b",
    ] {
        let text = format!(
            r#"{{"resourceType":"Basic","text":{{"div":{}}}}}"#,
            Json::from(div).to_text()
        );
        let before = object(&text);
        let mut after = before.clone();
        for_each_reference(fixture::r4().structures(), &mut after, &mut |_, link| {
            *link = "changed".into()
        });
        assert_eq!(before, after, "{div}");
    }
}

#[test]
fn values_that_are_no_text_are_passed_over() {
    let text = r#"{"reference":[null,1,true,{"reference":7}],"div":{},"url":[["http://u"]]}"#;
    assert_eq!(links(text), [(Place::Uri, "http://u".to_string())]);
}
