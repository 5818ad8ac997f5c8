//! What a principal may not read is told in no way: by no criteria wherever they stand, by no include, by no patch, and by no
//! Binary that goes with it.

use crate::guarded::Guarded;

const ORGANIZATION: &str = r#"{"resourceType":"Organization","id":"o","name":"Secret"}"#;
const PATIENT: &str = r#"{"resourceType":"Patient","id":"p","active":true,"managingOrganization":{"reference":"Organization/o"}}"#;
const OBSERVATION: &str = r#"{"resourceType":"Observation","id":"x","status":"final","code":{"coding":[{"code":"c"}]},"subject":{"reference":"Patient/p"}}"#;
const LIST: &str = r#"{"resourceType":"List","id":"l","status":"current","mode":"working","entry":[{"item":{"reference":"Patient/p"}}]}"#;

/// Criteria on patients that tell what other resources say.
const PRYING: [&str; 6] = [
    "organization.name=Secret",
    "organization:Organization.name=Secret",
    "organization.name:missing=false",
    "_has:Observation:patient:code=c",
    "_has:Observation:patient:_id=x",
    "_list=l",
];

/// Whoever `of_patients` is may do everything, with patients.
async fn start() -> Guarded {
    let guarded = Guarded::start(&[("of_patients", &["*"], &["Patient", "Bundle"])]).await;
    guarded.store(&[ORGANIZATION, PATIENT, OBSERVATION, LIST]).await;
    guarded
}

/// The patients there are, each with its version.
fn patients(guarded: &Guarded) -> String {
    guarded.server.database.query(
        "SELECT string_agg(concat_ws(' ', id, version), ',') FROM resource
         JOIN resource_type ON number = resource_type WHERE name = 'Patient'",
    )
}

#[tokio::test]
async fn criteria_lead_through_nothing_that_may_not_be_searched_wherever_they_stand() {
    let guarded = start().await;
    let body = r#"{"resourceType":"Patient"}"#;
    let patch = "Content-Type: application/json-patch+json\n\n[{\"op\":\"add\",\"path\":\"/gender\",\"value\":\"other\"}]";
    for criteria in PRYING {
        for request in [
            format!("GET /Patient?{criteria}"),
            format!("POST /Patient/_search\nContent-Type: application/x-www-form-urlencoded\n\n{criteria}"),
            format!("GET /Patient/p/Patient?{criteria}"),
            format!("PUT /Patient?{criteria}\n\n{body}"),
            format!("PATCH /Patient?{criteria}\n{patch}"),
            format!("DELETE /Patient?{criteria}"),
            format!("POST /Patient\nIf-None-Exist: {criteria}\n\n{body}"),
        ] {
            let refused = guarded.send("of_patients", &request).await;
            refused.refused("403 forbidden: no role assignment allows");
        }
    }
    assert_eq!(patients(&guarded), "p 1", "nothing was made, changed or deleted");
}

#[tokio::test]
async fn nor_in_the_entries_of_a_bundle() {
    let guarded = start().await;
    for criteria in PRYING {
        let entries = [
            format!(r#"{{"request":{{"method":"GET","url":"Patient?{criteria}"}}}}"#),
            format!(r#"{{"request":{{"method":"DELETE","url":"Patient?{criteria}"}}}}"#),
            format!(
                r#"{{"request":{{"method":"PUT","url":"Patient?{criteria}"}},"resource":{{"resourceType":"Patient"}}}}"#
            ),
            format!(
                r#"{{"request":{{"method":"POST","url":"Patient","ifNoneExist":"{criteria}"}},"resource":{{"resourceType":"Patient"}}}}"#
            ),
            format!(
                r#"{{"request":{{"method":"PATCH","url":"Patient?{criteria}"}},"resource":{{"resourceType":"Parameters"}}}}"#
            ),
        ];
        for entry in &entries {
            let bundle = format!(r#"{{"resourceType":"Bundle","type":"transaction","entry":[{entry}]}}"#);
            let refused = guarded.send("of_patients", &format!("POST /\n\n{bundle}")).await;
            refused.refused("403 forbidden: entry 0");
        }
        let bundle = format!(
            r#"{{"resourceType":"Bundle","type":"batch","entry":[{}]}}"#,
            entries.join(",")
        );
        let answer = guarded.send("of_patients", &format!("POST /\n\n{bundle}")).await;
        for place in 0..entries.len() {
            let status = answer.at(&format!("entry.{place}.response.status"));
            assert_eq!(status, "403 Forbidden", "{criteria} {place}: {}", answer.text);
        }
        let reference = format!(
            r#"{{"resourceType":"Bundle","type":"transaction","entry":[{{"request":{{"method":"POST","url":"Patient"}},"resource":{{"resourceType":"Patient","link":[{{"type":"seealso","other":{{"reference":"Patient?{criteria}"}}}}]}}}}]}}"#
        );
        let refused = guarded
            .send("of_patients", &format!("POST /\n\n{reference}"))
            .await;
        refused.refused("403 forbidden: entry 0");
    }
    assert_eq!(patients(&guarded), "p 1");
}

#[tokio::test]
async fn includes_step_over_nothing_that_may_not_be_searched() {
    let guarded = Guarded::start(&[("no_patients", &["search"], &["Observation", "Organization"])]).await;
    guarded.store(&[ORGANIZATION, PATIENT, OBSERVATION]).await;
    for (query, of_admin, of_other) in [
        (
            "/Observation?_include=Observation:subject&_include:iterate=Patient:organization",
            "x,p,o",
            "x",
        ),
        (
            "/Organization?_revinclude=Patient:organization&_revinclude:iterate=Observation:subject",
            "o,p,x",
            "o",
        ),
        ("/Observation?_include=*&_include:iterate=*", "x,p,o", "x"),
    ] {
        let request = format!("GET {query}");
        let whole = guarded.send("admin", &request).await.ids();
        let mut whole: Vec<&str> = whole.split(',').collect();
        whole[1..].sort_unstable_by_key(|id| of_admin.find(id));
        assert_eq!(whole.join(","), of_admin, "{query}");
        let limited = guarded.send("no_patients", &request).await;
        assert_eq!(limited.ids(), of_other, "{query}: {}", limited.text);
    }
}

/// Puts another version of what is stored already.
async fn change(guarded: &Guarded, path: &str, resource: &str) {
    let changed = guarded.send("admin", &format!("PUT {path}\n\n{resource}")).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
}

const INSTEAD: &str = "some references name an earlier version of what they refer to";

#[tokio::test]
async fn an_earlier_version_is_included_only_for_who_may_read_it() {
    let guarded = Guarded::start(&[
        ("searcher", &["search"], &[]),
        ("historian", &["search", "history"], &[]),
        ("of_observations", &["search", "read"], &["Observation"]),
        ("of_both", &["search", "read"], &["Observation", "Patient"]),
        ("reader", &["search", "read"], &[]),
    ])
    .await;
    let patient =
        |name: &str| format!(r#"{{"resourceType":"Patient","id":"p","name":[{{"family":"{name}"}}]}}"#);
    let observation = r#"{"resourceType":"Observation","id":"x","status":"final","code":{"text":"c"},"subject":{"reference":"Patient/p/_history/1"}}"#;
    let before = patient("Before");
    guarded.store(&[before.as_str(), observation]).await;
    change(&guarded, "/Patient/p", &patient("After")).await;
    let batch = r#"{"resourceType":"Bundle","type":"batch","entry":[{"request":{"method":"GET","url":"Observation?_include=*"}}]}"#;
    let ways = [
        "GET /Observation?_include=Observation:subject".to_owned(),
        "GET /?_type=Observation&_include=*".to_owned(),
        "GET /Observation?_include=*&_include:iterate=*".to_owned(),
        "POST /Observation/_search\nContent-Type: application/x-www-form-urlencoded\n\n_include=Observation:*".to_owned(),
        "GET /Patient/p/Observation?_include=*".to_owned(),
        "GET /Patient/p/$everything".to_owned(),
        format!("POST /\n\n{batch}"),
    ];
    for way in &ways {
        for (who, earlier, current, warned) in [
            ("searcher", false, true, true),
            ("historian", false, true, true),
            ("reader", true, way.contains("everything"), false),
        ] {
            let page = guarded.send(who, way).await;
            assert_eq!(
                page.text.contains("Before"),
                earlier,
                "{who} {way}: {}",
                page.text
            );
            assert_eq!(page.text.contains("After"), current, "{who} {way}: {}", page.text);
            assert_eq!(page.text.contains(INSTEAD), warned, "{who} {way}: {}", page.text);
            // The current one comes once, whatever leads to it.
            assert!(
                page.text.matches("After").count() < 2,
                "{who} {way}: {}",
                page.text
            );
        }
    }
    for (who, earlier) in [("of_both", true), ("of_observations", false)] {
        let page = guarded.send(who, &ways[0]).await;
        assert_eq!(page.text.contains("Before"), earlier, "{who}: {}", page.text);
        assert!(!page.text.contains("After"), "{who}: {}", page.text);
    }
    // What was deleted since has no version that stands in.
    guarded.send("admin", "DELETE /Patient/p").await;
    let page = guarded.send("searcher", &ways[0]).await;
    assert!(
        page.ids().starts_with('x') && page.text.contains(INSTEAD),
        "{}",
        page.text
    );
    assert!(
        !page.text.contains("Before") && !page.text.contains("After"),
        "{}",
        page.text
    );
    let page = guarded.send("reader", &ways[0]).await;
    assert!(page.text.contains("Before"), "{}", page.text);
}

#[tokio::test]
async fn nor_is_that_of_a_binary_which_may_follow_the_rules_of_another_type() {
    let guarded = Guarded::start(&[
        ("of_binaries", &["search", "read"], &["Binary", "Provenance"]),
        ("reader", &["search", "read"], &[]),
    ])
    .await;
    let before = r#"{"resourceType":"Binary","id":"b","contentType":"text/plain","data":"QUJD","securityContext":{"reference":"Patient/p"}}"#;
    let after = r#"{"resourceType":"Binary","id":"b","contentType":"text/plain","data":"REVG"}"#;
    let provenance = r#"{"resourceType":"Provenance","id":"v","target":[{"reference":"Binary/b/_history/1"}],"recorded":"2026-01-01T00:00:00Z","agent":[{"who":{"display":"x"}}]}"#;
    guarded.store(&[before, provenance]).await;
    change(&guarded, "/Binary/b", after).await;
    let include = "GET /Provenance?_include=Provenance:target";
    for (who, found, not) in [("reader", "QUJD", "REVG"), ("of_binaries", "REVG", "QUJD")] {
        let page = guarded.send(who, include).await;
        assert!(
            page.text.contains(found) && !page.text.contains(not),
            "{who}: {}",
            page.text
        );
    }
}

#[tokio::test]
async fn a_patch_needs_to_read_what_it_changes() {
    let guarded = Guarded::start(&[
        ("writer", &["update", "search"], &[]),
        ("editor", &["update", "read"], &[]),
    ])
    .await;
    guarded.store(&[PATIENT]).await;
    let patch = |path: &str, value: &str| {
        format!(
            "PATCH {path}\nContent-Type: application/json-patch+json\n\n[{{\"op\":\"test\",\"path\":\"/active\",\"value\":{value}}}]"
        )
    };
    for path in ["/Patient/p", "/Patient?_id=p"] {
        // Whether the guess is right or wrong.
        for guess in ["true", "false"] {
            guarded.send("writer", &patch(path, guess)).await.refused(
                "403 forbidden: no role assignment allows system:serviceaccount:team-a:writer to read",
            );
        }
    }
    let entry =
        r#"{"request":{"method":"PATCH","url":"Patient/p"},"resource":{"resourceType":"Parameters"}}"#;
    let bundle = format!(r#"{{"resourceType":"Bundle","type":"transaction","entry":[{entry}]}}"#);
    guarded
        .send("writer", &format!("POST /\n\n{bundle}"))
        .await
        .refused("403 forbidden: entry 0");
    let patched = guarded.send("editor", &patch("/Patient/p", "true")).await;
    assert_eq!(
        (patched.status.as_u16(), patched.at("active")),
        (200, "true".to_owned())
    );
}

#[tokio::test]
async fn a_binary_goes_with_what_its_security_context_names() {
    let everything: &[&str] = &["read", "search", "history", "update", "validate"];
    let guarded = Guarded::start(&[
        ("of_binaries", everything, &["Binary"]),
        ("of_both", everything, &["Binary", "Patient"]),
    ])
    .await;
    let open = r#"{"resourceType":"Binary","id":"open","contentType":"text/plain","data":"eA=="}"#;
    let guarded_one = r#"{"resourceType":"Binary","id":"guarded","contentType":"text/plain","data":"eA==","securityContext":{"reference":"Patient/p"}}"#;
    guarded.store(&[PATIENT, open, guarded_one]).await;
    for (path, refused) in [
        ("/Binary/guarded", true),
        ("/Binary/guarded/_history/1", true),
        ("/Binary/open", false),
    ] {
        for accept in ["application/fhir+json", "text/plain"] {
            let request = format!("GET {path}\nAccept: {accept}");
            let answer = guarded.send("of_binaries", &request).await;
            let status = if refused { 403 } else { 200 };
            assert_eq!(answer.status, status, "{path} {accept}: {}", answer.text);
            assert_eq!(guarded.send("of_both", &request).await.status, 200);
        }
    }
    for path in ["/Binary", "/Binary/_history", "/?_type=Binary"] {
        let request = format!("GET {path}");
        assert_eq!(
            guarded.send("of_binaries", &request).await.ids(),
            "open",
            "{path}"
        );
        let both = guarded.send("of_both", &request).await;
        assert!(both.ids().contains("guarded"), "{path}: {}", both.text);
    }
    let patch = "PATCH /Binary/guarded\nContent-Type: application/json-patch+json\n\n[{\"op\":\"remove\",\"path\":\"/securityContext\"}]";
    guarded
        .send("of_binaries", patch)
        .await
        .refused("403 forbidden: no role assignment allows");
    let trail = guarded.server.database.query(
        "SELECT count(*) FROM access_record
         WHERE agent LIKE '%:of_binaries' AND resource_id = 'guarded' AND status < 400",
    );
    assert_eq!(trail, "0");
}

#[tokio::test]
async fn what_describes_and_what_happened_is_not_for_writers() {
    let writer: &[&str] = &["read", "search", "create", "update", "delete"];
    let guarded = Guarded::start(&[
        ("writer", writer, &[]),
        ("profiler", &["read", "profiles"], &[]),
        ("indexer", &["searchParameters"], &[]),
    ])
    .await;
    let resources = [
        r#"{"resourceType":"ValueSet","id":"v","status":"active"}"#,
        r#"{"resourceType":"CodeSystem","id":"c","status":"active","content":"complete"}"#,
        r#"{"resourceType":"StructureDefinition","id":"s","url":"http://s","name":"S","status":"active","kind":"resource","abstract":false,"type":"Patient"}"#,
        r#"{"resourceType":"SearchParameter","id":"q","url":"http://q","name":"Q","status":"active","description":"q","code":"q","base":["Patient"],"type":"string"}"#,
    ];
    for resource in resources {
        let name = resource.split('"').nth(3).unwrap();
        let id = resource.split('"').nth(7).unwrap();
        let who = if name == "SearchParameter" {
            "indexer"
        } else {
            "profiler"
        };
        for request in [
            format!("POST /{name}\n\n{resource}"),
            format!("PUT /{name}/{id}\n\n{resource}"),
            format!("PUT /{name}?_id={id}\n\n{resource}"),
            format!("DELETE /{name}/{id}"),
        ] {
            let refused = guarded.send("writer", &request).await;
            refused.refused("403 forbidden: no role assignment allows");
            assert!(
                refused.text.contains("it takes the data action"),
                "{}",
                refused.text
            );
        }
        let entry = format!(r#"{{"request":{{"method":"PUT","url":"{name}/{id}"}},"resource":{resource}}}"#);
        for kind in ["batch", "transaction"] {
            let bundle = format!(r#"{{"resourceType":"Bundle","type":"{kind}","entry":[{entry}]}}"#);
            let answer = guarded.send("writer", &format!("POST /\n\n{bundle}")).await;
            assert!(
                answer.text.contains("it takes the data action"),
                "{}",
                answer.text
            );
        }
        let made = guarded
            .send(who, &format!("PUT /{name}/{id}\n\n{resource}"))
            .await;
        assert_eq!(made.status, 201, "{}", made.text);
        let deleted = guarded.send(who, &format!("DELETE /{name}/{id}")).await;
        assert_eq!(deleted.status, 204, "{}", deleted.text);
    }
    let event = r#"{"resourceType":"AuditEvent","id":"e","type":{"code":"rest"},"recorded":"2026-01-01T00:00:00Z","agent":[{"requestor":true}],"source":{"observer":{"display":"x"}}}"#;
    for who in ["writer", "profiler", "admin"] {
        for request in [
            format!("POST /AuditEvent\n\n{event}"),
            format!("PUT /AuditEvent/e\n\n{event}"),
            "DELETE /AuditEvent/e".to_owned(),
        ] {
            let refused = guarded.send(who, &request).await;
            refused.refused("403 forbidden: no role assignment allows");
        }
    }
    let patient = r#"{"resourceType":"Patient"}"#;
    for (who, status) in [("writer", 201), ("profiler", 403)] {
        let answer = guarded.send(who, &format!("POST /Patient\n\n{patient}")).await;
        assert_eq!(answer.status, status, "{who}: {}", answer.text);
    }
}
