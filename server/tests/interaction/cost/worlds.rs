//! A large database that is made quickly: a world of resources that refer to each other is written once by the server, and then
//! copied row by row with other ids. What is marked `x0x` is another's in each world (`x1x`, `x2x`, …), dates are a minute and numbers
//! one apart, and everything else is the same in all of them.

use brazier_server::resource::Json;

use crate::fixture::Server;

/// What one world consists of.
const WORLD: &[&str] = &[
    r#"{"resourceType":"Organization","id":"organizationx0x","name":"Clinic x0x","active":true}"#,
    r#"{"resourceType":"Practitioner","id":"practitionerx0x","name":[{"family":"Doctorx0x"}]}"#,
    r#"{"resourceType":"Location","id":"locationx0x","name":"Ward x0x","position":{"longitude":10,"latitude":50}}"#,
    r#"{"resourceType":"Patient","id":"patientx0x","identifier":[{"system":"urn:mrn","value":"x0x",
        "type":{"coding":[{"system":"urn:types","code":"MR"}]}}],"active":true,
        "name":[{"family":"Familyx0x","given":["Common"]}],"gender":"female","birthDate":"1970-01-01",
        "managingOrganization":{"reference":"Organization/organizationx0x"},
        "generalPractitioner":[{"reference":"Practitioner/practitionerx0x"}]}"#,
    r#"{"resourceType":"Device","id":"devicex0x","identifier":[{"system":"urn:udi","value":"x0x"}],
        "patient":{"reference":"Patient/patientx0x"},"deviceName":[{"name":"Monitor x0x","type":"other"}]}"#,
    r#"{"resourceType":"Encounter","id":"encounterx0x","status":"finished","class":{"code":"AMB"},
        "subject":{"reference":"Patient/patientx0x"},"serviceProvider":{"reference":"Organization/organizationx0x"},
        "period":{"start":"2020-01-01T08:00:00Z","end":"2020-01-01T09:00:00Z"}}"#,
    r#"{"resourceType":"Condition","id":"conditionx0x","subject":{"reference":"Patient/patientx0x"},
        "code":{"coding":[{"system":"urn:sct","code":"44054006","display":"Diabetes"}],"text":"Diabetes x0x"},
        "recordedDate":"2020-01-01T08:30:00Z"}"#,
    r#"{"resourceType":"Observation","id":"pulsex0x","status":"final","identifier":[{"system":"urn:lab","value":"px0x"}],
        "code":{"coding":[{"system":"urn:loinc","code":"8867-4","display":"Heart rate"}]},
        "subject":{"reference":"Patient/patientx0x"},"encounter":{"reference":"Encounter/encounterx0x"},
        "performer":[{"reference":"Practitioner/practitionerx0x"}],
        "effectiveDateTime":"2020-01-01T08:10:00Z","valueQuantity":{"value":60,"system":"urn:ucum","code":"/min"}}"#,
    r#"{"resourceType":"Observation","id":"pressurex0x","status":"final","identifier":[{"system":"urn:lab","value":"qx0x"}],
        "code":{"coding":[{"system":"urn:loinc","code":"85354-9","display":"Blood pressure"}]},
        "subject":{"reference":"Patient/patientx0x"},"device":{"reference":"Device/devicex0x"},
        "effectiveDateTime":"2020-01-01T08:20:00Z",
        "component":[{"code":{"coding":[{"system":"urn:loinc","code":"8480-6"}]},
            "valueQuantity":{"value":120,"system":"urn:ucum","code":"mm[Hg]"}}]}"#,
    r#"{"resourceType":"List","id":"listx0x","status":"current","mode":"working","title":"List x0x",
        "subject":{"reference":"Patient/patientx0x"},"entry":[{"item":{"reference":"Observation/pulsex0x"}},
        {"item":{"reference":"Condition/conditionx0x"}}]}"#,
    r#"{"resourceType":"Questionnaire","id":"questionnairex0x","url":"http://q.test/x0x","version":"1",
        "status":"active","title":"Questions x0x"}"#,
    r#"{"resourceType":"QuestionnaireResponse","id":"responsex0x","questionnaire":"http://q.test/x0x","status":"completed",
        "subject":{"reference":"Patient/patientx0x"},"authored":"2020-01-01T08:40:00Z"}"#,
    r#"{"resourceType":"RiskAssessment","id":"riskx0x","status":"final","subject":{"reference":"Patient/patientx0x"},
        "prediction":[{"probabilityDecimal":0.5}]}"#,
    r#"{"resourceType":"Group","id":"groupx0x","type":"person","actual":true,
        "identifier":[{"system":"urn:group","value":"x0x"}],"member":[{"entity":{"reference":"Patient/patientx0x"}}]}"#,
];

/// In the index, times are in microseconds.
const MINUTE: i64 = 60_000_000;

/// How far the keys of a world's copies are apart.
const KEYS: usize = 4096;

/// A server over so many worlds, of which the first is number 0.
pub async fn filled(worlds: usize) -> Server {
    let server = Server::start().await;
    let entries: Vec<String> = WORLD.iter().map(|resource| entry(resource)).collect();
    let bundle = format!(
        r#"{{"resourceType":"Bundle","type":"transaction","entry":[{}]}}"#,
        entries.join(",")
    );
    let answer = server.send(&format!("POST /\n\n{bundle}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let highest = "SELECT max(resource_key & 281474976710655) FROM resource";
    assert!(server.database.query(highest).parse::<usize>().unwrap() < KEYS);
    for (table, columns) in TABLES {
        let values: Vec<String> = columns.iter().map(|column| copied(table, column)).collect();
        server.database.query(&format!(
            "INSERT INTO {table} ({columns}) SELECT {values} FROM {table}, generate_series(1, {last}) AS world (n)",
            columns = columns.join(", "),
            values = values.join(", "),
            last = worlds - 1,
        ));
    }
    let next = worlds * KEYS;
    server
        .database
        .query(&format!("SELECT setval('resource_key', {next})"));
    server
        .database
        .query("VACUUM (ANALYZE) resource, token, string, reference, date, number, quantity, uri, composite");
    server
}

fn entry(resource: &str) -> String {
    let json = Json::parse(resource.as_bytes()).unwrap();
    let text = |name: &str| json.get(name).unwrap().as_str().unwrap().to_owned();
    let (resource_type, id) = (text("resourceType"), text("id"));
    format!(r#"{{"request":{{"method":"PUT","url":"{resource_type}/{id}"}},"resource":{resource}}}"#)
}

/// The tables of resources and of their index, with their columns.
const TABLES: &[(&str, &[&str])] = &[
    (
        "resource",
        &[
            "resource_key",
            "last_updated",
            "version",
            "resource_type",
            "method",
            "encoding",
            "id",
            "content",
        ],
    ),
    ("token", &["resource_key", "system", "parameter", "code"]),
    (
        "string",
        &[
            "resource_key",
            "parameter",
            "extreme",
            "value",
            "whole",
            "original",
        ],
    ),
    (
        "reference",
        &["resource_key", "parameter", "target_type", "target", "version"],
    ),
    ("date", &["resource_key", "low", "high", "parameter", "extreme"]),
    ("number", &["resource_key", "parameter", "extreme", "low", "high"]),
    (
        "quantity",
        &[
            "resource_key",
            "system",
            "parameter",
            "extreme",
            "low",
            "high",
            "code",
            "unit",
        ],
    ),
    ("uri", &["resource_key", "parameter", "value"]),
    (
        "composite",
        &[
            "resource_key",
            "system1",
            "system2",
            "system3",
            "parameter",
            "text1",
            "text2",
            "text3",
            "low1",
            "high1",
            "low2",
            "high2",
            "low3",
            "high3",
        ],
    ),
];

/// A column's value in world `n`.
fn copied(table: &str, column: &str) -> String {
    match (table, column) {
        (_, "resource_key") => format!("resource_key + n * {KEYS}"),
        (_, "last_updated") => "last_updated + n * interval '1 millisecond'".to_owned(),
        ("date", "low" | "high") => format!("{column} + n::bigint * {MINUTE}"),
        (_, column) if column.starts_with("low") || column.starts_with("high") => format!("{column} + n"),
        (_, column) if ["id", "target", "code", "value", "whole", "original"].contains(&column) => {
            format!("replace({column}, 'x0x', 'x' || n || 'x')")
        }
        (_, column) if column.starts_with("text") => format!("replace({column}, 'x0x', 'x' || n || 'x')"),
        (_, column) => column.to_owned(),
    }
}
