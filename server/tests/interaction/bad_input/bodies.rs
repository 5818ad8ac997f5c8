//! Bodies that are not what they should be, from a wrong comma to a monster.

use super::*;

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a list of cases")]
async fn bodies() {
    let server = Server::start().await;
    let patient = |members: &str| format!("POST /Patient\n\n{{\"resourceType\":\"Patient\",{members}}}");
    let whole = [
        ("POST /Patient", "400 empty"),
        ("POST /Patient\n\nnull", "400 object"),
        ("POST /Patient\n\n7", "400 object"),
        ("POST /Patient\n\n\"Patient\"", "400 object"),
        ("POST /Patient\n\n[]", "400 object"),
        ("POST /Patient\n\n[{\"resourceType\":\"Patient\"}]", "400 object"),
        (
            "POST /Patient\n\n<Patient xmlns=\"http://hl7.org/fhir\"/>",
            "400 not valid JSON",
        ),
        (
            "POST /Patient\n\n{\"resourceType\":\"Patient\"",
            "400 not valid JSON",
        ),
        (
            "POST /Patient\n\n{\"resourceType\":\"Patient\"}}",
            "400 not valid JSON",
        ),
        (
            "POST /Patient\n\n{'resourceType':'Patient'}",
            "400 not valid JSON",
        ),
        (
            "POST /Patient\n\n{\"resourceType\":\"Patient\",}",
            "400 not valid JSON",
        ),
        (
            "POST /Patient\n\n{\"resourceType\":\"Patient\",\"active\":NaN}",
            "400 not valid JSON",
        ),
        (
            "POST /Patient\n\n{\"resourceType\":\"Patient\",\"active\":01}",
            "400 not valid JSON",
        ),
        (
            "POST /Patient\n\n{\"resourceType\":\"Patient\",\"id\":\"\\ud800\"}",
            "400 not valid JSON",
        ),
        (
            "POST /Patient\n\n{\"resourceType\":\"Patient\",\"resourceType\":\"Patient\"}",
            "400 twice",
        ),
        ("POST /Patient\n\n{\"resourceType\":\"patient\"}", "400 patient"),
        (
            "POST /Patient\n\n{\"resourceType\":\"Observation\"}",
            "400 Observation",
        ),
        ("POST /Patient\n\n{\"resourceType\":null}", "400 resourceType"),
        (
            "POST /Patient\n\n{\"ResourceType\":\"Patient\"}",
            "400 resourceType",
        ),
        (
            "PUT /Patient/a\n\n{\"resourceType\":\"Patient\"}",
            "400 Patient.id",
        ),
        (
            "PUT /Patient/a\n\n{\"resourceType\":\"Patient\",\"id\":\"A\"}",
            "400 Patient.id",
        ),
        (
            "PUT /Patient/a\n\n{\"resourceType\":\"Patient\",\"id\":7}",
            "400 Patient.id",
        ),
        (
            "PUT /Patient/a_b\n\n{\"resourceType\":\"Patient\",\"id\":\"a_b\"}",
            "400 a_b",
        ),
        (
            "PUT /Patient\n\n{\"resourceType\":\"Patient\"}",
            "412 search parameters",
        ),
    ];
    refused(&server, &whole).await;
    let members = [
        ("\"nonsense\":1", "400 nonsense"),
        ("\"Active\":true", "400 Active"),
        ("\"active\":\"true\"", "400 Patient.active"),
        ("\"active\":1", "400 Patient.active"),
        ("\"active\":null", "400 Patient.active"),
        ("\"active\":[true]", "400 Patient.active"),
        ("\"name\":\"Meier\"", "400 Patient.name"),
        ("\"name\":{\"family\":\"Meier\"}", "400 Patient.name"),
        ("\"name\":[]", "400 Patient.name"),
        ("\"name\":[{}]", "400 Patient.name[0]"),
        ("\"name\":[{\"family\":\"\"}]", "400 family"),
        ("\"name\":[{\"family\":[\"Meier\"]}]", "400 family"),
        ("\"name\":[{\"given\":\"Anna\"}]", "400 given"),
        ("\"name\":[{\"family\":\"a\\u0000b\"}]", "400 U+0000"),
        ("\"gender\":\"m\"", "400 Patient.gender"),
        ("\"birthDate\":\"01.02.2003\"", "400 Patient.birthDate"),
        ("\"birthDate\":\"2003-02-30\"", "400 Patient.birthDate"),
        ("\"birthDate\":20030201", "400 Patient.birthDate"),
        (
            "\"deceasedBoolean\":true,\"deceasedDateTime\":\"2020\"",
            "400 Patient.deceased",
        ),
        ("\"deceasedNonsense\":true", "400 deceasedNonsense"),
        ("\"multipleBirthInteger\":1.5", "400 multipleBirth"),
        (
            "\"multipleBirthInteger\":99999999999999999999",
            "400 multipleBirth",
        ),
        ("\"multipleBirthInteger\":1e400", "400 multipleBirth"),
        ("\"link\":[{\"type\":\"refer\"}]", "422 link"),
        ("\"identifier\":[{\"system\":\"a b\"}]", "400 system"),
        ("\"photo\":[{\"data\":\"!!!\"}]", "400 data"),
        ("\"photo\":[{\"size\":-1}]", "400 size"),
        ("\"extension\":[{\"valueString\":\"x\"}]", "422 url"),
        (
            "\"text\":{\"status\":\"generated\",\"div\":\"<script>alert(1)</script>\"}",
            "400 Patient.text.div",
        ),
        ("\"meta\":{\"lastUpdated\":\"yesterday\"}", "400 lastUpdated"),
        ("\"meta\":7", "400 meta"),
        ("\"contained\":[{\"resourceType\":\"Nothing\"}]", "400 Nothing"),
        ("\"contained\":[{\"id\":\"a\"}]", "422 resourceType"),
        (
            "\"managingOrganization\":\"Organization/1\"",
            "400 managingOrganization",
        ),
        ("\"managingOrganization\":{\"reference\":7}", "400 reference"),
    ];
    for (members, expected) in members {
        let request = patient(members);
        let answer = server.send(&request).await;
        check(&answer, &request, expected);
        assert_ne!(answer.at("issue.0.diagnostics"), "");
    }
}

#[tokio::test]
async fn monsters() {
    let server = Server::start().await;
    let nested = |open: &str, close: &str, depth: usize| {
        format!(
            "POST /Patient\n\n{{\"resourceType\":\"Patient\",\"extension\":{}{}}}",
            open.repeat(depth),
            close.repeat(depth)
        )
    };
    for (request, expected) in [
        (nested("[", "]", 100_000), "400 nested deeper"),
        (nested("{\"a\":", "}", 100_000), "400 "),
        (nested("[{\"extension\":", "}]", 5_000), "400 nested deeper"),
        (
            format!(
                "POST /Patient\n\n{{\"resourceType\":\"Patient\",\"multipleBirthInteger\":{}}}",
                "9".repeat(100_000)
            ),
            "400 ",
        ),
        (
            format!(
                "POST /Patient\n\n{{\"resourceType\":\"Patient\",{}\"x\":1}}",
                (0..50_000)
                    .map(|number| format!("\"m{number}\":1,"))
                    .collect::<String>()
            ),
            "400 ",
        ),
        (
            format!("POST /Patient\n\n{}", "[".repeat(1_000_000)),
            "400 nested deeper",
        ),
        (
            format!("GET /Observation?subject{}=x", ":Patient.link".repeat(50)),
            "400 ",
        ),
        (
            format!("GET /Patient?name={}", "a,".repeat(20_000)),
            "400 at most 5000 values",
        ),
    ] {
        let answer = server.send(&request).await;
        check(&answer, &request, expected);
    }
    // It is still there, and well.
    assert_eq!(server.get("/Patient").await.status, 200);
}

#[tokio::test]
async fn a_body_over_the_limit_is_not_read() {
    let settings = brazier_server::state::Settings {
        maximum_body: 1000,
        ..Default::default()
    };
    let server = Server::start_with(settings).await;
    let request = format!(
        "POST /Patient\n\n{{\"resourceType\":\"Patient\",\"language\":\"{}\"}}",
        "x".repeat(1000)
    );
    check(&server.send(&request).await, &request, "413 1000 bytes");
    let request = Request::post("/Patient")
        .header("content-length", "99999999999")
        .body(Body::empty())
        .unwrap();
    check(&server.send_request(request).await, "announced", "413 1000 bytes");
    let body = Body::from(b"{\"resourceType\":\"Patient\",\"language\":\"\xff\"}".to_vec());
    let answer = server
        .send_request(Request::post("/Patient").body(body).unwrap())
        .await;
    check(&answer, "not UTF-8", "400 UTF-8");
}
