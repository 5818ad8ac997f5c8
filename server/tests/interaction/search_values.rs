//! What values of a search meet: periods, quantities, canonical URLs, codes of systems, what every resource has.
//! <http://hl7.org/fhir/R4/search.html#ptypes>

use crate::fixture::Server;

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
