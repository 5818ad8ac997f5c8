//! What cannot be compared, or may mean several things, is refused. <http://hl7.org/fhir/R4/search.html>

use crate::fixture::Server;
use crate::search_meaning::{find, put, with};

#[tokio::test]
async fn numbers_that_cannot_be_compared_are_refused_wherever_they_stand() {
    let observation = |value: &str| {
        format!(
            r#"{{"resourceType":"Observation","id":"o","status":"final","code":{{"text":"x"}},"valueQuantity":{{"value":{value}}}}}"#
        )
    };
    let server = Server::start().await;
    for value in ["1e999999999", "-1E400", "1e-999999999"] {
        let expected = "400 value: ";
        for request in ["POST /Observation", "PUT /Observation/o"] {
            let refused = server
                .send_owned(format!("{request}\n\n{}", observation(value)))
                .await;
            refused.refused(expected);
            assert!(refused.text.contains("2.3e-308 to 1.7e308"), "{}", refused.text);
        }
        server
            .get(&format!("/Observation?value-quantity={value}"))
            .await
            .refused("400 invalid: value-quantity does not accept the value");
    }
    let put = server
        .send_owned(format!("PUT /Observation/o\n\n{}", observation("1.0e245")))
        .await;
    assert_eq!(put.status, 201, "{}", put.text);
    for value in ["1e999999999", "-1E400"] {
        let json = format!(r#"[{{"op":"replace","path":"/valueQuantity/value","value":{value}}}]"#);
        let patch = format!("PATCH /Observation/o\nContent-Type: application/json-patch+json\n\n{json}");
        let refused = server.send_owned(patch).await;
        assert!(refused.status.is_client_error(), "{}", refused.text);
        let fhirpath = format!(
            r#"{{"resourceType":"Parameters","parameter":[{{"name":"operation","part":[{{"name":"type","valueCode":"replace"}},
               {{"name":"path","valueString":"Observation.value.value"}},{{"name":"value","valueDecimal":{value}}}]}}]}}"#
        );
        let refused = server
            .send_owned(format!("PATCH /Observation/o\n\n{fhirpath}"))
            .await;
        assert!(refused.status.is_client_error(), "{}", refused.text);
        assert_eq!(refused.at("resourceType"), "OperationOutcome");
    }
    assert_eq!(
        server.get("/Observation/o").await.at("valueQuantity.value"),
        "1.0e245"
    );
}

#[tokio::test]
async fn an_id_without_a_type_must_be_of_one_resource() {
    let server = with(&[
        ("Patient/123", r#""active":true"#),
        (
            "Observation/p",
            r#""status":"final","code":{"text":"x"},"subject":{"reference":"Patient/123"}"#,
        ),
    ])
    .await;
    find(&server, &[("Observation?subject=123", "p")]).await;
    put(&server, &[("Group/123", r#""type":"person","actual":true"#)]).await;
    for search in [
        "Observation?subject=123",
        "Observation?subject=5,123",
        "DiagnosticReport?result.subject=123",
    ] {
        let refused = server.get(&format!("/{search}")).await;
        refused.refused("400 multiple-matches: ");
        let told = refused.at("issue.0.diagnostics");
        assert!(told.contains("Group/123 and Patient/123"), "{told}");
        assert!(told.contains("subject=Patient/123"), "{told}");
    }
    find(
        &server,
        &[
            ("Observation?subject=Patient/123", "p"),
            ("Observation?subject:Patient=123", "p"),
            ("Observation?subject:Group=123", ""),
            // Points at patients alone.
            ("Observation?patient=123", "p"),
        ],
    )
    .await;
    server.send("DELETE /Group/123").await;
    find(&server, &[("Observation?subject=123", "p")]).await;
}
