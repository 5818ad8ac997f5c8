//! What values mean to each kind of search parameter: case, punctuation, widths, hierarchies, components.
//! <http://hl7.org/fhir/R4/search.html#ptypes>

use crate::fixture::Server;

/// A server with these resources, each as its path and its other members.
pub async fn with(resources: &[(&str, &str)]) -> Server {
    let server = Server::start().await;
    put(&server, resources).await;
    server
}

/// Stores these resources, each given as its path and its other members.
pub async fn put(server: &Server, resources: &[(&str, &str)]) {
    for (path, members) in resources {
        let (resource_type, id) = path.split_once('/').unwrap();
        let body = format!(r#"{{"resourceType":"{resource_type}","id":"{id}",{members}}}"#);
        let answer = server.send_owned(format!("PUT /{path}\n\n{body}")).await;
        assert!(answer.status.is_success(), "{path}: {}", answer.text);
    }
}

/// Checks what each search finds, in the order of ids, and that it counts as many.
pub async fn find(server: &Server, cases: &[(&str, &str)]) {
    for (search, expected) in cases {
        let separator = if search.contains('?') { '&' } else { '?' };
        let answer = server.get(&format!("/{search}{separator}_sort=_id")).await;
        assert_eq!(answer.status, 200, "{search}: {}", answer.text);
        let found: Vec<String> = answer.ids().split(',').map(str::to_owned).collect();
        assert_eq!(found.join(","), *expected, "{search}: {}", answer.text);
        let unsorted = server.get(&format!("/{search}{separator}_total=accurate")).await;
        let count = expected.split_terminator(',').count();
        assert_eq!(unsorted.at("total"), count.to_string(), "{search}");
    }
}

#[tokio::test]
async fn punctuation_and_repeated_space_do_not_count_in_strings() {
    let server = with(&[
        (
            "Patient/hara",
            r#""name":[{"family":"O'Hara"}],"address":[{"line":["St. John's   Road, 5"]}]"#,
        ),
        ("Patient/curly", r#""name":[{"family":"O’HARA"}]"#),
        (
            "Patient/smith",
            r#""name":[{"family":"Smith-Jones","given":["Anne  Marie"]}]"#,
        ),
        ("Patient/dash", r#""name":[{"family":"--"}]"#),
    ])
    .await;
    find(
        &server,
        &[
            ("Patient?family=ohara", "curly,hara"),
            ("Patient?family=O%27Hara", "curly,hara"),
            ("Patient?family=o-hara", "curly,hara"),
            ("Patient?family:contains=%27har", "curly,hara"),
            ("Patient?family:exact=O%27Hara", "hara"),
            ("Patient?family:exact=OHara", ""),
            ("Patient?address=st%20johns%20%20road%205", "hara"),
            ("Patient?family=SmithJones", "smith"),
            ("Patient?given=anne%09marie", "smith"),
            ("Patient?family=--", "dash"),
            ("Patient?family=smith%20jones", ""),
        ],
    )
    .await;
}

#[tokio::test]
async fn tokens_that_are_texts_are_compared_without_case() {
    let server = with(&[
        (
            "Questionnaire/q",
            r#""url":"http://example.org/q","version":"1.0-Beta","status":"active""#,
        ),
        (
            "Patient/p",
            r#""telecom":[{"system":"email","value":"Ann@Example.org"}],"identifier":[{"system":"urn:s","value":"Ab1"}]"#,
        ),
        (
            "QuestionnaireResponse/r",
            r#""questionnaire":"http://example.org/q|1.0-BETA","status":"completed""#,
        ),
    ])
    .await;
    find(
        &server,
        &[
            ("Questionnaire?version=1.0-beta", "q"),
            ("Questionnaire?version=1.0-BETA", "q"),
            ("Questionnaire?version:not=1.0-BETA", ""),
            ("Questionnaire?url=http://example.org/q%7C1.0-bETA", "q"),
            ("Patient?email=ann@example.ORG", "p"),
            ("Patient?telecom=email%7CANN@example.org", "p"),
            ("Patient?telecom=phone%7Cann@example.org", ""),
            // Identifiers are compared as they are, and so are codes.
            ("Patient?identifier=Ab1", "p"),
            ("Patient?identifier=ab1", ""),
            ("Questionnaire?status=Active", ""),
            // The version of a canonical URL is that of the resource.
            ("QuestionnaireResponse?questionnaire.status=active", "r"),
            (
                "QuestionnaireResponse?questionnaire=http://example.org/q%7C1.0-beta",
                "r",
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn an_instant_has_no_width() {
    let server = with(&[
        (
            "Slot/noon",
            r#""schedule":{"reference":"Schedule/s"},"status":"free","start":"2024-05-01T12:00:00Z","end":"2024-05-01T12:30:00.500Z""#,
        ),
        (
            "Observation/instant",
            r#""status":"final","code":{"text":"x"},"effectiveInstant":"2024-05-01T12:00:00Z""#,
        ),
        (
            "Observation/second",
            r#""status":"final","code":{"text":"x"},"effectiveDateTime":"2024-05-01T12:00:00Z""#,
        ),
    ])
    .await;
    find(
        &server,
        &[
            ("Slot?start=2024-05-01T12:00:00.000Z", "noon"),
            ("Slot?start=2024-05-01T12:00:00Z", "noon"),
            ("Slot?start=2024-05-01T12:00Z", "noon"),
            ("Slot?start=2024-05-01T14:00:00.0%2B02:00", "noon"),
            ("Slot?start=2024-05-01T12:00:00.001Z", ""),
            ("Slot?start=ge2024-05-01T12:00:00.000Z", "noon"),
            ("Slot?start=le2024-05-01T12:00:00.000Z", "noon"),
            ("Slot?start=gt2024-05-01T12:00:00.000Z", ""),
            ("Slot?start=lt2024-05-01T12:00:00.000Z", ""),
            ("Slot?start=sa2024-05-01T11:59:59.999Z", "noon"),
            ("Slot?start=ne2024-05-01T12:00:00.000Z", ""),
            // A dateTime is as wide as it is precise.
            ("Observation?date=2024-05-01T12:00:00.000Z", "instant"),
            ("Observation?date=2024-05-01T12:00:00Z", "instant,second"),
            ("Observation?date=gt2024-05-01T12:00:00.000Z", "second"),
        ],
    )
    .await;
}

#[tokio::test]
async fn the_unit_that_people_write_counts_in_composites() {
    let loinc = r#""code":{"coding":[{"system":"http://loinc.org","code":"8867-4"}]}"#;
    let server = with(&[
        (
            "Observation/both",
            &format!(
                r#""status":"final",{loinc},"valueQuantity":{{"value":60,"unit":"beats","system":"http://unitsofmeasure.org","code":"/min"}}"#
            ),
        ),
        (
            "Observation/unit",
            &format!(r#""status":"final",{loinc},"valueQuantity":{{"value":60,"unit":"beats"}}"#),
        ),
    ])
    .await;
    let value = "Observation?code-value-quantity=http://loinc.org%7C8867-4$60";
    for (unit, found) in [
        ("%7C%7Cbeats", "both,unit"),
        ("%7C%7C/min", "both"),
        ("%7Chttp://unitsofmeasure.org%7C/min", "both"),
        ("%7C%7Cother", ""),
        ("", "both,unit"),
    ] {
        find(&server, &[(&format!("{value}{unit}"), found)]).await;
    }
    find(
        &server,
        &[("Observation?value-quantity=60%7C%7Cbeats", "both,unit")],
    )
    .await;
}

#[tokio::test]
async fn a_long_text_in_a_composite_is_compared_as_a_whole() {
    let long = "word ".repeat(100);
    let observation = |end: &str| {
        format!(r#""status":"final","code":{{"coding":[{{"code":"note"}}]}},"valueString":"{long}{end}""#)
    };
    let (one, other) = (observation("one"), observation("other"));
    let server = with(&[("Observation/one", &one), ("Observation/other", &other)]).await;
    let asked = long.trim().replace(' ', "%20");
    find(
        &server,
        &[
            (
                &format!("Observation?code-value-string=note${asked}"),
                "one,other",
            ),
            (
                &format!("Observation?code-value-string=note${asked}%20one"),
                "one",
            ),
            (&format!("Observation?code-value-string=note${asked}%20none"), ""),
            ("Observation?code-value-string=note$word%20word", "one,other"),
            (&format!("Observation?value-string={asked}%20other"), "other"),
        ],
    )
    .await;
}

#[tokio::test]
async fn related_documents_are_found_by_target_and_code() {
    let document = |target: &str, code: &str| {
        format!(
            r#""status":"current","content":[{{"attachment":{{"contentType":"text/plain"}}}}],
               "relatesTo":[{{"code":"{code}","target":{{"reference":"DocumentReference/{target}"}}}}]"#
        )
    };
    let (replaces, appends) = (document("old", "replaces"), document("old", "appends"));
    let server = with(&[
        ("DocumentReference/new", &replaces),
        ("DocumentReference/more", &appends),
    ])
    .await;
    find(
        &server,
        &[
            (
                "DocumentReference?relationship=DocumentReference/old$replaces",
                "new",
            ),
            (
                "DocumentReference?relationship=DocumentReference/old$appends",
                "more",
            ),
            (
                "DocumentReference?relationship=DocumentReference/none$appends",
                "",
            ),
            ("DocumentReference?relatesto=DocumentReference/old", "more,new"),
        ],
    )
    .await;
}

#[tokio::test]
async fn mime_types_have_others_below_them() {
    let document =
        |mime: &str| format!(r#""status":"current","content":[{{"attachment":{{"contentType":"{mime}"}}}}]"#);
    let (png, xml, plain) = (
        document("image/PNG"),
        document("text/xml; charset=utf-8"),
        document("text/xml"),
    );
    let server = with(&[
        ("DocumentReference/png", &png),
        ("DocumentReference/utf", &xml),
        ("DocumentReference/xml", &plain),
        (
            "Library/l",
            r#""status":"active","type":{"text":"x"},"content":[{"contentType":"text/cql"}]"#,
        ),
    ])
    .await;
    find(
        &server,
        &[
            ("DocumentReference?contenttype:below=image", "png"),
            ("DocumentReference?contenttype:below=image/", "png"),
            ("DocumentReference?contenttype:below=image/*", "png"),
            ("DocumentReference?contenttype=image/png", "png"),
            ("DocumentReference?contenttype:below=text", "utf,xml"),
            ("DocumentReference?contenttype:below=text/xml", "utf,xml"),
            ("DocumentReference?contenttype:below=text/x", ""),
            ("DocumentReference?contenttype=text/xml", "xml"),
            (
                "DocumentReference?contenttype:above=text/xml;%20charset=utf-8",
                "utf,xml",
            ),
            ("DocumentReference?contenttype:below=tex", ""),
            ("Library?content-type:below=text", "l"),
        ],
    )
    .await;
    server
        .get("/DocumentReference?contenttype:below=*")
        .await
        .refused("400 invalid: contenttype:below does not accept the value");
}

#[tokio::test]
async fn canonical_urls_have_others_and_versions_below_them() {
    let profile = |url: &str| format!(r#""meta":{{"profile":["{url}"]}},"active":true"#);
    let (one, two, ten) = (
        profile("http://example.org/p/a|1.0.1"),
        profile("http://example.org/p/a|2"),
        profile("http://example.org/p/a|10.0"),
    );
    let server = with(&[
        ("Patient/one", &one),
        ("Patient/two", &two),
        ("Patient/ten", &ten),
        (
            "ActivityDefinition/one",
            r#""status":"draft","relatedArtifact":[{"type":"derived-from","resource":"http://example.org/p/a|1.0.1"}]"#,
        ),
        (
            "ActivityDefinition/ten",
            r#""status":"draft","relatedArtifact":[{"type":"derived-from","resource":"http://example.org/p/a|10.0"}]"#,
        ),
        (
            "ValueSet/one",
            r#""status":"draft","url":"http://example.org/p/a","version":"1.0.1""#,
        ),
        (
            "ValueSet/ten",
            r#""status":"draft","url":"http://example.org/p/a","version":"10.0""#,
        ),
    ])
    .await;
    for (search, found) in [
        (
            "Patient?_profile",
            ["one", "one", "one,ten,two", "one,ten,two", ""],
        ),
        (
            "ActivityDefinition?derived-from",
            ["one", "one", "one,ten", "one,ten", ""],
        ),
        ("ValueSet?url", ["one", "one", "one,ten", "one,ten", ""]),
    ] {
        for (value, found) in [
            "http://example.org/p/a%7C1",
            "http://example.org/p/a%7C1.0",
            "http://example.org/p/a",
            "http://example.org/p",
            "http://example.org/p/a%7C3",
        ]
        .into_iter()
        .zip(found)
        {
            find(&server, &[(&format!("{search}:below={value}"), found)]).await;
        }
    }
    find(
        &server,
        &[(
            "ActivityDefinition?derived-from:above=http://example.org/p/a/b/c",
            "one,ten",
        )],
    )
    .await;
    server
        .get("/Observation?subject:below=http://example.org/p")
        .await
        .refused("400 invalid: subject:below");
}
