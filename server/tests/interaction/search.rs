//! <http://hl7.org/fhir/R4/http.html#search>, <http://hl7.org/fhir/R4/http.html#vsearch>

use crate::fixture::Server;

async fn filled() -> Server {
    let server = Server::start().await;
    for (id, gender) in [("a", "male"), ("b", "female"), ("c", "female")] {
        let body = format!(r#"{{"resourceType":"Patient","id":"{id}","gender":"{gender}"}}"#);
        assert_eq!(
            server.send(&format!("PUT /Patient/{id}\n\n{body}")).await.status,
            201
        );
    }
    for (id, subject) in [("o1", "Patient/a"), ("o2", "http://fhir.test/Patient/b")] {
        let body = format!(
            r#"{{"resourceType":"Observation","id":"{id}","status":"final","code":{{"text":"x"}},"subject":{{"reference":"{subject}"}}}}"#
        );
        assert_eq!(
            server
                .send(&format!("PUT /Observation/{id}\n\n{body}"))
                .await
                .status,
            201
        );
    }
    server
}

#[tokio::test]
async fn what_cannot_be_searched_is_refused() {
    let server = filled().await;
    server
        .get("/Patient?gender:nonsense=male")
        .await
        .refused("400 invalid: gender:nonsense");
    server
        .get("/Patient?birthdate=yesterday")
        .await
        .refused("400 invalid");
    server.get("/Patient?_cursor=nonsense").await.refused("400 value");
    server
        .send("GET /Patient?nonsense=1\nPrefer: handling=strict")
        .await
        .refused("400 invalid: nonsense");
    server
        .get("/Organization/1/Patient")
        .await
        .refused("404 not-found");
    server
        .send("POST /Patient/_search\nContent-Type: application/json\n\n{}")
        .await
        .refused("415 not-supported");
}

#[tokio::test]
async fn an_unknown_parameter_is_ignored_and_told() {
    let server = filled().await;
    let answer = server.get("/Patient?gender=male&nonsense=1").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.at("entry.1.search.mode"), "outcome");
    assert_eq!(answer.at("entry.1.resource.issue.0.severity"), "warning");
    assert_eq!(answer.at("link.0.url"), "http://fhir.test/Patient?gender=male");
}

#[tokio::test]
async fn a_query_and_a_form_find_the_same() {
    let server = filled().await;
    let get = server.get("/Patient?gender=female&_sort=_id").await;
    assert_eq!(
        (get.status.as_u16(), get.at("type"), get.ids()),
        (200, "searchset".into(), "b,c".into())
    );
    assert_eq!(get.at("entry.0.fullUrl"), "http://fhir.test/Patient/b");
    assert_eq!(get.at("entry.0.search.mode"), "match");
    assert_eq!(get.at("total"), "2");
    assert_eq!(server.last_access(), "anonymous search-type Patient 200 2");
    assert_eq!(
        server
            .database
            .query("SELECT query FROM access_record ORDER BY 1 LIMIT 1"),
        "gender=female&_sort=_id"
    );
    let form = "Content-Type: application/x-www-form-urlencoded\n\ngender=female";
    let post = server
        .send(&format!("POST /Patient/_search?_sort=_id\n{form}"))
        .await;
    assert_eq!(
        (post.ids(), post.at("link.0.url")),
        (
            "b,c".into(),
            "http://fhir.test/Patient?_sort=_id&gender=female".into()
        )
    );
    assert_eq!(server.send("POST /Patient/_search").await.at("total"), "3");
    assert_eq!(server.send("HEAD /Patient").await.text, "");
}

#[tokio::test]
async fn pages_lead_to_the_end() {
    let server = filled().await;
    let first = server.get("/Patient?_count=2&_sort=_id").await;
    assert_eq!(first.ids(), "a,b");
    // Few matches are counted although nobody asks.
    assert_eq!(first.at("total"), "3");
    let second = server.get(&first.link("next").unwrap()).await;
    assert_eq!(second.ids(), "c");
    assert_eq!((second.link("next"), second.link("last")), (None, None));
    for sort in ["_sort=_id", "_sort=birthdate,_id", ""] {
        let first = server.get(&format!("/Patient?_count=2&{sort}")).await;
        let last = server.get(&first.link("last").unwrap()).await;
        assert_eq!((last.ids(), last.link("next")), ("b,c".into(), None), "{sort}");
        let before = server.get(&last.link("previous").unwrap()).await;
        assert_eq!(before.ids(), "a", "{sort}");
    }
}

#[tokio::test]
async fn two_sort_keys_order_by_value_through_all_pages() {
    let server = Server::start().await;
    // Days on both sides of 1970, whose numbers differ in sign and in length.
    for (id, gender, birth_date) in [
        ("a", "male", "1944-11-01"),
        ("b", "female", "1961-05-04"),
        ("c", "female", "1996-04-27"),
        ("d", "female", "1970-05-01"),
        ("e", "male", "1969-12-31"),
    ] {
        let body = format!(
            r#"{{"resourceType":"Patient","id":"{id}","gender":"{gender}","birthDate":"{birth_date}"}}"#
        );
        assert_eq!(
            server.send(&format!("PUT /Patient/{id}\n\n{body}")).await.status,
            201
        );
    }
    let newest_first = server.get("/Patient?_sort=gender,-birthdate").await;
    assert_eq!(newest_first.ids(), "c,d,b,e,a");
    let mut found = Vec::new();
    let mut url = "/Patient?_sort=gender,birthdate&_count=2".to_owned();
    loop {
        let page = server.get(&url).await;
        found.push(page.ids());
        let Some(next) = page.link("next") else { break };
        url = next;
    }
    assert_eq!(found, ["b,d", "c,a", "e"]);
    let born = server
        .get("/Patient?birthdate=ge1961-01-01&birthdate=lt1971-01-01&_sort=_id")
        .await;
    assert_eq!(born.ids(), "b,d,e");
}

#[tokio::test]
async fn the_whole_system_and_compartments() {
    let server = filled().await;
    assert_eq!(
        server.get("/?_type=Patient,Observation&_sort=_id").await.ids(),
        "a,b,c,o1,o2"
    );
    assert_eq!(server.last_access(), "anonymous search-system 200 5");
    assert_eq!(server.get("/Patient/a/Observation").await.ids(), "o1");
    assert_eq!(server.get("/Patient/b/Observation").await.ids(), "o2");
    assert_eq!(server.get("/Patient/a/*?_sort=_id").await.ids(), "a,o1");
    assert_eq!(server.get("/Patient/c/Observation").await.at("total"), "0");
    assert_eq!(
        server.get("/Patient/a/Observation").await.at("link.0.url"),
        "http://fhir.test/Patient/a/Observation"
    );
}

#[tokio::test]
async fn a_reference_by_the_servers_own_url_is_local() {
    let server = filled().await;
    assert_eq!(server.get("/Observation?subject=Patient/b").await.ids(), "o2");
    assert_eq!(
        server
            .get("/Observation?subject=http://fhir.test/Patient/a")
            .await
            .ids(),
        "o1"
    );
    assert_eq!(
        server
            .get("/Observation?_id=o2&_include=Observation:subject")
            .await
            .ids(),
        "o2,b"
    );
    assert_eq!(
        server.get("/Observation/o2").await.at("subject.reference"),
        "http://fhir.test/Patient/b"
    );
}

#[tokio::test]
async fn parts_and_counts() {
    let server = filled().await;
    let count = server.get("/Patient?_summary=count").await;
    assert_eq!(
        (count.at("total"), count.at("entry")),
        ("3".into(), String::new())
    );
    let part = server.get("/Patient?_id=a&_elements=gender").await;
    assert_eq!(
        (
            part.at("entry.0.resource.gender"),
            part.at("entry.0.resource.meta.tag.0.code")
        ),
        ("male".into(), "SUBSETTED".into())
    );
}

#[tokio::test]
async fn what_stands_in_a_list() {
    let server = filled().await;
    let list = r#"{"resourceType":"List","id":"l","status":"current","mode":"working",
        "entry":[{"item":{"reference":"Patient/a"}},{"item":{"reference":"Patient/c"}}]}"#;
    server.send_owned(format!("PUT /List/l\n\n{list}")).await;
    assert_eq!(server.get("/Patient?_list=l&_sort=_id").await.ids(), "a,c");
    assert_eq!(server.get("/Patient?_list=l&gender=male").await.ids(), "a");
    assert_eq!(
        server.get("/Patient?_list=l").await.at("link.0.url"),
        "http://fhir.test/Patient?_list=l"
    );
    server
        .get("/Patient?_list=$current-allergies")
        .await
        .refused("400 invalid: _list does not accept the value");
}

#[tokio::test]
async fn elements_may_be_written_with_their_type() {
    let server = filled().await;
    let part = server.get("/Patient?_id=a&_elements=Patient.gender").await;
    assert_eq!(part.at("entry.0.resource.gender"), "male", "{}", part.text);
    server
        .get("/Patient?_elements=name.family")
        .await
        .refused("400 invalid: _elements");
}

#[tokio::test]
async fn elements_are_those_of_the_matches() {
    let server = filled().await;
    let answer = server
        .get("/Observation?_id=o1&_include=Observation:subject&_elements=status")
        .await;
    assert_eq!(answer.at("entry.0.resource.status"), "final");
    assert_eq!(answer.at("entry.0.resource.subject"), "");
    assert_eq!(answer.at("entry.1.resource.gender"), "male");
}

#[tokio::test]
async fn a_made_up_cursor_is_refused() {
    use base64::Engine;
    let server = filled().await;
    for (sort, value) in [
        ("date", "abc"),
        ("date", "99999999999999999999"),
        ("value-quantity", "NaN"),
        ("_lastUpdated", "yesterday"),
    ] {
        let place = format!(r#"[false,1,["{value}"]]"#);
        let cursor = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(place);
        server
            .get(&format!("/Observation?_sort={sort}&_cursor={cursor}"))
            .await
            .refused("400 value");
    }
    server.get("/Patient?_query=mine").await.refused("400 invalid");
}

#[tokio::test]
async fn what_every_resource_has_is_never_missing() {
    let server = filled().await;
    for (criteria, found) in [
        ("_id:missing=true", ""),
        ("_id:missing=false", "a,b,c"),
        ("_lastUpdated:missing=true", ""),
        ("_lastUpdated:missing=false&gender=male", "a"),
    ] {
        let answer = server.get(&format!("/Patient?_sort=_id&{criteria}")).await;
        assert_eq!(answer.ids(), found, "{criteria}");
    }
}
