//! Searches for Observations by their own elements.

use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};

use super::query::{QUERIES_OF_A_KIND, Query, encoded, spread};
use crate::data::{Code, Facts, Observation};
use crate::population::{Index, Population};

/// What a date range spans.
const TWO_WEEKS: SignedDuration = SignedDuration::from_hours(14 * 24);

/// Codes with fewer values than this say little about a quantity search.
const VALUES_OF_A_CODE: usize = 20;

/// All Observations of the population, each with its index.
pub(super) fn observations<'p>(
    population: &'p Population<'_>,
) -> impl Iterator<Item = (Index, &'p Observation)> {
    population.iter().filter_map(|(index, held)| match held.facts() {
        Facts::Observation(observation) => Some((index, observation)),
        _ => None,
    })
}

/// Observations by code, the code that occurs most often first.
pub(super) fn grouped_by_code(population: &Population<'_>) -> Vec<(Code, Vec<Index>)> {
    let mut by_code: BTreeMap<&Code, Vec<Index>> = BTreeMap::new();
    for (index, observation) in observations(population) {
        for code in &observation.code {
            by_code.entry(code).or_default().push(index);
        }
    }
    most_frequent_first(
        by_code
            .into_iter()
            .map(|(code, matches)| (code.clone(), matches))
            .collect(),
    )
}

/// Observations by patient, the patient with most of them first.
pub(super) fn grouped_by_patient(population: &Population<'_>) -> Vec<(Index, Vec<Index>)> {
    let mut by_patient: BTreeMap<Index, Vec<Index>> = BTreeMap::new();
    for (index, observation) in observations(population) {
        if let Some(patient) = population.referred(&observation.subject) {
            by_patient.entry(patient).or_default().push(index);
        }
    }
    most_frequent_first(by_patient.into_iter().collect())
}

/// Sorts groups by size, largest first.
pub(super) fn most_frequent_first<K>(mut groups: Vec<(K, Vec<Index>)>) -> Vec<(K, Vec<Index>)> {
    groups.sort_by_key(|(_, members)| std::cmp::Reverse(members.len()));
    groups
}

/// A token parameter's value.
pub(super) fn token(code: &Code) -> String {
    encoded(&format!("{}|{}", code.system, code.code))
}

/// `code`
pub(super) fn by_code(population: &Population<'_>) -> Vec<Query> {
    let codes = spread(grouped_by_code(population), QUERIES_OF_A_KIND).into_iter();
    codes
        .map(|(code, matches)| Query::new(format!("Observation?code={}", token(&code)), matches))
        .collect()
}

/// `patient`
pub(super) fn of_patient(population: &Population<'_>) -> Vec<Query> {
    let patients = spread(grouped_by_patient(population), QUERIES_OF_A_KIND).into_iter();
    let query = |(patient, matches)| {
        Query::new(
            format!("Observation?patient={}", population.get(patient).id()),
            matches,
        )
    };
    patients.map(query).collect()
}

/// `patient` and `category`
pub(super) fn of_patient_and_category(population: &Population<'_>) -> Vec<Query> {
    let mut groups: BTreeMap<(Index, &Code), Vec<Index>> = BTreeMap::new();
    for (index, observation) in observations(population) {
        let Some(patient) = population.referred(&observation.subject) else {
            continue;
        };
        for category in &observation.category {
            groups.entry((patient, category)).or_default().push(index);
        }
    }
    let groups = spread(
        most_frequent_first(groups.into_iter().collect()),
        QUERIES_OF_A_KIND,
    )
    .into_iter();
    let query = |((patient, category), matches): ((Index, &Code), Vec<Index>)| {
        let id = population.get(patient).id();
        Query::new(
            format!("Observation?patient={id}&category={}", token(category)),
            matches,
        )
    };
    groups.map(query).collect()
}

/// `date`, from inclusive, to exclusive; with time zone, so that no server has to guess one.
pub(super) fn by_date_range(population: &Population<'_>) -> Vec<Query> {
    let mut dates: Vec<Timestamp> = observations(population)
        .map(|(_, one)| one.effective_date_time)
        .collect();
    dates.sort_unstable();
    // The records of earlier years are thin: the second half is where two weeks hold something.
    let starts = spread(dates.split_off(dates.len() / 2), QUERIES_OF_A_KIND).into_iter();
    let query = |start: Timestamp| {
        let end = start.saturating_add(TWO_WEEKS).unwrap_or(start);
        let within = |(_, one): &(Index, &Observation)| (start..end).contains(&one.effective_date_time);
        let matches = observations(population)
            .filter(within)
            .map(|(index, _)| index)
            .collect();
        let (from, to) = (encoded(&start.to_string()), encoded(&end.to_string()));
        Query::new(format!("Observation?date=ge{from}&date=lt{to}"), matches)
    };
    starts.map(query).collect()
}

/// `code` or `patient`, sorted by `date`, newest or oldest first.
pub(super) fn sorted(population: &Population<'_>) -> Vec<Query> {
    let dates: HashMap<Index, i64> = observations(population)
        .map(|(index, one)| (index, one.effective_date_time.as_second()))
        .collect();
    let query = |search: String, matches: Vec<Index>, direction: i64| {
        let order = matches
            .iter()
            .map(|index| (*index, [direction * dates[index], 0]))
            .collect();
        Query {
            order: Some(order),
            ..Query::new(search, matches)
        }
    };
    let codes = spread(grouped_by_code(population), QUERIES_OF_A_KIND / 2).into_iter();
    let newest_first = codes.map(|(code, matches)| {
        query(
            format!("Observation?code={}&_sort=-date", token(&code)),
            matches,
            -1,
        )
    });
    let patients = spread(grouped_by_patient(population), QUERIES_OF_A_KIND / 4).into_iter();
    let oldest_first = patients.map(|(patient, matches)| {
        query(
            format!("Observation?patient={}&_sort=date", population.get(patient).id()),
            matches,
            1,
        )
    });
    newest_first.chain(oldest_first).collect()
}

/// `code-value-quantity`, above and below a value that none of the data comes near to, so that implicit precision
/// (<https://hl7.org/fhir/R4/search.html#number>) decides nothing.
pub(super) fn by_code_and_value(population: &Population<'_>) -> Vec<Query> {
    let mut values: BTreeMap<&Code, Vec<(Index, f64, &Code)>> = BTreeMap::new();
    for (index, observation) in observations(population) {
        if let Some(quantity) = &observation.value_quantity {
            for code in &observation.code {
                values
                    .entry(code)
                    .or_default()
                    .push((index, quantity.value, &quantity.unit));
            }
        }
    }
    let one_unit = |found: &[(Index, f64, &Code)]| found.windows(2).all(|pair| pair[0].2 == pair[1].2);
    let candidates: Vec<Query> = values
        .into_iter()
        .filter(|(_, found)| found.len() >= VALUES_OF_A_CODE && one_unit(found))
        .enumerate()
        .filter_map(|(number, (code, found))| by_threshold(number % 2 == 0, code, found))
        .collect();
    spread(candidates, QUERIES_OF_A_KIND)
}

/// The largest (or smallest) tenth of a code's values.
fn by_threshold(above: bool, code: &Code, mut found: Vec<(Index, f64, &Code)>) -> Option<Query> {
    found.sort_by(|one, other| one.1.total_cmp(&other.1));
    let start = if above {
        found.len() * 9 / 10
    } else {
        found.len() / 10
    };
    // The first gap between two values that is wide enough to have a number of three digits well within.
    let gap = found
        .windows(2)
        .skip(start)
        .find(|pair| pair[1].1 - pair[0].1 >= 0.02)?;
    let threshold = f64::midpoint(gap[0].1, gap[1].1);
    let unit = gap[0].2;
    let prefix = if above { "gt" } else { "lt" };
    let value = encoded(&format!(
        "{}|{}${prefix}{threshold:.3}|{}|{}",
        code.system, code.code, unit.system, unit.code
    ));
    let matching = |(_, value, _): &&(Index, f64, &Code)| (*value > threshold) == above;
    let matches = found.iter().filter(matching).map(|(index, ..)| *index).collect();
    Some(Query::new(
        format!("Observation?code-value-quantity={value}"),
        matches,
    ))
}
