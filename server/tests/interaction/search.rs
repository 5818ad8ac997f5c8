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
        .refused("400 invalid: _list does not take");
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
async fn a_period_that_reaches_into_the_day_asked_for_is_from_it_on_and_until_it() {
    let server = Server::start().await;
    let encounter = r#"{"resourceType":"Encounter","id":"e","status":"finished","class":{"code":"AMB"},
        "period":{"start":"2013-01-14T10:00:00Z","end":"2013-03-14T11:00:00Z"}}"#;
    server.send(&format!("PUT /Encounter/e\n\n{encounter}")).await;
    for (date, found) in [
        ("ge2013-03-14", "e"),
        ("ge2013-03-14T11:00:00Z", "e"),
        ("ge2013-03-15", ""),
        ("gt2013-03-14", ""),
        ("le2013-01-14", "e"),
        ("le2013-01-13", ""),
        ("lt2013-01-14", ""),
    ] {
        let answer = server.get(&format!("/Encounter?date={date}")).await;
        assert_eq!(answer.ids(), found, "{date}");
    }
}

#[tokio::test]
async fn a_span_is_found_however_long_before_it_began() {
    let server = Server::start().await;
    for (id, start, end) in [
        ("hour", "2020-06-01T08:00:00Z", "2020-06-01T09:00:00Z"),
        ("night", "2020-05-31T22:00:00Z", "2020-06-01T06:00:00Z"),
        ("week", "2020-05-28", "2020-06-03"),
        ("year", "2020-01-01", "2020-12-31"),
        ("over", "2019-01-01", "2020-05-30"),
    ] {
        let body = format!(
            r#"{{"resourceType":"Encounter","id":"{id}","status":"finished","class":{{"code":"AMB"}},"period":{{"start":"{start}","end":"{end}"}}}}"#
        );
        server.send(&format!("PUT /Encounter/{id}\n\n{body}")).await;
    }
    let open = r#"{"resourceType":"Encounter","id":"open","status":"in-progress","class":{"code":"AMB"},"period":{"start":"2018-01-01"}}"#;
    server.send(&format!("PUT /Encounter/open\n\n{open}")).await;
    for (criteria, found) in [
        ("date=ge2020-06-01", "hour,night,open,week,year"),
        ("date=ge2020-06-01&date=lt2020-06-02", "hour,night,open,week,year"),
        ("date=lt2020-06-02&date=ge2020-06-01", "hour,night,open,week,year"),
        ("date=gt2020-06-01", "open,week,year"),
        ("date=gt2020-06-01&date=lt2020-06-01", "open,week,year"),
        ("date=gt2020-06-01&date=sa2020-01-31", "week"),
        ("date=ge2020-06-01&date=ge2020-06-03", "open,week,year"),
        ("date=ge2020-06-01,lt2019-01-01", "hour,night,open,week,year"),
    ] {
        let answer = server.get(&format!("/Encounter?_sort=_id&{criteria}")).await;
        assert_eq!(answer.ids(), found, "{criteria}");
        let unsorted = server
            .get(&format!("/Encounter?{criteria}&_total=accurate"))
            .await;
        let count = found.split(',').count().to_string();
        assert_eq!(unsorted.at("total"), count, "{criteria}");
    }
}

#[tokio::test]
async fn a_canonical_url_may_carry_the_version() {
    let server = Server::start().await;
    for (id, version) in [("one", "1.0"), ("two", "2.0")] {
        let body = format!(
            r#"{{"resourceType":"ValueSet","id":"{id}","url":"http://acme.org/fhir/ValueSet/12","version":"{version}","status":"draft"}}"#
        );
        server.send(&format!("PUT /ValueSet/{id}\n\n{body}")).await;
    }
    for (criteria, found) in [
        ("url=http://acme.org/fhir/ValueSet/12%7C1.0", "one"),
        ("url=http://acme.org/fhir/ValueSet/12%7C3.0", ""),
        ("url=http://acme.org/fhir/ValueSet/12", "one,two"),
        ("url:below=http://acme.org/fhir/ValueSet/1", "one,two"),
        ("url:below=http://acme.org/fhir/ValueSet/13", ""),
    ] {
        let answer = server.get(&format!("/ValueSet?_sort=_id&{criteria}")).await;
        assert_eq!(answer.ids(), found, "{criteria}");
    }
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
async fn a_quantity_may_be_asked_for_by_its_system_alone() {
    let server = Server::start().await;
    let observation = r#"{"resourceType":"Observation","id":"q","status":"final","code":{"text":"x"},
        "valueQuantity":{"value":5.4,"unit":"mg","system":"http://unitsofmeasure.org","code":"mg"}}"#;
    server.send(&format!("PUT /Observation/q\n\n{observation}")).await;
    for (value, found) in [
        ("5.4%7Chttp://unitsofmeasure.org%7C", "q"),
        ("5.4%7Chttp://other.org%7C", ""),
    ] {
        let answer = server.get(&format!("/Observation?value-quantity={value}")).await;
        assert_eq!(answer.ids(), found, "{value}");
    }
}

#[tokio::test]
async fn a_system_of_any_length_is_indexed() {
    let server = Server::start().await;
    let mut seed = 7_u64;
    let random: String = (0..4000)
        .map(|_| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            char::from(b'a' + u8::try_from((seed >> 33) % 26).unwrap())
        })
        .collect();
    let system = format!("http://x/{random}");
    let id = server
        .create(&format!(
            r#"{{"resourceType":"Patient","identifier":[{{"system":"{system}","value":"v"}}]}}"#
        ))
        .await;
    assert_eq!(
        server
            .get(&format!("/Patient?identifier={system}%7Cv"))
            .await
            .ids(),
        id
    );
    let other = &system[..system.len() - 1];
    assert_eq!(
        server
            .get(&format!("/Patient?identifier={other}%7Cv"))
            .await
            .ids(),
        ""
    );
}
