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

/// Probabilities as they are stored, by id: from the smallest to the largest.
const NUMBERS: [(&str, &str); 7] = [
    ("minus", "-1e300"),
    ("tiny", "2.3e-308"),
    ("one", "1.0"),
    ("above", "79228162514264337593543950336"),
    ("long", "123456789012345678901234567890123456789"),
    ("big", "1e50"),
    ("huge", "1.7e308"),
];

#[tokio::test]
async fn every_number_that_is_stored_is_found() {
    let server = Server::start().await;
    for (id, value) in NUMBERS {
        let body = format!(
            r#"{{"resourceType":"RiskAssessment","id":"{id}","status":"final","subject":{{"reference":"Patient/1"}},"prediction":[{{"probabilityDecimal":{value}}}]}}"#
        );
        let stored = server.send(&format!("PUT /RiskAssessment/{id}\n\n{body}")).await;
        assert_eq!(stored.status, 201, "{}", stored.text);
        assert_eq!(stored.at("prediction.0.probabilityDecimal"), value);
        // Each by itself, with the digits that it was written with.
        let found = server.get(&format!("/RiskAssessment?probability={value}")).await;
        assert_eq!(found.ids(), id, "{}", found.text);
    }
    let fifty = "0".repeat(50);
    for (criteria, found) in [
        ("1.00e50", "big"),
        ("1.04e50", ""),
        ("1.01e50", ""),
        (&format!("1{fifty}"), "big"),
        (&format!("1{}1{}", &fifty[..20], &fifty[..29]), ""),
        ("gt1e50", "huge"),
        ("ge1e50", "big,huge"),
        ("sa1e50", "huge"),
        ("lt1e50", "minus,tiny,one,above,long"),
        ("le1.7e308", "minus,tiny,one,above,long,big,huge"),
        ("eb-1e299", "minus"),
        ("gt1.7e308", ""),
        ("ne1e50", "minus,tiny,one,above,long,huge"),
        ("ap1.05e50", "big"),
        ("ap1.2e50", ""),
        ("ap1.6e308", "huge"),
        ("gt0&probability=lt1e-300", "tiny"),
        ("gt7.9e28&probability=lt1e50", "above,long"),
        ("79228162514264337593543950335", ""),
        ("123456789012345678901234567890123456788,1e50", "long,big"),
        ("1234567890123456789012345678901234e5", "long"),
        ("1234567890123456789012345678901235e5", ""),
        ("0", "tiny"),
        ("0.0e-308", ""),
    ] {
        // In the order of the values, page by page: the cursors hold them.
        let mut ids = Vec::new();
        let mut next = Some(format!(
            "/RiskAssessment?probability={criteria}&_sort=probability&_count=2"
        ));
        while let Some(url) = next {
            let page = server.get(&url).await;
            assert_eq!(page.status, 200, "{url}: {}", page.text);
            ids.extend(page.ids().split_terminator(',').map(str::to_owned));
            next = page.link("next");
        }
        assert_eq!(ids.join(","), found, "{criteria}");
    }
    for (value, instead) in [
        ("1e309", "a number below 1e309 in size"),
        ("gt-1e400", "a number below 1e309 in size"),
        ("1e-400", "0, or a number of at least 1e-309 in size"),
        (
            &format!("lt0.{}", "1".repeat(1000)),
            "a number of at most 1,000 characters",
        ),
    ] {
        let refused = server.get(&format!("/RiskAssessment?probability={value}")).await;
        refused.refused("400 ");
        assert!(refused.text.contains(instead), "{}", refused.text);
    }
}

#[tokio::test]
async fn so_is_every_quantity_also_in_composites_and_with_open_ends() {
    let server = Server::start().await;
    for (id, quantity) in [
        ("small", r#"{"value":5,"code":"g"}"#),
        ("large", r#"{"value":6.02e40,"code":"g"}"#),
        ("more", r#"{"value":1e30,"comparator":">","code":"g"}"#),
        ("less", r#"{"value":-1e30,"comparator":"<","code":"g"}"#),
    ] {
        let body = format!(
            r#"{{"resourceType":"Observation","id":"{id}","status":"final","code":{{"coding":[{{"code":"c"}}]}},"valueQuantity":{quantity}}}"#
        );
        let stored = server.send(&format!("PUT /Observation/{id}\n\n{body}")).await;
        assert_eq!(stored.status, 201, "{}", stored.text);
    }
    for (value, found) in [
        ("6.02e40", "large"),
        ("6.02e40||g", "large"),
        ("6.02e40||kg", ""),
        ("gt1e29", "large,more"),
        ("gt1e300", "more"),
        ("sa1e40", "large"),
        ("lt-1e300", "less"),
        ("lt1e29", "less,small"),
        ("ap6e40", "large,more"),
    ] {
        for search in [
            format!("value-quantity={value}"),
            format!("code-value-quantity=c${value}"),
        ] {
            let page = server.get(&format!("/Observation?_sort=_id&{search}")).await;
            assert_eq!(page.ids(), found, "{search}: {}", page.text);
        }
    }
    // However many digits there are, those that count are found.
    let digits = "7".repeat(100_000);
    let body = format!(
        r#"{{"resourceType":"Observation","id":"digits","status":"final","code":{{"text":"c"}},"valueQuantity":{{"value":0.{digits}}}}}"#
    );
    let stored = server.send(&format!("PUT /Observation/digits\n\n{body}")).await;
    assert_eq!(stored.status, 201, "{}", stored.text);
    for asked in [2, 34, 35, 900] {
        let page = server
            .get(&format!("/Observation?value-quantity=0.{}", "7".repeat(asked)))
            .await;
        let found = if asked == 2 { "" } else { "digits" };
        assert_eq!(page.ids(), found, "{asked} digits: {}", page.text);
    }
}
