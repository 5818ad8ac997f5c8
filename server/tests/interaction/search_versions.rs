//! References that name a version of what they refer to, and what `$everything` makes of dates, types and links.
//! <http://hl7.org/fhir/R4/references.html>, <http://hl7.org/fhir/R4/patient-operation-everything.html>

use crate::fixture::{Response, Server};
use crate::search_meaning::{find, put, with};

fn observation(subject: &str) -> String {
    format!(r#""status":"final","code":{{"text":"x"}},"subject":{{"reference":"{subject}"}}"#)
}

/// A patient whose name has changed, and who was referred to before, after and without saying.
async fn renamed() -> Server {
    let server = with(&[("Patient/p", r#""name":[{"family":"Before"}]"#)]).await;
    put(&server, &[("Patient/p", r#""name":[{"family":"After"}]"#)]).await;
    for (id, subject) in [
        ("first", "Patient/p/_history/1"),
        ("second", "http://fhir.test/Patient/p/_history/2"),
        ("third", "Patient/p/_history/3"),
        ("any", "Patient/p"),
    ] {
        put(&server, &[(&format!("Observation/{id}"), &observation(subject))]).await;
    }
    server
}

/// The versions of the patients in a page, with their names.
fn patients(page: &Response) -> Vec<String> {
    let mut found: Vec<String> = (0..20)
        .map(|entry| format!("entry.{entry}.resource"))
        .filter(|entry| page.at(&format!("{entry}.resourceType")) == "Patient")
        .map(|entry| {
            let part = |path: &str| page.at(&format!("{entry}.{path}"));
            format!("{} {}", part("meta.versionId"), part("name.0.family"))
        })
        .collect();
    found.sort();
    found
}

#[tokio::test]
async fn an_include_brings_the_version_that_is_referred_to() {
    let server = renamed().await;
    for (id, expected) in [
        ("first", vec!["1 Before"]),
        ("second", vec!["2 After"]),
        ("third", vec![]),
        ("any", vec!["2 After"]),
        ("first,any", vec!["1 Before", "2 After"]),
        ("second,any", vec!["2 After"]),
    ] {
        for include in [
            "Observation:subject",
            "Observation:subject:Patient",
            "*",
            "Observation:*",
        ] {
            let page = server
                .get(&format!("/Observation?_id={id}&_include={include}"))
                .await;
            assert_eq!(patients(&page), expected, "{id} {include}: {}", page.text);
        }
    }
    let reverse = server.get("/Patient?_revinclude=Observation:subject").await;
    assert_eq!(reverse.ids().split(',').count(), 5, "{}", reverse.text);
    find(
        &server,
        &[("Observation?subject=Patient/p", "any,first,second,third")],
    )
    .await;
    // What was deleted since is still what was referred to.
    server.send("DELETE /Patient/p").await;
    let page = server
        .get("/Observation?_id=first,any&_include=Observation:subject")
        .await;
    assert_eq!(patients(&page), ["1 Before"], "{}", page.text);
}

#[tokio::test]
async fn a_chain_goes_to_the_current_version_and_says_so() {
    let server = with(&[
        ("Patient/p", r#""name":[{"family":"Before"}]"#),
        ("Observation/any", &observation("Patient/p")),
    ])
    .await;
    let warning = |page: &Response| {
        let last = page
            .json()
            .get("entry")
            .and_then(|entry| entry.as_array().map(<[_]>::len));
        let entry = format!("entry.{}", last.unwrap_or(1) - 1);
        match page.at(&format!("{entry}.search.mode")).as_str() {
            "outcome" => {
                assert_eq!(page.at(&format!("{entry}.resource.issue.0.severity")), "warning");
                page.at(&format!("{entry}.resource.issue.0.diagnostics"))
            }
            _ => String::new(),
        }
    };
    let search = "/Observation?subject:Patient.family=";
    let page = server.get(&format!("{search}before")).await;
    assert_eq!((page.ids().as_str(), warning(&page).as_str()), ("any", ""));
    put(
        &server,
        &[("Observation/first", &observation("Patient/p/_history/1"))],
    )
    .await;
    put(&server, &[("Patient/p", r#""name":[{"family":"After"}]"#)]).await;
    let told = "Observation.subject names a version of what it refers to in some resources";
    for (family, count) in [("before", "0"), ("after", "2")] {
        let page = server.get(&format!("{search}{family}")).await;
        assert_eq!(page.at("total"), count, "{}", page.text);
        assert!(warning(&page).starts_with(told), "{}", page.text);
    }
    let has = server.get("/Patient?_has:Observation:subject:status=final").await;
    assert!(warning(&has).starts_with(told), "{}", has.text);
    // Nothing is followed here, or nothing that names a version.
    for search in [
        "/Observation?subject=Patient/p",
        "/Observation?performer:Patient.family=after",
    ] {
        assert_eq!(warning(&server.get(search).await), "", "{search}");
    }
}

/// The ids on all pages, sorted.
async fn all(server: &Server, search: &str) -> String {
    let mut ids: Vec<String> = Vec::new();
    let mut next = Some(search.to_owned());
    while let Some(url) = next {
        let page = server.get(&url).await;
        assert_eq!(page.status, 200, "{url}: {}", page.text);
        ids.extend(page.ids().split_terminator(',').map(str::to_owned));
        next = page.link("next");
    }
    ids.sort();
    ids.dedup();
    ids.join(",")
}

async fn filled() -> Server {
    let condition = r#""subject":{"reference":"Patient/a"},"onsetDateTime":"2020-03-01""#;
    let encounter = r#""status":"finished","class":{"code":"AMB"},"subject":{"reference":"Patient/a"},
        "participant":[{"individual":{"reference":"Practitioner/dr"}}],"period":{"start":"2020-05-30","end":"2020-06-02"}"#;
    let dated = r#""status":"final","code":{"text":"x"},"subject":{"reference":"Patient/a"},"effectiveDateTime":"2020-06-15""#;
    with(&[
        ("Practitioner/dr", r#""active":true"#),
        ("Organization/o", r#""name":"O""#),
        (
            "Patient/a",
            r#""managingOrganization":{"reference":"Organization/o"},"link":[{"other":{"reference":"Patient/old"},"type":"replaces"}]"#,
        ),
        ("Patient/old", r#""active":false"#),
        ("Patient/b", r#""active":true"#),
        ("Condition/cond", condition),
        ("Encounter/enc", encounter),
        ("Observation/dated", dated),
        ("Observation/undated", &observation("Patient/a")),
        ("Observation/linked", &observation("Patient/old")),
        ("Observation/other", &observation("Patient/b")),
        (
            "AllergyIntolerance/allergy",
            r#""patient":{"reference":"Patient/a"},"recordedDate":"2001""#,
        ),
    ])
    .await
}

#[tokio::test]
async fn everything_may_be_limited_to_care_dates() {
    let server = filled().await;
    let always = "a,allergy,linked,o,old,undated";
    for (dates, dated) in [
        ("start=2020-06-01", "dated,dr,enc"),
        ("start=2020-06-03", "dated"),
        ("end=2020-05-30", "cond,dr,enc"),
        ("end=2020-05-29", "cond"),
        ("start=2020-06-01&end=2020-06-10", "dr,enc"),
        ("start=2021", ""),
        ("start=2020&end=2020", "cond,dated,dr,enc"),
    ] {
        let mut expected: Vec<&str> = always.split(',').chain(dated.split_terminator(',')).collect();
        expected.sort_unstable();
        for count in [1, 100] {
            let found = all(&server, &format!("/Patient/a/$everything?{dates}&_count={count}")).await;
            assert_eq!(found, expected.join(","), "{dates}, {count} a page");
        }
    }
    let posted = r#"POST /Patient/a/$everything

        {"resourceType":"Parameters","parameter":[{"name":"start","valueDate":"2021"}]}"#;
    let answer = server.send(posted).await;
    assert_eq!(
        answer.ids().split(',').count(),
        always.split(',').count(),
        "{}",
        answer.text
    );
    assert!(answer.at("link.0.url").contains("start=2021"), "{}", answer.text);
    server
        .get("/Patient/a/$everything?start=yesterday")
        .await
        .refused("400 invalid: the parameter start");
    let strict = server
        .send("GET /Patient/a/$everything?end=2020\nPrefer: handling=strict")
        .await;
    assert_eq!(strict.status, 200, "{}", strict.text);
}

#[tokio::test]
async fn everything_gives_out_only_the_types_that_are_asked_for() {
    let server = filled().await;
    for (types, expected) in [
        ("_type=Condition", "cond"),
        ("_type=Condition,Encounter", "cond,enc"),
        ("_type=Condition&_type=Encounter", "cond,enc"),
        ("_type=Patient", "a,old"),
        ("_type=Practitioner", "dr"),
        ("_type=Organization,Condition", "cond,o"),
        ("_type=Practitioner&end=2019", ""),
        ("_type=Medication", ""),
    ] {
        for count in [1, 100] {
            let found = all(&server, &format!("/Patient/a/$everything?{types}&_count={count}")).await;
            assert_eq!(found, expected, "{types}, {count} a page");
        }
    }
    server
        .get("/Patient/a/$everything?_type=Condition,Nothing")
        .await
        .refused("400 invalid: the parameter _type");
}

#[tokio::test]
async fn everything_of_a_patient_is_in_all_linked_records() {
    let server = filled().await;
    let found = all(&server, "/Patient/a/$everything").await;
    assert_eq!(found, "a,allergy,cond,dated,dr,enc,linked,o,old,undated");
    // The link leads from the record that is in use to the one that it replaces; that one is linked to.
    assert_eq!(all(&server, "/Patient/old/$everything").await, "a,linked,o,old");
    assert_eq!(all(&server, "/Patient/b/$everything").await, "b,other");
}
