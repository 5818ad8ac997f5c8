//! Chains into resources inside of a resource. <http://hl7.org/fhir/R4/search.html#contained>

use crate::fixture::Server;
use crate::search_meaning::{find, put, with};

fn coded(code: &str) -> String {
    format!(r#""code":{{"coding":[{{"system":"http://s","code":"{code}"}}]}}"#)
}

fn request(contained: &str, reference: &str) -> String {
    format!(
        r#""status":"active","intent":"order","subject":{{"reference":"Patient/p"}},{contained}
           "medicationReference":{{"reference":"{reference}"}}"#
    )
}

/// Requests for medications that are contained, are not, and are partly.
async fn requests() -> Server {
    let inside = |code: &str| {
        format!(
            r##""contained":[{{"resourceType":"Organization","id":"org","name":"Acme {code}"}},
               {{"resourceType":"Medication","id":"m",{},"manufacturer":{{"reference":"#org"}}}},
               {{"resourceType":"Medication","id":"n",{}}}],"supportingInformation":[{{"reference":"#n"}}],"##,
            coded(code),
            coded("other")
        )
    };
    let outer = r##""contained":[{"resourceType":"Medication","id":"m","code":{"text":"Mixture"},"status":"active",
        "manufacturer":{"reference":"Organization/o"}}],"##;
    let (one, two) = (request(&inside("one"), "#m"), request(&inside("two"), "#m"));
    let (outside, half) = (request("", "Medication/m"), request(outer, "#m"));
    with(&[
        ("Organization/o", r#""name":"Outer""#),
        (
            "Medication/m",
            &format!(
                r#"{},"manufacturer":{{"reference":"Organization/o"}}"#,
                coded("one")
            ),
        ),
        ("MedicationRequest/inside", &one),
        ("MedicationRequest/two", &two),
        ("MedicationRequest/outside", &outside),
        ("MedicationRequest/half", &half),
    ])
    .await
}

#[tokio::test]
async fn a_chain_leads_into_contained_resources() {
    let server = requests().await;
    let cases = [
        ("MedicationRequest?medication.code=one", "inside,outside"),
        ("MedicationRequest?medication.code=http://s%7Ctwo", "two"),
        (
            "MedicationRequest?medication:Medication.code=http://s%7C",
            "inside,outside,two",
        ),
        // Not what another reference leads to.
        ("MedicationRequest?medication.code=other", ""),
        ("MedicationRequest?medication.code:text=mix", "half"),
        ("MedicationRequest?medication.code:not=one", "half,two"),
        ("MedicationRequest?medication.status=active", "half"),
        ("MedicationRequest?medication.status:missing=false", "half"),
        // Two steps: inside both, then outside, and mixed.
        (
            "MedicationRequest?medication.manufacturer.name=acme%20one",
            "inside",
        ),
        (
            "MedicationRequest?medication.manufacturer.name=acme",
            "inside,two",
        ),
        (
            "MedicationRequest?medication.manufacturer.name=outer",
            "half,outside",
        ),
        (
            "MedicationRequest?medication.manufacturer=Organization/o",
            "half,outside",
        ),
        // With another criterion, and below a reverse chain.
        (
            "MedicationRequest?medication.code=one&subject=Patient/p",
            "inside,outside",
        ),
        ("MedicationRequest?medication.code=one&intent=plan", ""),
        // What is contained is found by its container alone.
        ("Medication?code=one", "m"),
        ("Organization?name=acme", ""),
        ("Medication?code=other", ""),
    ];
    find(&server, &cases).await;
    let has = "/Patient?_has:MedicationRequest:subject:medication.code=two";
    assert_eq!(server.get(has).await.at("total"), "0");
    put(&server, &[("Patient/p", r#""active":true"#)]).await;
    find(
        &server,
        &[("Patient?_has:MedicationRequest:subject:medication.code=two", "p")],
    )
    .await;
    // Nothing of it comes as a resource of its own.
    let page = server
        .get("/MedicationRequest?_id=inside&_include=*&_revinclude=*")
        .await;
    assert_eq!(page.ids(), "inside,p");
    let everything = server.get("/?_sort=_id&_total=accurate").await;
    assert_eq!(everything.at("total"), "7");
    assert_eq!(
        server
            .beside()
            .await
            .get(&format!("/{}", cases[0].0))
            .await
            .at("total"),
        "2"
    );
}

#[tokio::test]
async fn what_was_contained_goes_with_what_contained_it() {
    let contained = |code: &str| {
        format!(
            r##""contained":[{{"resourceType":"Medication","id":"m",{}}}],"##,
            coded(code)
        )
    };
    let before = request(&contained("old"), "#m");
    let server = with(&[("MedicationRequest/r", &before)]).await;
    find(&server, &[("MedicationRequest?medication.code=old", "r")]).await;
    let after = request(&contained("new"), "#m");
    put(&server, &[("MedicationRequest/r", &after)]).await;
    find(
        &server,
        &[
            ("MedicationRequest?medication.code=old", ""),
            ("MedicationRequest?medication.code=new", "r"),
        ],
    )
    .await;
    server.send("DELETE /MedicationRequest/r").await;
    find(&server, &[("MedicationRequest?medication.code=new", "")]).await;
    let left = "SELECT (SELECT count(*) FROM contained) + (SELECT count(*) FROM token WHERE parameter < 0)";
    assert_eq!(server.database.query(left), "0");
    let bundle = format!(
        r#"{{"resourceType":"Bundle","type":"transaction","entry":[{}]}}"#,
        ["a", "b"]
            .map(|code| format!(
                r#"{{"request":{{"method":"POST","url":"MedicationRequest"}},"resource":{{"resourceType":"MedicationRequest",{}}}}}"#,
                request(&contained(code), "#m")
            ))
            .join(",")
    );
    let answer = server.send_owned(format!("POST /\n\n{bundle}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    for code in ["a", "b"] {
        let found = server
            .get(&format!("/MedicationRequest?medication.code={code}"))
            .await;
        assert_eq!(found.at("total"), "1", "{code}: {}", found.text);
    }
}

#[tokio::test]
async fn a_chain_leads_into_the_first_entry_of_documents_and_messages() {
    let document = |title: &str| {
        format!(
            r##""type":"document","identifier":{{"value":"d"}},"timestamp":"2024-05-01T12:00:00Z","entry":[{{"fullUrl":"urn:uuid:7e1f5a3c-6f4b-4d2a-9c39-5b7a1f0c2d11","resource":{{"resourceType":"Composition","id":"c","status":"final",
               "contained":[{{"resourceType":"Practitioner","id":"a","name":[{{"family":"Author"}}]}}],
               "type":{{"coding":[{{"code":"note"}}]}},"subject":{{"reference":"Patient/p"}},"date":"2024-05-01",
               "author":[{{"reference":"#a"}}],"title":"{title}"}}}}]"##
        )
    };
    let message = r#""type":"message","entry":[{"fullUrl":"urn:uuid:8e1f5a3c-6f4b-4d2a-9c39-5b7a1f0c2d11","resource":{"resourceType":"MessageHeader","id":"h",
        "eventCoding":{"system":"http://e","code":"admit"},"source":{"endpoint":"http://source.example"}}}]"#;
    let (summary, letter) = (document("Summary"), document("Letter"));
    let server = with(&[
        ("Patient/p", r#""name":[{"family":"Doe"}]"#),
        ("Bundle/summary", &summary),
        ("Bundle/letter", &letter),
        ("Bundle/message", message),
        (
            "Composition/c",
            r#""status":"final","type":{"text":"x"},"date":"2020","author":[{"display":"x"}],"title":"Elsewhere""#,
        ),
    ])
    .await;
    find(
        &server,
        &[
            ("Bundle?composition.title=summary", "summary"),
            ("Bundle?composition.type=note", "letter,summary"),
            ("Bundle?composition.subject=Patient/p", "letter,summary"),
            ("Bundle?composition.subject:Patient.family=doe", "letter,summary"),
            (
                "Bundle?composition.author:Practitioner.family=author&composition.title=letter",
                "letter",
            ),
            // The document's own Composition, not one that is stored under the same id.
            ("Bundle?composition.title=elsewhere", ""),
            ("Bundle?composition=Composition/c", "letter,summary"),
            ("Bundle?message.event=admit", "message"),
            ("Bundle?message.source-uri=http://source.example", "message"),
            ("Composition?title=summary", ""),
        ],
    )
    .await;
}
