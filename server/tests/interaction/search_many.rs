//! Searches with so many matches that what first looks the cheapest way is given up for another: whichever way is taken, pages
//! hold the same matches in the same order.

use crate::fixture::Server;

const EARLY: usize = 1200;
const LATE: usize = 300;

/// Every so many of the Observations are of the category `exam`, the others of `vital-signs`.
const RARE: usize = 100;

/// Observations of two patients, `early` and `late`, a minute apart, in the order of time; those of each written at once.
async fn filled() -> Server {
    let server = Server::start().await;
    for patient in ["early", "late"] {
        let json = format!(
            r#"{{"resourceType":"Patient","id":"{patient}","name":[{{"family":"{patient}"}}],"birthDate":"1970-01-01"}}"#
        );
        let put = server.send(&format!("PUT /Patient/{patient}\n\n{json}")).await;
        assert_eq!(put.status, 201);
    }
    let entry = |number: usize| {
        let patient = if number < EARLY { "early" } else { "late" };
        let (hour, minute) = (number / 60 % 24, number % 60);
        let day = 1 + number / 60 / 24;
        let category = if number.is_multiple_of(RARE) {
            "exam"
        } else {
            "vital-signs"
        };
        format!(
            r#"{{"request":{{"method":"PUT","url":"Observation/{id}"}},"resource":{{"resourceType":"Observation","id":"{id}",
                "status":"final","category":[{{"coding":[{{"code":"{category}"}}]}}],"code":{{"coding":[{{"system":"http://loinc.org","code":"8867-4"}}]}},
                "subject":{{"reference":"Patient/{patient}"}},"valueQuantity":{{"value":{number}}},
                "effectiveDateTime":"2020-01-{day:02}T{hour:02}:{minute:02}:00Z"}}}}"#,
            id = id(number)
        )
    };
    for numbers in [0..EARLY, EARLY..EARLY + LATE] {
        let entries: Vec<String> = numbers.map(entry).collect();
        let bundle = format!(
            r#"{{"resourceType":"Bundle","type":"transaction","entry":[{}]}}"#,
            entries.join(",")
        );
        let answer = server.send(&format!("POST /\n\n{bundle}")).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
    server
}

fn id(number: usize) -> String {
    format!("o{number}")
}

/// All ids of a search by the `next` links, after `next` from the start and `previous` from the end were found to agree.
async fn through_all_pages(server: &Server, search: &str) -> Vec<String> {
    let read = |ids: String| -> Vec<String> { ids.split_terminator(',').map(str::to_owned).collect() };
    let mut page = server.get(&format!("/{search}&_count=10")).await;
    assert_eq!(page.status, 200, "{search}: {}", page.text);
    let last = page.link("last");
    let mut found = read(page.ids());
    while let Some(next) = page.link("next") {
        page = server.get(&next).await;
        found.extend(read(page.ids()));
    }
    if let Some(last) = last {
        let mut page = server.get(&last).await;
        let mut backwards = read(page.ids());
        while let Some(previous) = page.link("previous") {
            page = server.get(&previous).await;
            backwards.splice(0..0, read(page.ids()));
        }
        assert_eq!(backwards, found, "{search} from its end");
    }
    found
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a list of cases")]
async fn every_way_finds_the_same() {
    let server = filled().await;
    let (early, late) = (0..EARLY, EARLY..EARLY + LATE);
    let ascending = |numbers: std::ops::Range<usize>| numbers.map(id).collect::<Vec<_>>();
    let descending = |numbers: std::ops::Range<usize>| numbers.rev().map(id).collect::<Vec<_>>();
    let early_and_late = [ascending(early.clone()), ascending(late.clone())].concat();
    let late_and_early = [ascending(late.clone()), ascending(early.clone())].concat();
    let is_rare = |id: &String| {
        (0..EARLY + LATE)
            .step_by(RARE)
            .any(|number| *id == self::id(number))
    };
    let rare = |ids: Vec<String>| ids.into_iter().filter(is_rare).collect::<Vec<_>>();
    let common = |ids: Vec<String>| ids.into_iter().filter(|id| !is_rare(id)).collect::<Vec<_>>();
    let written_early = server.get("/Observation/o0").await.at("meta.lastUpdated");
    let code = "code=http://loinc.org%7C8867-4";
    for (search, expected) in [
        // In the order of keys.
        (format!("Observation?{code}"), ascending(0..EARLY + LATE)),
        (
            "Observation?subject=Patient/late".to_owned(),
            ascending(late.clone()),
        ),
        (
            "Observation?date=ge2020-01-01&date=lt2020-01-02".to_owned(),
            ascending(0..1440),
        ),
        (
            "Observation?date=ge2020-01-02T00:00Z".to_owned(),
            ascending(1440..1500),
        ),
        ("Observation?value-quantity=lt400".to_owned(), ascending(0..400)),
        (
            "Observation?subject:Patient.family=late".to_owned(),
            ascending(late.clone()),
        ),
        (
            format!("Observation?{code}&date=ge2020-01-01&subject:Patient.family=early"),
            ascending(early.clone()),
        ),
        (
            format!("Observation?_lastUpdated=gt{written_early}"),
            ascending(late.clone()),
        ),
        (
            format!("Observation?_lastUpdated=le{written_early}"),
            ascending(early.clone()),
        ),
        (
            format!("Observation?_lastUpdated=gt{written_early}&subject:Patient.family=early"),
            Vec::new(),
        ),
        // Another criterion that few or many meet.
        (
            "Observation?subject=Patient/early&category=exam".to_owned(),
            rare(ascending(early.clone())),
        ),
        (
            "Observation?subject=Patient/early&category=vital-signs".to_owned(),
            common(ascending(early.clone())),
        ),
        (
            "Observation?subject=Patient/late&category=vital-signs".to_owned(),
            common(ascending(late.clone())),
        ),
        (
            "Observation?subject=Patient/late&category=exam&_sort=-date".to_owned(),
            rare(descending(late.clone())),
        ),
        (
            "Observation?subject=Patient/early&category=vital-signs&_sort=date".to_owned(),
            common(ascending(early.clone())),
        ),
        (
            format!("Observation?{code}&category=exam&_sort=-date"),
            rare(descending(0..EARLY + LATE)),
        ),
        (
            format!("Observation?{code}&category=exam&date=lt2020-01-01T04:00Z"),
            rare(ascending(0..240)),
        ),
        // Walked along the sort key, because what is searched is found everywhere, or at its beginning.
        (
            format!("Observation?{code}&_sort=-date"),
            descending(0..EARLY + LATE),
        ),
        (
            "Observation?subject=Patient/early&_sort=date".to_owned(),
            ascending(early.clone()),
        ),
        (
            "Observation?subject=Patient/late&_sort=-date".to_owned(),
            descending(late.clone()),
        ),
        ("Observation?_sort=_lastUpdated".to_owned(), early_and_late),
        (
            "Observation?_sort=-_lastUpdated".to_owned(),
            late_and_early.clone(),
        ),
        (
            "Observation?_lastUpdated=gt2020&_sort=-_lastUpdated".to_owned(),
            late_and_early,
        ),
        (
            format!("Observation?_lastUpdated=gt{written_early}&_sort=_lastUpdated"),
            ascending(late.clone()),
        ),
        (
            format!("Observation?{code}&_lastUpdated=gt{written_early}&_sort=-date"),
            descending(late.clone()),
        ),
        // The walk finds nothing for long.
        (
            "Observation?subject=Patient/late&_sort=date".to_owned(),
            ascending(late.clone()),
        ),
        (
            "Observation?subject=Patient/early&_sort=-date".to_owned(),
            descending(early),
        ),
        (
            "Observation?subject:Patient.family=late&_sort=date".to_owned(),
            ascending(late),
        ),
        (
            "Observation?value-quantity=ge1200&_sort=date".to_owned(),
            ascending(1200..1500),
        ),
        // Gathered and sorted.
        (
            "Observation?value-quantity=ge1450&_sort=-date".to_owned(),
            descending(1450..1500),
        ),
    ] {
        assert_eq!(through_all_pages(&server, &search).await, expected, "{search}");
        let counted = server.get(&format!("/{search}&_summary=count")).await;
        assert_eq!(counted.at("total"), expected.len().to_string(), "{search}");
        let total = server
            .get(&format!("/{search}&_total=accurate"))
            .await
            .at("total");
        assert_eq!(total, expected.len().to_string(), "{search}");
    }
    assert_eq!(
        server
            .get(&format!("/Patient?_has:Observation:subject:{code}"))
            .await
            .ids(),
        "early,late"
    );
    assert_eq!(
        server
            .get(&format!("/Patient?_has:Observation:subject:{code}&_sort=-_id"))
            .await
            .ids(),
        "late,early"
    );
    for nothing in [
        "date=ge2050",
        "date=ge2050&_sort=date",
        "value-quantity=gt9999&_sort=-date",
    ] {
        let found = server.get(&format!("/Observation?{nothing}")).await;
        assert_eq!(
            (found.ids(), found.at("total")),
            (String::new(), "0".to_owned()),
            "{nothing}"
        );
    }
}

#[tokio::test]
async fn a_prepared_search_finds_what_was_written_since() {
    let server = filled().await;
    for number in 0..10 {
        let family = format!("Family{number}");
        let search = format!("/Patient?name={family}");
        assert_eq!(server.get(&search).await.at("total"), "0");
        let patient = format!(r#"{{"resourceType":"Patient","name":[{{"family":"{family}"}}]}}"#);
        let id = server.create(&patient).await;
        assert_eq!(server.get(&search).await.ids(), id);
    }
}
