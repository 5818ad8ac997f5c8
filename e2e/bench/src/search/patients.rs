//! Searches for Patients by their own elements.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, date};

use super::query::{QUERIES_OF_A_KIND, Query, SortKey, encoded, spread};
use crate::data::{Facts, Patient, folded};
use crate::population::{Index, Population};

/// How much of a name is asked for; longer than any title, so that titles never match.
const BEGINNING: usize = 5;

/// All Patients of the population, each with its index.
pub(super) fn patients<'p>(population: &'p Population<'_>) -> impl Iterator<Item = (Index, &'p Patient)> {
    population.iter().filter_map(|(index, held)| match held.facts() {
        Facts::Patient(patient) => Some((index, patient)),
        _ => None,
    })
}

/// The Patients that a condition holds for.
fn matching(population: &Population<'_>, condition: impl Fn(&Patient) -> bool) -> Vec<Index> {
    patients(population)
        .filter(|(_, patient)| condition(patient))
        .map(|(index, _)| index)
        .collect()
}

/// `name`: without accents and in capitals, since case and accents do not count.
pub(super) fn by_name(population: &Population<'_>) -> Vec<Query> {
    let parts = patients(population)
        .flat_map(|(_, patient)| patient.name_parts())
        .map(folded);
    let beginnings: BTreeSet<String> = parts
        .map(|part| part.chars().take(BEGINNING).collect())
        .filter(|part: &String| is_word(part))
        .collect();
    // A name with an accent is asked for in any case.
    let accented = patients(population)
        .flat_map(|(_, patient)| patient.families())
        .find(|name| !name.is_ascii());
    let beginnings = spread(beginnings.into_iter().collect(), QUERIES_OF_A_KIND).into_iter();
    let query = |asked: String| {
        let matches = matching(population, |patient| {
            patient
                .name_parts()
                .any(|part| folded(part).starts_with(&folded(&asked)))
        });
        Query::new(format!("Patient?name={}", encoded(&asked)), matches)
    };
    beginnings
        .map(|asked| asked.to_uppercase())
        .chain(accented.map(folded))
        .map(query)
        .collect()
}

fn is_word(text: &str) -> bool {
    text.len() == BEGINNING && text.chars().all(|character| character.is_ascii_alphabetic())
}

/// `birthdate`: a day, a year, and ten years.
pub(super) fn by_birth_date(population: &Population<'_>) -> Vec<Query> {
    let mut days: Vec<Date> = patients(population)
        .map(|(_, patient)| patient.birth_date)
        .collect();
    days.sort_unstable();
    let days = spread(days, QUERIES_OF_A_KIND).into_iter().enumerate();
    let query = |(number, day): (usize, Date)| match number % 3 {
        0 => {
            let matches = matching(population, |patient| patient.birth_date == day);
            Query::new(format!("Patient?birthdate={day}"), matches)
        }
        1 => {
            let matches = matching(population, |patient| patient.birth_date.year() == day.year());
            Query::new(format!("Patient?birthdate={:04}", day.year()), matches)
        }
        _ => {
            let (from, to) = (date(day.year(), 1, 1), date(day.year() + 10, 1, 1));
            let matches = matching(population, |patient| (from..to).contains(&patient.birth_date));
            Query::new(format!("Patient?birthdate=ge{from}&birthdate=lt{to}"), matches)
        }
    };
    days.map(query).collect()
}

/// All Patients by one and by two keys.
pub(super) fn sorted(population: &Population<'_>) -> Vec<Query> {
    // FHIR sorts tokens by their text: `female` before `male`.
    let genders: BTreeMap<&str, i64> = {
        let distinct: BTreeSet<&str> = patients(population)
            .map(|(_, patient)| patient.gender.as_str())
            .collect();
        distinct.into_iter().zip(0..).collect()
    };
    let day = |patient: &Patient| {
        i64::from(
            patient
                .birth_date
                .since(Date::ZERO)
                .map_or(0, |span| span.get_days()),
        )
    };
    let query = |sort: &str, key: &dyn Fn(&Patient) -> SortKey| {
        let order = patients(population)
            .map(|(index, patient)| (index, key(patient)))
            .collect();
        let search = format!("Patient?_sort={sort}");
        Query {
            order: Some(order),
            ..Query::new(search, matching(population, |_| true))
        }
    };
    vec![
        query("birthdate", &|patient| [day(patient), 0]),
        query("-birthdate", &|patient| [-day(patient), 0]),
        query("gender,-birthdate", &|patient| {
            [genders[patient.gender.as_str()], -day(patient)]
        }),
    ]
}
