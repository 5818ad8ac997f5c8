//! Resources with one mistake in how they hang together: references, contained resources, Bundles, narratives.

use super::super::IssueCode::{CodeInvalid, Invariant, Required, Structure, Value};
use super::issues;
use super::refused_elements::check;

#[test]
fn wrong_references_and_contained_resources() {
    check(
        "Patient",
        "",
        &[
            (
                r#""managingOrganization":{"reference":"Patient/1"}"#,
                "Patient.managingOrganization.reference",
                Value,
            ),
            (
                r#""managingOrganization":{"reference":"Organisation/1"}"#,
                "Patient.managingOrganization.reference",
                Value,
            ),
            (
                r#""managingOrganization":{"reference":"Organization/"}"#,
                "Patient.managingOrganization.reference",
                Value,
            ),
            (
                r#""managingOrganization":{"reference":"Organization"}"#,
                "Patient.managingOrganization.reference",
                Value,
            ),
            (
                r#""managingOrganization":{"reference":"Organization/a/b"}"#,
                "Patient.managingOrganization.reference",
                Value,
            ),
            (
                r#""managingOrganization":{"reference":"ward 7"}"#,
                "Patient.managingOrganization.reference",
                Value,
            ),
            (
                r#""managingOrganization":{"reference":"Patient?identifier=1"}"#,
                "Patient.managingOrganization.reference",
                Value,
            ),
            (
                r##""managingOrganization":{"reference":"#x"}"##,
                "Patient.managingOrganization.reference",
                Invariant,
            ),
            (
                r#""contained":[{"id":"a"}]"#,
                "Patient.contained[0].resourceType",
                Required,
            ),
            (
                r#""contained":[{"resourceType":"Thing","id":"a"}]"#,
                "Patient.contained[0].resourceType",
                Value,
            ),
            (
                r#""contained":[{"resourceType":"Organization","name":"x"}]"#,
                "Patient.contained[0].id",
                Required,
            ),
            (
                r#""contained":[{"resourceType":"Group","id":"a","contained":[{"resourceType":"Patient","id":"b"}],"type":"person","actual":true}]"#,
                "Patient.contained[0].contained",
                Invariant,
            ),
            (
                r#""contained":[{"resourceType":"Patient","id":"a","meta":{"versionId":"1"}}]"#,
                "Patient.contained[0].meta.versionId",
                Invariant,
            ),
            (
                r#""contained":[{"resourceType":"Patient","id":"a","sex":"f"}]"#,
                "Patient.contained[0].sex",
                Structure,
            ),
            (r#""contained":["a"]"#, "Patient.contained[0]", Structure),
        ],
    );
}

#[test]
fn wrong_bundles() {
    check(
        "Bundle",
        r#","type":"collection""#,
        &[
            (
                r#""entry":[{"resource":{"resourceType":"Patient","gender":1}}]"#,
                "Bundle.entry[0].resource.gender",
                Structure,
            ),
            (
                r#""entry":[{"resource":{"id":"a"}}]"#,
                "Bundle.entry[0].resource.resourceType",
                Required,
            ),
            (
                r#""entry":[{"fullUrl":"urn:uuid:1"}]"#,
                "Bundle.entry[0]",
                Invariant,
            ),
            (
                r#""entry":[{"fullUrl":"http://a/Patient/1/_history/1","resource":{"resourceType":"Patient"}}]"#,
                "Bundle.entry[0]",
                Invariant,
            ),
            (r#""total":1"#, "Bundle", Invariant),
            (
                r#""entry":[{"request":{"method":"FETCH","url":"a"},"resource":{"resourceType":"Patient"}}]"#,
                "Bundle.entry[0].request.method",
                CodeInvalid,
            ),
        ],
    );
}

#[test]
fn wrong_narratives() {
    for div in [
        "plain text",
        "<p xmlns='http://www.w3.org/1999/xhtml'>x</p>",
        "<div>x</div>",
        "<div xmlns='http://example.org'>x</div>",
        "<div xmlns='http://www.w3.org/1999/xhtml'>x",
        "<div xmlns='http://www.w3.org/1999/xhtml'><b>x</i></div>",
        "<div xmlns='http://www.w3.org/1999/xhtml'><br>x</div>",
        "<div xmlns='http://www.w3.org/1999/xhtml'>x</div></div>",
        "<div xmlns='http://www.w3.org/1999/xhtml'>x</div>y",
        "<div xmlns='http://www.w3.org/1999/xhtml'>x</div><div>y</div>",
        "<div xmlns='http://www.w3.org/1999/xhtml'><p class=a>x</p></div>",
        "<div xmlns='http://www.w3.org/1999/xhtml'><script>x</script></div>",
        "<div xmlns='http://www.w3.org/1999/xhtml'><p onclick='x()'>x</p></div>",
        "<div xmlns='http://www.w3.org/1999/xhtml'><a href='javascript:x()'>x</a></div>",
        "<div xmlns='http://www.w3.org/1999/xhtml'><a href='java&#115;cript:x()'>x</a></div>",
        "<div xmlns='http://www.w3.org/1999/xhtml'><a href=' jAva\tscript:x()'>x</a></div>",
        "<div xmlns='http://www.w3.org/1999/xhtml'><iframe src='http://example.org'/></div>",
        "<div xmlns='http://www.w3.org/1999/xhtml'><!-- x</div>",
        "<div xmlns='http://www.w3.org/1999/xhtml'>a & b</div>",
        "<div xmlns='http://www.w3.org/1999/xhtml'>&#xZZ;</div>",
        "<div xmlns='http://www.w3.org/1999/xhtml'><a href='?a=1&b=2'>x</a></div>",
        "<divan xmlns='http://www.w3.org/1999/xhtml'>x</divan>",
        "",
    ] {
        let div = crate::resource::Json::from(div).to_text();
        let found = issues(&format!(
            r#"{{"resourceType":"Patient","text":{{"status":"generated","div":{div}}}}}"#
        ));
        assert_eq!(found.len(), 1, "{div}: {found:?}");
        assert_eq!(
            (found[0].expression.as_str(), found[0].code),
            ("Patient.text.div", Value),
            "{div}"
        );
    }
}
