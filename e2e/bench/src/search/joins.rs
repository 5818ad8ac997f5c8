//! Searches that go from one resource to another: chains, reverse chains and includes.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::civil::date;

use super::observations::{grouped_by_code, grouped_by_patient, most_frequent_first, observations, token};
use super::patients::patients;
use super::query::{QUERIES_OF_A_KIND, Query, encoded, spread};
use crate::data::{Code, Condition, Facts, folded};
use crate::population::{Index, Population};

/// Resources by the one that they refer to.
type Referring = BTreeMap<Index, Vec<Index>>;

/// Half and a quarter of a kind's queries.
const HALF: usize = QUERIES_OF_A_KIND / 2;
const QUARTER: usize = QUERIES_OF_A_KIND / 4;

fn conditions<'p>(population: &'p Population<'_>) -> impl Iterator<Item = (Index, &'p Condition)> {
    population.iter().filter_map(|(index, held)| match held.facts() {
        Facts::Condition(condition) => Some((index, condition)),
        _ => None,
    })
}

/// Groups referring resources by what their reference means.
fn referring<'r>(
    population: &Population<'_>,
    references: impl Iterator<Item = (Index, &'r str)>,
) -> Referring {
    let mut groups = Referring::new();
    for (index, reference) in references {
        if let Some(target) = population.referred(reference) {
            groups.entry(target).or_default().push(index);
        }
    }
    groups
}

fn conditions_by_patient(population: &Population<'_>) -> Referring {
    referring(
        population,
        conditions(population).map(|(index, one)| (index, one.subject.as_str())),
    )
}

/// The members of the groups of several targets.
fn members(groups: &Referring, targets: impl Iterator<Item = Index>) -> Vec<Index> {
    targets
        .filter_map(|target| groups.get(&target))
        .flatten()
        .copied()
        .collect()
}

/// Through `patient` by family name, through `patient` by day of birth, through `service-provider` by name.
pub(super) fn chain(population: &Population<'_>) -> Vec<Query> {
    let conditions = conditions_by_patient(population);
    let families: BTreeSet<String> = patients(population)
        .flat_map(|(_, patient)| patient.families())
        .map(folded)
        .collect();
    let by_family = spread(families.into_iter().collect(), HALF)
        .into_iter()
        .map(|family| {
            let named = patients(population)
                .filter(|(_, patient)| patient.families().any(|name| folded(name).starts_with(&family)))
                .map(|(index, _)| index);
            Query::new(
                format!("Condition?patient.family={}", encoded(&family)),
                members(&conditions, named),
            )
        });

    let old: BTreeSet<Index> = patients(population)
        .filter(|(_, patient)| patient.birth_date < date(1960, 1, 1))
        .map(|(index, _)| index)
        .collect();
    let is_of_the_old = |index: &Index| match population.get(*index).facts() {
        Facts::Observation(one) => population
            .referred(&one.subject)
            .is_some_and(|patient| old.contains(&patient)),
        _ => false,
    };
    let by_birth_date = spread(grouped_by_code(population), QUARTER)
        .into_iter()
        .map(|(code, found)| {
            let matches = found.into_iter().filter(is_of_the_old).collect();
            Query::new(
                format!("Observation?code={}&patient.birthdate=lt1960-01-01", token(&code)),
                matches,
            )
        });

    by_family
        .chain(by_birth_date)
        .chain(by_organization_name(population))
        .collect()
}

/// Encounters by the name of the organization that provided them.
fn by_organization_name(population: &Population<'_>) -> Vec<Query> {
    let encounters = referring(
        population,
        population.iter().filter_map(|(index, held)| match held.facts() {
            Facts::Encounter(encounter) => Some((index, encounter.service_provider.as_str())),
            _ => None,
        }),
    );
    let organizations: Vec<(Index, String)> = population
        .iter()
        .filter_map(|(index, held)| match held.facts() {
            Facts::Organization { name } => Some((index, folded(name))),
            _ => None,
        })
        .collect();
    let is_plain = |name: &str| {
        name.chars()
            .all(|character| character.is_ascii_alphanumeric() || character == ' ')
    };
    let names: BTreeSet<&String> = organizations
        .iter()
        .filter(|(index, name)| encounters.contains_key(index) && is_plain(name))
        .map(|(_, name)| name)
        .collect();
    let query = |name: &String| {
        let named = organizations
            .iter()
            .filter(|(_, other)| other.starts_with(name))
            .map(|(index, _)| *index);
        Query::new(
            format!("Encounter?service-provider.name={}", encoded(name)),
            members(&encounters, named),
        )
    };
    spread(names.into_iter().collect(), QUARTER)
        .into_iter()
        .map(query)
        .collect()
}

/// Patients by the codes of their Conditions and Observations.
pub(super) fn has(population: &Population<'_>) -> Vec<Query> {
    let mut by_code: BTreeMap<&Code, BTreeSet<Index>> = BTreeMap::new();
    for (_, condition) in conditions(population) {
        for code in &condition.code {
            by_code
                .entry(code)
                .or_default()
                .extend(population.referred(&condition.subject));
        }
    }
    let groups = by_code
        .into_iter()
        .map(|(code, patients)| (code, patients.into_iter().collect()))
        .collect();
    let of_conditions = spread(most_frequent_first(groups), HALF)
        .into_iter()
        .map(|(code, matches)| {
            Query::new(
                format!("Patient?_has:Condition:patient:code={}", token(code)),
                matches,
            )
        });
    let of_observations = spread(grouped_by_code(population), HALF)
        .into_iter()
        .map(|(code, found)| {
            let subjects: BTreeSet<Index> = found
                .into_iter()
                .filter_map(|index| subject(population, index))
                .collect();
            let search = format!("Patient?_has:Observation:patient:code={}", token(&code));
            Query::new(search, subjects.into_iter().collect())
        });
    of_conditions.chain(of_observations).collect()
}

fn subject(population: &Population<'_>, index: Index) -> Option<Index> {
    match population.get(index).facts() {
        Facts::Observation(one) => population.referred(&one.subject),
        Facts::Condition(one) => population.referred(&one.subject),
        _ => None,
    }
}

fn encounter(population: &Population<'_>, index: Index) -> Option<Index> {
    match population.get(index).facts() {
        Facts::Observation(one) => population.referred(&one.encounter),
        Facts::Condition(one) => population.referred(&one.encounter),
        _ => None,
    }
}

/// Observations of a patient with their encounters; Conditions of a patient with encounters and patient.
pub(super) fn include(population: &Population<'_>) -> Vec<Query> {
    let observations = spread(grouped_by_patient(population), HALF)
        .into_iter()
        .map(|(patient, matches)| {
            let includes = matches
                .iter()
                .map(|index| (*index, encounter(population, *index).into_iter().collect()));
            let includes: HashMap<Index, Vec<Index>> = includes.collect();
            let id = population.get(patient).id();
            let search = format!("Observation?patient={id}&_include=Observation:encounter");
            Query {
                includes: Some(includes),
                ..Query::new(search, matches)
            }
        });
    let groups = most_frequent_first(conditions_by_patient(population).into_iter().collect());
    let conditions = spread(groups, HALF).into_iter().map(|(patient, matches)| {
        let of_condition = |index: Index| {
            encounter(population, index)
                .into_iter()
                .chain(subject(population, index))
        };
        let includes = matches
            .iter()
            .map(|index| (*index, of_condition(*index).collect()))
            .collect();
        let id = population.get(patient).id();
        let search =
            format!("Condition?patient={id}&_include=Condition:encounter&_include=Condition:patient");
        Query {
            includes: Some(includes),
            ..Query::new(search, matches)
        }
    });
    observations.chain(conditions).collect()
}

/// A Patient with the Conditions, Patients of a decade with theirs, an Encounter with its Observations.
pub(super) fn rev_include(population: &Population<'_>) -> Vec<Query> {
    let conditions = conditions_by_patient(population);
    let of_one = |patient: Index| {
        let search = format!(
            "Patient?_id={}&_revinclude=Condition:patient",
            population.get(patient).id()
        );
        with_referring(search, vec![patient], &conditions)
    };
    let groups: Vec<(Index, Vec<Index>)> = most_frequent_first(conditions.clone().into_iter().collect());
    let of_patient = spread(groups, HALF)
        .into_iter()
        .map(|(patient, _)| of_one(patient));

    let of_decade = [1950_i16, 1970, 1990].into_iter().map(|year| {
        let (from, to) = (date(year, 1, 1), date(year + 10, 1, 1));
        let born = patients(population).filter(|(_, patient)| (from..to).contains(&patient.birth_date));
        let search = format!("Patient?birthdate=ge{from}&birthdate=lt{to}&_revinclude=Condition:patient");
        with_referring(search, born.map(|(index, _)| index).collect(), &conditions)
    });

    let observed = referring(
        population,
        observations(population).map(|(index, one)| (index, one.encounter.as_str())),
    );
    let groups = most_frequent_first(observed.clone().into_iter().collect());
    let of_encounter = spread(groups, QUARTER).into_iter().map(|(encounter, _)| {
        let search = format!(
            "Encounter?_id={}&_revinclude=Observation:encounter",
            population.get(encounter).id()
        );
        with_referring(search, vec![encounter], &observed)
    });
    of_patient.chain(of_decade).chain(of_encounter).collect()
}

fn with_referring(search: String, matches: Vec<Index>, groups: &Referring) -> Query {
    let includes = matches
        .iter()
        .map(|index| (*index, groups.get(index).cloned().unwrap_or_default()))
        .collect();
    Query {
        includes: Some(includes),
        ..Query::new(search, matches)
    }
}
