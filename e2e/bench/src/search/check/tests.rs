//! No real server answers wrongly on demand, so the comparison is tested with pages written by hand.

use serde_json::{Value, json};

use super::*;
use crate::data::{Bundle, bundle_of};
use crate::search::Kind;

/// Two patients; the first has two observations, of one encounter.
fn bundle() -> Bundle {
    let patient = |family: &str, birth: &str| json!({"resourceType": "Patient", "name": [{"family": family, "prefix": ["Mrs."]}], "birthDate": birth, "gender": "female"});
    let observation = |date: &str, value: f64| {
        json!({"resourceType": "Observation", "code": {"coding": [{"system": "s", "code": "c"}]},
            "category": [{"coding": [{"system": "t", "code": "laboratory"}]}],
            "subject": {"reference": "urn:uuid:0"}, "encounter": {"reference": "urn:uuid:2"},
            "effectiveDateTime": date, "valueQuantity": {"value": value, "system": "u", "code": "mg"}})
    };
    bundle_of(&[
        patient("Sáenzer1", "1950-01-02"),
        patient("Miller2", "1990-03-04"),
        json!({"resourceType": "Encounter", "serviceProvider": {"reference": "urn:uuid:9"}}),
        observation("2024-01-01T00:00:00Z", 1.0),
        observation("2024-02-01T00:00:00Z", 2.0),
    ])
}

fn query(population: &Population<'_>, kind: Kind, search: &str) -> Query {
    let queries = kind.queries(population);
    let searches: Vec<_> = queries.iter().map(|query| query.search.clone()).collect();
    queries
        .into_iter()
        .find(|query| query.search.starts_with(search))
        .unwrap_or_else(|| panic!("{searches:?}"))
}

/// What is wrong with an answer of these pages; an entry is `Type/id`, included ones with a `+` before.
fn wrong(population: &Population<'_>, query: &Query, pages: &[&[&str]]) -> Vec<String> {
    let mut found = Found::default();
    for page in pages {
        let entry = |address: &&str| -> Value {
            let mode = if address.starts_with('+') {
                "include"
            } else {
                "match"
            };
            let (resource_type, id) = address.trim_start_matches('+').split_once('/').unwrap();
            json!({"resource": {"resourceType": resource_type, "id": id}, "search": {"mode": mode}})
        };
        let body = json!({"entry": page.iter().map(entry).collect::<Vec<_>>()}).to_string();
        read_page(population, query, body.as_bytes(), &mut found);
    }
    compare(population, query, &mut found);
    found.wrong
}

#[test]
fn a_right_answer_is_accepted() {
    let bundle = bundle();
    let population = Population::of(&bundle);
    let by_name = query(&population, Kind::Name, "Patient?name=SAENZ");
    assert!(wrong(&population, &by_name, &[&["Patient/0"]]).is_empty());
    let has = query(&population, Kind::Has, "Patient?_has:Observation");
    assert!(wrong(&population, &has, &[&["Patient/0"]]).is_empty());
    let token = query(&population, Kind::Token, "Observation?code=s%7Cc");
    assert!(wrong(&population, &token, &[&["Observation/4"], &["Observation/3"]]).is_empty());
}

#[test]
fn missing_unexpected_repeated_and_unknown_matches_are_told() {
    let bundle = bundle();
    let population = Population::of(&bundle);
    let token = query(&population, Kind::Token, "Observation?code");
    assert_eq!(
        wrong(&population, &token, &[&["Observation/3"]]),
        ["1 matches are missing (of 2), such as Observation/4"]
    );
    assert_eq!(
        wrong(
            &population,
            &token,
            &[
                &["Observation/3", "Observation/4"],
                &["Observation/4", "Patient/0"]
            ]
        ),
        [
            "1 matches are repeated on later pages",
            "1 matches are unexpected (of 2), such as Patient/0"
        ]
    );
    assert_eq!(
        wrong(
            &population,
            &token,
            &[&["Observation/3", "Observation/4", "Observation/x"]]
        ),
        ["Observation/x (match) was never loaded"]
    );
}

#[test]
fn the_order_counts_where_it_was_asked_for() {
    let bundle = bundle();
    let population = Population::of(&bundle);
    let newest_first = query(&population, Kind::Sort, "Observation?code=s%7Cc&_sort=-date");
    assert!(
        wrong(
            &population,
            &newest_first,
            &[&["Observation/4"], &["Observation/3"]]
        )
        .is_empty()
    );
    assert_eq!(
        wrong(&population, &newest_first, &[&["Observation/3", "Observation/4"]]),
        ["the order is wrong at match 2 of 2"]
    );
    let two_keys = query(&population, Kind::Sort, "Patient?_sort=gender,-birthdate");
    assert!(wrong(&population, &two_keys, &[&["Patient/1", "Patient/0"]]).is_empty());
    assert!(!wrong(&population, &two_keys, &[&["Patient/0", "Patient/1"]]).is_empty());
}

#[test]
fn includes_belong_to_the_matches_of_their_page() {
    let bundle = bundle();
    let population = Population::of(&bundle);
    let include = query(&population, Kind::Include, "Observation?patient=0&_include");
    let both = ["Observation/3", "Observation/4", "+Encounter/2"];
    assert!(wrong(&population, &include, &[&both]).is_empty());
    assert!(
        wrong(
            &population,
            &include,
            &[
                &["Observation/3", "+Encounter/2"],
                &["Observation/4", "+Encounter/2"]
            ]
        )
        .is_empty()
    );
    assert_eq!(
        wrong(
            &population,
            &include,
            &[&["Observation/3", "+Encounter/2"], &["Observation/4"]]
        ),
        ["1 includes are missing (of 1), such as Encounter/2"]
    );
    assert_eq!(
        wrong(
            &population,
            &include,
            &[&["Observation/3", "Observation/4", "+Encounter/2", "+Encounter/2"]]
        ),
        ["Encounter/2 is included twice on a page"]
    );
    let token = query(&population, Kind::Token, "Observation?code");
    assert_eq!(
        wrong(&population, &token, &[&both]),
        ["1 includes are unexpected (of 0), such as Encounter/2"]
    );
}

#[test]
fn a_wrong_total_is_told() {
    let bundle = bundle();
    let population = Population::of(&bundle);
    let token = query(&population, Kind::Token, "Observation?code");
    let mut found = Found::default();
    read_page(&population, &token, br#"{"total": 3}"#, &mut found);
    assert_eq!(found.wrong, ["Bundle.total is 3 instead of 2"]);
}
