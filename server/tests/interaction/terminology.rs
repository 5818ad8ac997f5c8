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
