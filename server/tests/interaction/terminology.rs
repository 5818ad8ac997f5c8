//! `:in`, `:not-in`, `:above` and `:below` of tokens, by the ValueSets and CodeSystems that the server stores.
//! <http://hl7.org/fhir/R4/search.html#token>

use crate::fixture::Server;

async fn filled() -> Server {
    let server = Server::start().await;
    let put = async |path: &str, members: &str| {
        let (resource_type, id) = path.split_once('/').unwrap();
        let body = format!(r#"{{"resourceType":"{resource_type}","id":"{id}",{members}}}"#);
        let answer = server.send_owned(format!("PUT /{path}\n\n{body}")).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
    };
    put(
        "CodeSystem/animals",
        r#""url":"http://s/animals","status":"active","content":"complete","concept":[{"code":"mammal","concept":
           [{"code":"dog","concept":[{"code":"poodle"}]},{"code":"cat"}]},{"code":"bird"}]"#,
    )
    .await;
    put(
        "ValueSet/pets",
        r#""url":"http://v/pets","version":"1","status":"active","compose":{"include":[
           {"system":"http://s/animals","concept":[{"code":"dog"},{"code":"cat"}]}]}"#,
    )
    .await;
    put(
        "ValueSet/dogs",
        r#""url":"http://v/dogs","status":"active","compose":{"include":[{"system":"http://s/animals",
           "filter":[{"property":"concept","op":"is-a","value":"dog"}]}]}"#,
    )
    .await;
    for code in ["mammal", "dog", "poodle", "cat", "bird"] {
        put(
            &format!("Observation/{code}"),
            &format!(
                r#""status":"final","subject":{{"reference":"Patient/{code}"}},
                   "code":{{"coding":[{{"system":"http://s/animals","code":"{code}"}}]}}"#
            ),
        )
        .await;
    }
    put("Patient/dog", r#""active":true"#).await;
    server
}

#[tokio::test]
async fn value_sets_and_hierarchies_stand_for_their_codes() {
    let server = filled().await;
    for (query, expected) in [
        ("code:in=http://v/pets", "cat,dog"),
        ("code:in=http://v/pets|1", "cat,dog"),
        ("code:in=ValueSet/pets", "cat,dog"),
        ("code:in=http://v/dogs", "dog,poodle"),
        ("code:in=http://v/pets,http://v/dogs", "cat,dog,poodle"),
        ("code:not-in=http://v/pets", "bird,mammal,poodle"),
        ("code:below=http://s/animals|dog", "dog,poodle"),
        ("code:above=http://s/animals|dog", "dog,mammal"),
        (
            "code:below=http://s/animals|mammal&code:not-in=http://v/dogs",
            "cat,mammal",
        ),
    ] {
        let answer = server.get(&format!("/Observation?{query}&_sort=_id")).await;
        assert_eq!(answer.ids(), expected, "{query}: {}", answer.text);
    }
    let has = "/Patient?_has:Observation:subject:code:in=http://v/dogs";
    assert_eq!(server.get(has).await.ids(), "dog");
}

#[tokio::test]
async fn what_is_not_stored_is_refused() {
    let server = filled().await;
    for (query, expected) in [
        ("code:in=http://v/none", "there is no http://v/none"),
        ("code:in=http://v/pets|2", "there is no http://v/pets|2"),
        ("code:below=http://s/none|x", "store the CodeSystem first"),
        ("code:below=http://s/animals|fish", "fish is not one"),
        ("code:above=dog", "system|code"),
    ] {
        let answer = server.get(&format!("/Observation?{query}")).await;
        assert_eq!(answer.status, 400, "{query}");
        assert!(
            answer.at("issue.0.diagnostics").contains(expected),
            "{}",
            answer.text
        );
    }
}

#[tokio::test]
async fn codes_of_a_system_without_case_are_found_however_they_are_written() {
    let server = filled().await;
    let system = |case: &str| {
        format!(
            r#"PUT /CodeSystem/c

            {{"resourceType":"CodeSystem","id":"c","url":"http://s/case","status":"active","content":"complete",{case}
              "concept":[{{"code":"Rest","concept":[{{"code":"Nap"}}]}}]}}"#
        )
    };
    for (id, code) in [
        ("upper", "NAP"),
        ("mixed", "nAp"),
        ("rest", "REST"),
        ("longer", "NAPPY"),
    ] {
        let members = format!(
            r#""status":"final","code":{{"coding":[{{"system":"http://s/case","code":"{code}"}}]}},
               "valueQuantity":{{"value":1}},"subject":{{"reference":"Patient/dog"}}"#
        );
        let body = format!(r#"{{"resourceType":"Observation","id":"{id}",{members}}}"#);
        server
            .send_owned(format!("PUT /Observation/{id}\n\n{body}"))
            .await;
    }
    let finds = async |cases: &[(&str, &str)]| {
        for (query, expected) in cases {
            let answer = server.get(&format!("/Observation?{query}&_sort=_id")).await;
            assert_eq!(answer.ids(), *expected, "{query}: {}", answer.text);
        }
    };
    // Nothing is said of the system, or that case counts.
    let case_counts = [("code=http://s/case|nap", ""), ("code=NAP", "upper")];
    finds(&case_counts).await;
    server.send_owned(system(r#""caseSensitive":true,"#)).await;
    finds(&case_counts).await;
    server.send_owned(system(r#""caseSensitive":false,"#)).await;
    finds(&[
        ("code=http://s/case|nap", "mixed,upper"),
        ("code=http://s/case|NAp", "mixed,upper"),
        ("code=nap", "mixed,upper"),
        ("code=nap,rest", "mixed,rest,upper"),
        ("code=http://s/other|nap", ""),
        ("code=http://s/animals|Dog", ""),
        ("code=Dog", ""),
        (
            "code:not=http://s/case|nap",
            "bird,cat,dog,longer,mammal,poodle,rest",
        ),
        ("code:below=http://s/case|REST", "mixed,rest,upper"),
        ("code-value-quantity=http://s/case|nap$1", "mixed,upper"),
        ("code-value-quantity=nap$1", "mixed,upper"),
        ("code=http://s/case|nap&code-value-quantity=nap$1", "mixed,upper"),
    ])
    .await;
    let has = server
        .get("/Patient?_has:Observation:subject:code=http://s/case|nap")
        .await;
    assert_eq!(has.ids(), "dog", "{}", has.text);
    server.send("DELETE /CodeSystem/c").await;
    finds(&case_counts).await;
}
