//! What is added to the definitions of a running service is used at once, by it and by no other one.

use brazier_server::definitions::search_parameter::{ParameterId, ParameterKind, SearchParameterDefinition};
use brazier_server::definitions::structure::definition::{
    Derivation, ElementDefinition, Expected, Maximum, StructureDefinition, TypeReference,
};
use brazier_server::definitions::{Definitions, DefinitionsError};
use brazier_server::resource::Json;

use crate::fixture::{Server, definitions};

const PROFILE: &str = "http://clinic.example/StructureDefinition/reachable-patient";
const EXTENSION: &str = "http://clinic.example/StructureDefinition/ward";

fn nickname() -> SearchParameterDefinition {
    SearchParameterDefinition {
        url: "http://clinic.example/SearchParameter/nickname".to_owned(),
        code: "nickname".to_owned(),
        kind: ParameterKind::String,
        base: vec!["Patient".to_owned()],
        target: Vec::new(),
        expression: "Patient.name.where(use='nickname').given".to_owned(),
        component: Vec::new(),
    }
}

/// A search parameter on the extension below.
fn ward() -> SearchParameterDefinition {
    SearchParameterDefinition {
        url: "http://clinic.example/SearchParameter/ward".to_owned(),
        code: "ward".to_owned(),
        kind: ParameterKind::Token,
        base: vec!["Patient".to_owned(), "Group".to_owned()],
        target: Vec::new(),
        expression: format!("extension.where(url='{EXTENSION}').value.ofType(code)"),
        component: Vec::new(),
    }
}

fn element(path: &str) -> ElementDefinition {
    ElementDefinition {
        path: path.to_owned(),
        ..ElementDefinition::default()
    }
}

/// Patients who can be reached: with a telecom whose value is known, and without a photo.
fn reachable_patient() -> StructureDefinition {
    StructureDefinition {
        url: PROFILE.to_owned(),
        type_name: "Patient".to_owned(),
        base: "http://hl7.org/fhir/StructureDefinition/Patient".to_owned(),
        derivation: Derivation::Constraint,
        elements: vec![
            element("Patient"),
            ElementDefinition {
                minimum: Some(1),
                ..element("Patient.telecom")
            },
            ElementDefinition {
                minimum: Some(1),
                ..element("Patient.telecom.value")
            },
            ElementDefinition {
                maximum: Some(Maximum::Times(0)),
                ..element("Patient.photo")
            },
        ],
    }
}

fn ward_extension() -> StructureDefinition {
    StructureDefinition {
        url: EXTENSION.to_owned(),
        type_name: "Extension".to_owned(),
        base: "http://hl7.org/fhir/StructureDefinition/Extension".to_owned(),
        derivation: Derivation::Constraint,
        elements: vec![
            ElementDefinition {
                expected: Some(Expected::Fixed(Json::from(EXTENSION))),
                ..element("Extension.url")
            },
            ElementDefinition {
                minimum: Some(1),
                types: vec![TypeReference {
                    code: "code".to_owned(),
                    targets: Vec::new(),
                }],
                ..element("Extension.value[x]")
            },
        ],
    }
}

/// Adds all of the above to a running server.
fn add_to(server: &Server) {
    let add = |current: &Definitions| -> Result<Definitions, DefinitionsError> {
        let current = current.with_search_parameter(&nickname())?;
        let current = current.with_search_parameter(&ward())?;
        let current = current.with_structure(&reachable_patient())?;
        Ok(current.with_structure(&ward_extension())?)
    };
    server.definitions.change(add).unwrap();
}

const NINA: &str = r#"{"resourceType":"Patient","name":[{"use":"nickname","given":["Nina"]},{"use":"official","given":["Antonina"]}]}"#;

#[tokio::test]
async fn a_search_parameter_that_is_added_finds_what_is_written_after() {
    let server = Server::start().await;
    server
        .send("GET /Patient?nickname=nin\nPrefer: handling=strict")
        .await
        .refused("400 invalid: nickname");
    let before = server.create(NINA).await;
    add_to(&server);
    let after = server.create(NINA).await;
    let found = server
        .send("GET /Patient?nickname=nin\nPrefer: handling=strict")
        .await;
    assert_eq!(found.ids(), after);
    assert_eq!(server.get("/Patient?nickname=antonina").await.ids(), "");
    // What was written before is found once it is written again, and by what the standard defines all along.
    let both = server.get("/Patient?given=antonina&_sort=_lastUpdated").await;
    assert_eq!(both.ids(), format!("{before},{after}"));
    let again = NINA.replacen('{', &format!(r#"{{"id":"{before}","#), 1);
    server.send(&format!("PUT /Patient/{before}\n\n{again}")).await;
    let found = server.get("/Patient?nickname=nin&_sort=_lastUpdated").await;
    assert_eq!(found.ids(), format!("{after},{before}"));
}

#[tokio::test]
async fn a_parameter_on_an_extension_is_chained_counted_and_sorted_like_any_other() {
    let server = Server::start().await;
    add_to(&server);
    let patient = |code: &str| {
        format!(r#"{{"resourceType":"Patient","extension":[{{"url":"{EXTENSION}","valueCode":"{code}"}}]}}"#)
    };
    let (west, east) = (
        server.create(&patient("west")).await,
        server.create(&patient("east")).await,
    );
    let observation = format!(
        r#"{{"resourceType":"Observation","status":"final","code":{{"text":"x"}},"subject":{{"reference":"Patient/{west}"}}}}"#
    );
    let observation = server.create(&observation).await;
    assert_eq!(server.get("/Patient?ward=west").await.ids(), west);
    assert_eq!(
        server.get("/Patient?_sort=ward").await.ids(),
        format!("{east},{west}")
    );
    assert_eq!(
        server.get("/Observation?patient.ward=west").await.ids(),
        observation
    );
    assert_eq!(server.get("/Observation?patient.ward=east").await.ids(), "");
    let transaction = format!(
        r#"{{"resourceType":"Bundle","type":"transaction","entry":[{{"resource":{},"request":{{"method":"POST","url":"Patient","ifNoneExist":"ward=west"}}}}]}}"#,
        patient("west")
    );
    let answered = server.send(&format!("POST /\n\n{transaction}")).await;
    assert_eq!(answered.at("entry.0.response.status"), "200 OK");
}

#[tokio::test]
async fn a_structure_that_is_added_is_what_resources_are_checked_against() {
    let server = Server::start().await;
    let claiming =
        |rest: &str| format!(r#"{{"resourceType":"Patient","meta":{{"profile":["{PROFILE}"]}}{rest}}}"#);
    let post = async |json: &str| server.send(&format!("POST /Patient\n\n{json}")).await;
    assert_eq!(
        post(&claiming("")).await.status,
        201,
        "a profile that is not known is a claim of others"
    );
    add_to(&server);
    post(&claiming("")).await.refused(&format!(
        "422 required: \"telecom\" is required (profile {PROFILE})"
    ));
    post(&claiming(r#","telecom":[{"system":"phone"}]"#))
        .await
        .refused("422 required: \"value\" is required");
    post(&claiming(
        r#","telecom":[{"value":"1"}],"photo":[{"title":"face"}]"#,
    ))
    .await
    .refused("422 structure: \"photo\" is prohibited here; leave it out");
    assert_eq!(post(&claiming(r#","telecom":[{"value":"1"}]"#)).await.status, 201);
    assert_eq!(
        post(r#"{"resourceType":"Patient"}"#).await.status,
        201,
        "it claims nothing"
    );
    let extended = |value: &str| {
        format!(r#"{{"resourceType":"Patient","extension":[{{"url":"{EXTENSION}",{value}}}]}}"#)
    };
    assert_eq!(post(&extended(r#""valueCode":"west""#)).await.status, 201);
    post(&extended(r#""valueString":"west""#))
        .await
        .refused("422 structure: \"valueString\" is prohibited here; leave it out");
    post(r#"{"resourceType":"Patient","photo":[{"nonsense":"x"}]}"#)
        .await
        .refused("400 structure: Attachment has no element");
    // What the standard itself does not allow stays 400 whatever a profile says.
    post(&claiming(r#","telecom":[{"value":"1"}],"nonsense":1"#))
        .await
        .refused("400 structure: Patient has no element \"nonsense\"");

    let validated = server
        .send(&format!(
            "POST /Patient/$validate?profile={PROFILE}\n\n{{\"resourceType\":\"Patient\"}}"
        ))
        .await;
    assert_eq!(validated.status, 200);
    assert_eq!(validated.at("issue.0.severity"), "error");
    assert_eq!(validated.at("issue.0.expression.0"), "Patient.telecom");
}

#[tokio::test]
async fn the_capability_statement_names_what_is_added() {
    let server = Server::start().await;
    let claims = async |server: &Server| {
        server
            .get("/metadata")
            .await
            .text
            .contains("SearchParameter/nickname")
    };
    assert!(!claims(&server).await);
    add_to(&server);
    assert!(claims(&server).await);
}

#[tokio::test]
async fn another_server_does_not_know_it_until_it_gets_it_and_then_agrees_on_the_same_database() {
    let server = Server::start().await;
    let other = server.beside().await;
    add_to(&server);
    let nina = server.create(NINA).await;
    other
        .send("GET /Patient?nickname=nin\nPrefer: handling=strict")
        .await
        .refused("400 invalid: nickname");
    assert!(
        !other
            .get("/metadata")
            .await
            .text
            .contains("SearchParameter/nickname")
    );
    // In another order, so that the parameters have other ids there.
    other
        .definitions
        .change(|current| {
            current
                .with_search_parameter(&ward())?
                .with_search_parameter(&nickname())
        })
        .unwrap();
    assert_eq!(other.get("/Patient?nickname=nin").await.ids(), nina);
    let second = other.create(NINA).await;
    assert_eq!(
        server.get("/Patient?nickname=nin&_sort=_lastUpdated").await.ids(),
        format!("{nina},{second}")
    );
}

#[test]
fn what_is_there_keeps_its_ids() {
    let standard = definitions();
    let extended = standard.with_search_parameter(&nickname()).unwrap();
    let codes = |definitions: &Definitions| -> Vec<(ParameterId, String)> {
        let all = definitions.search_parameters().all();
        all.map(|parameter| (parameter.id, parameter.code.to_string()))
            .collect()
    };
    let (before, after) = (codes(standard), codes(&extended));
    assert_eq!(before, after[..before.len()]);
    assert_eq!(after.len(), before.len() + 1);
}
