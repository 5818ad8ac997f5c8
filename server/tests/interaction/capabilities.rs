//! <http://hl7.org/fhir/R4/http.html#capabilities>, and what is not there at all

use brazier_server::resource::{Json, Object, ResourceType};
use brazier_server::validation::validate;

use crate::fixture::{Server, definitions};

#[tokio::test]
async fn what_is_not_allowed_or_not_there_is_told() {
    let server = Server::start().await;
    let refused = server.send("POST /metadata").await;
    refused.refused("405 not-supported: POST is not allowed here; use GET, HEAD");
    assert_eq!(refused.header("allow"), "GET, HEAD");
    server
        .get("/metadata?mode=nonsense")
        .await
        .refused("400 invalid: the parameter mode");
    server
        .get("/metadata?mode=terminology")
        .await
        .refused("400 invalid: the parameter mode is \"terminology\"");
    server.get("/nothing_here").await.refused("404 not-found");
    server
        .get("/Patient/1/$nonsense")
        .await
        .refused("404 not-supported: the operation $nonsense");
    assert_eq!(
        server.send("OPTIONS /Patient/1").await.header("allow"),
        "GET, HEAD, PUT, PATCH, DELETE, OPTIONS"
    );
    server.send("OPTIONS /Nothing").await.refused("404 not-supported");
}

#[tokio::test]
async fn the_statement_is_valid_and_claims_what_the_router_has() {
    let server = Server::start().await;
    let statement = server.get("/metadata").await;
    assert_eq!(statement.status, 200);
    assert_eq!(
        (statement.at("resourceType"), statement.at("fhirVersion")),
        ("CapabilityStatement".into(), "4.0.1".into())
    );
    assert_eq!(statement.at("implementation.url"), "http://fhir.test");
    let json = statement.json();
    let resource: &Object = json.as_object().unwrap();
    assert_eq!(
        validate(
            definitions(),
            ResourceType::parse("CapabilityStatement").unwrap(),
            resource
        ),
        []
    );
    let resources = json.get("rest").unwrap().as_array().unwrap()[0]
        .get("resource")
        .unwrap()
        .as_array()
        .unwrap();
    assert_eq!(resources.len(), 146);
    let codes = |place: &Json| -> Vec<String> {
        let interactions = place.get("interaction").unwrap().as_array().unwrap();
        interactions
            .iter()
            .map(|interaction| interaction.get("code").unwrap().as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        codes(&resources[0]),
        [
            "read",
            "update",
            "patch",
            "delete",
            "vread",
            "history-instance",
            "search-type",
            "create",
            "history-type"
        ]
    );
    let system = &json.get("rest").unwrap().as_array().unwrap()[0];
    assert_eq!(
        codes(system),
        ["search-system", "transaction", "batch", "history-system"]
    );
    let patient = resources
        .iter()
        .find(|place| place.get("type").unwrap().as_str() == Some("Patient"))
        .unwrap();
    let parameters = patient.get("searchParam").unwrap().as_array().unwrap();
    for name in ["_id", "_lastUpdated", "birthdate", "general-practitioner"] {
        assert!(
            parameters
                .iter()
                .any(|parameter| parameter.get("name").unwrap().as_str() == Some(name)),
            "{name}"
        );
    }
    // What everybody may know is not in the audit trail.
    assert_eq!(server.database.query("SELECT count(*) FROM access_record"), "0");
}
