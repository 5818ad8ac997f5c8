//! References between entries, and those by criteria: <http://hl7.org/fhir/R4/http.html#trules>

use super::{PATIENT, post};
use crate::fixture::Server;

#[tokio::test]
async fn entries_refer_to_each_other_by_full_url() {
    let server = Server::start().await;
    let answer = post(
        &server,
        &format!(
            r#"{{"fullUrl":"urn:uuid:2","request":{{"method":"POST","url":"Observation"}},"resource":{{"resourceType":"Observation","status":"final",
                 "text":{{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><a href=\"urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a\">p</a></div>"}},
                 "code":{{"text":"x"}},"subject":{{"reference":"urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a"}},
                 "performer":[{{"reference":"Practitioner/7"}}],"focus":[{{"reference":"urn:uuid:unknown"}}]}}}},
               {PATIENT},
               {{"fullUrl":"http://other/fhir/Encounter/1","request":{{"method":"POST","url":"Encounter"}},"resource":{{"resourceType":"Encounter","id":"1","status":"finished","class":{{"code":"AMB"}},
                 "subject":{{"reference":"Patient/9"}}}}}},
               {{"fullUrl":"http://other/fhir/Patient/9","request":{{"method":"POST","url":"Patient"}},"resource":{{"resourceType":"Patient","id":"9"}}}}"#
        ),
    )
    .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let place = |index: usize| {
        let location = answer.at(&format!("entry.{index}.response.location"));
        location.split("/_history").next().unwrap().to_owned()
    };
    let observation = server.get(&format!("/{}", place(0))).await;
    assert_eq!(observation.at("subject.reference"), place(1));
    assert!(
        observation
            .at("text.div")
            .contains(&format!("href=\"{}\"", place(1)))
    );
    assert_eq!(observation.at("performer.0.reference"), "Practitioner/7");
    assert_eq!(observation.at("focus.0.reference"), "urn:uuid:unknown");
    let encounter = server.get(&format!("/{}", place(2))).await;
    assert_eq!(encounter.at("subject.reference"), place(3));
    let (_, id) = place(0)
        .split_once('/')
        .map(|(name, id)| (name.to_owned(), id.to_owned()))
        .unwrap();
    assert_eq!(
        server
            .get(&format!("/Observation?subject={}", place(1)))
            .await
            .ids(),
        id
    );
    assert_eq!(server.last_access(), "anonymous search-type Observation 200 1");
}

#[tokio::test]
async fn conditional_references_mean_what_is_there_or_what_the_transaction_makes() {
    let server = Server::start().await;
    server.send("PUT /Organization/o\n\n{\"resourceType\":\"Organization\",\"id\":\"o\",\"name\":\"n\",\"identifier\":[{\"system\":\"http://s\",\"value\":\"1\"}]}").await;
    let entries = r#"
        {"request":{"method":"POST","url":"Practitioner"},"resource":{"resourceType":"Practitioner","identifier":[{"system":"http://s","value":"2"}]}},
        {"request":{"method":"POST","url":"PractitionerRole"},"resource":{"resourceType":"PractitionerRole",
            "organization":{"reference":"Organization?identifier=http://s|1"},"practitioner":{"reference":"Practitioner?identifier=http://s|2"}}}"#;
    let answer = post(&server, entries).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let role = server.get("/PractitionerRole").await;
    assert_eq!(
        role.at("entry.0.resource.organization.reference"),
        "Organization/o"
    );
    let practitioner = answer.at("entry.0.response.location");
    assert_eq!(
        role.at("entry.0.resource.practitioner.reference"),
        practitioner.split("/_history").next().unwrap()
    );
    // Now two practitioners have the identifier.
    server
        .create(r#"{"resourceType":"Practitioner","identifier":[{"system":"http://s","value":"2"}]}"#)
        .await;
    let role = r#"{"request":{"method":"POST","url":"PractitionerRole"},"resource":{"resourceType":"PractitionerRole","practitioner":{"reference":"Practitioner?identifier=http://s|2"}}}"#;
    post(&server, role)
        .await
        .refused("412 multiple-matches: entry 0 (POST PractitionerRole)");
}

#[tokio::test]
async fn references_that_a_patch_brings_in_are_rewritten() {
    let server = Server::start().await;
    for id in ["a", "b"] {
        let body = format!(r#"{{"resourceType":"Patient","id":"{id}"}}"#);
        server.send(&format!("PUT /Patient/{id}\n\n{body}")).await;
    }
    // [{"op":"add","path":"/managingOrganization","value":{"reference":"urn:uuid:o"}},
    //  {"op":"add","path":"/active","value":true}]
    let data = "W3sib3AiOiJhZGQiLCJwYXRoIjoiL21hbmFnaW5nT3JnYW5pemF0aW9uIiwidmFsdWUiOnsicmVmZXJlbmNlIjoidXJuOnV1aWQ6byJ9fSx7Im9wIjoiYWRkIiwicGF0aCI6Ii9hY3RpdmUiLCJ2YWx1ZSI6dHJ1ZX1d";
    let add = |name: &str, reference: &str| {
        format!(
            r#"{{"name":"operation","part":[{{"name":"type","valueCode":"add"}},{{"name":"path","valueString":"Patient"}},
            {{"name":"name","valueString":"{name}"}},{{"name":"value","valueReference":{{"reference":"{reference}"}}}}]}}"#
        )
    };
    let operations = |condition: &str| {
        [
            add("managingOrganization", "urn:uuid:o"),
            add("generalPractitioner", condition),
        ]
        .join(",")
    };
    let entries = |condition: &str| {
        format!(
            r#"{{"fullUrl":"urn:uuid:o","request":{{"method":"POST","url":"Organization"}},"resource":{{"resourceType":"Organization","name":"o","identifier":[{{"system":"http://s","value":"1"}}]}}}},
            {{"request":{{"method":"PATCH","url":"Patient/a"}},"resource":{{"resourceType":"Parameters","parameter":[{}]}}}},
            {{"request":{{"method":"PATCH","url":"Patient?_id=b"}},"resource":{{"resourceType":"Binary","contentType":"application/json-patch+json","data":"{data}"}}}}"#,
            operations(condition)
        )
    };
    post(&server, &entries("Organization?identifier=http://s|2"))
        .await
        .refused("400 not-found: entry 1 (PATCH Patient/a): the criteria");
    let answer = post(&server, &entries("Organization?identifier=http://s|1")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let location = answer.at("entry.0.response.location");
    let organization = location.split("/_history").next().unwrap();
    let patient = server.get("/Patient/a").await;
    assert_eq!(patient.at("managingOrganization.reference"), organization);
    assert_eq!(patient.at("generalPractitioner.0.reference"), organization);
    let patient = server.get("/Patient/b").await;
    assert_eq!(patient.at("managingOrganization.reference"), organization);
    let found = server
        .get(&format!("/Patient?organization={organization}&_sort=_id"))
        .await;
    assert_eq!(found.ids(), "a,b");
}

#[tokio::test]
async fn what_a_stored_transaction_refers_to_is_no_patchs_to_resolve() {
    let server = Server::start().await;
    let kept = r#"{"resourceType":"Bundle","id":"c","type":"transaction","entry":[{"request":{"method":"POST","url":"Patient"},
        "resource":{"resourceType":"Patient","generalPractitioner":[{"reference":"Practitioner?identifier=none"}]}}]}"#;
    assert_eq!(server.send(&format!("PUT /Bundle/c\n\n{kept}")).await.status, 201);
    // [{"op":"add","path":"/timestamp","value":"2024-01-01T00:00:00Z"}]
    let data = "W3sib3AiOiJhZGQiLCJwYXRoIjoiL3RpbWVzdGFtcCIsInZhbHVlIjoiMjAyNC0wMS0wMVQwMDowMDowMFoifV0=";
    let entry = format!(
        r#"{{"request":{{"method":"PATCH","url":"Bundle/c"}},"resource":{{"resourceType":"Binary","contentType":"application/json-patch+json","data":"{data}"}}}}"#
    );
    let answer = post(&server, &entry).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let bundle = server.get("/Bundle/c").await;
    assert_eq!(bundle.at("timestamp"), "2024-01-01T00:00:00Z");
    assert_eq!(
        bundle.at("entry.0.resource.generalPractitioner.0.reference"),
        "Practitioner?identifier=none"
    );
}
