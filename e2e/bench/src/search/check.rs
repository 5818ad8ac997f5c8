//! Asks a search as the timed phase will, and then through all of its pages, and compares with the right answer.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashSet};

use http::StatusCode;
use serde::Deserialize;

use super::query::Query;
use crate::client::{Connection, Target};
use crate::error::BenchError;
use crate::population::{Index, Population};

/// The page size of the timed phase.
const TIMED_PAGE: usize = 20;

/// The page size for answers that would take very many pages otherwise.
const LARGE_PAGE: usize = 100;

/// Answers up to this size are followed in the timed phase's pages.
const FEW_MATCHES: usize = 200;

/// More pages than this are a loop.
const MOST_PAGES: usize = 2000;

/// A search that was checked, ready to be timed.
pub struct CheckedQuery {
    /// The path to GET.
    pub path: String,
    /// How long its first page is, in bytes.
    pub first_page_length: usize,
}

#[derive(Deserialize)]
struct SearchSet {
    total: Option<usize>,
    #[serde(default)]
    link: Vec<Link>,
    #[serde(default)]
    entry: Vec<Entry>,
}

#[derive(Deserialize)]
struct Link {
    relation: String,
    url: String,
}

#[derive(Deserialize)]
struct Entry {
    resource: Head,
    search: Option<SearchEntry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    resource_type: String,
    #[serde(default)]
    id: String,
}

#[derive(Deserialize)]
struct SearchEntry {
    mode: Option<String>,
}

/// What the pages held, in their order.
#[derive(Default)]
struct Found {
    matches: Vec<Index>,
    wrong: Vec<String>,
}

/// Checks one query. Gives back what to time, and everything that is wrong with the answer.
pub async fn check(
    target: &Target,
    connection: &mut Connection<'_>,
    population: &Population<'_>,
    query: &Query,
) -> Result<(CheckedQuery, Vec<String>), BenchError> {
    let timed_path = target.path(&query.with_count(TIMED_PAGE));
    let mut found = Found::default();
    let first_page_length = check_first_page(connection, population, query, &timed_path, &mut found).await?;
    let checked = CheckedQuery {
        path: timed_path.clone(),
        first_page_length,
    };
    if !found.wrong.is_empty() {
        return Ok((checked, found.wrong));
    }

    found.matches.clear();
    let page = if query.matches.len() <= FEW_MATCHES {
        TIMED_PAGE
    } else {
        LARGE_PAGE
    };
    let mut next = Some(target.path(&query.with_count(page)));
    let mut pages = 0;
    while let Some(path) = next.take() {
        pages += 1;
        if pages > MOST_PAGES {
            found.wrong.push(format!("more than {MOST_PAGES} pages"));
            break;
        }
        let answer = connection.get(&path).await?;
        if answer.status != StatusCode::OK {
            found
                .wrong
                .push(format!("page {pages} ({path}): {}", answer.excerpt()));
            break;
        }
        let link = read_page(population, query, &answer.body, &mut found);
        next = link.map(|link| target.path_of_link(&link));
    }
    compare(population, query, &mut found);
    Ok((checked, found.wrong))
}

async fn check_first_page(
    connection: &mut Connection<'_>,
    population: &Population<'_>,
    query: &Query,
    path: &str,
    found: &mut Found,
) -> Result<usize, BenchError> {
    let answer = connection.get(path).await?;
    if answer.status != StatusCode::OK {
        found.wrong.push(answer.excerpt());
        return Ok(0);
    }
    read_page(population, query, &answer.body, found);
    let expected = query.matches.len().min(TIMED_PAGE);
    if found.matches.len() != expected {
        let got = found.matches.len();
        found
            .wrong
            .push(format!("the first page has {got} matches instead of {expected}"));
    }
    Ok(answer.body.len())
}

/// Takes in a page; gives back the link to the next one.
fn read_page(population: &Population<'_>, query: &Query, body: &[u8], found: &mut Found) -> Option<String> {
    let page: SearchSet = match serde_json::from_slice(body) {
        Ok(page) => page,
        Err(error) => {
            found.wrong.push(format!("the answer is not a Bundle: {error}"));
            return None;
        }
    };
    if let Some(total) = page.total.filter(|total| *total != query.matches.len()) {
        found.wrong.push(format!(
            "Bundle.total is {total} instead of {}",
            query.matches.len()
        ));
    }
    let mut matches = Vec::new();
    let mut included = BTreeSet::new();
    for entry in page.entry {
        let address = format!("{}/{}", entry.resource.resource_type, entry.resource.id);
        let mode = entry
            .search
            .and_then(|search| search.mode)
            .unwrap_or_else(|| "match".to_owned());
        match (mode.as_str(), population.at(&address)) {
            ("match", Some(index)) => matches.push(index),
            ("include", Some(index)) if !included.insert(index) => {
                found.wrong.push(format!("{address} is included twice on a page"));
            }
            ("include", Some(_)) | ("outcome", _) => {}
            _ => found.wrong.push(format!("{address} ({mode}) was never loaded")),
        }
    }
    let right: BTreeSet<Index> = match &query.includes {
        Some(includes) => matches
            .iter()
            .filter_map(|index| includes.get(index))
            .flatten()
            .filter(|index| !matches.contains(index) && (!query.may_include || included.contains(index)))
            .copied()
            .collect(),
        None => BTreeSet::new(),
    };
    describe(population, "includes", &right, &included, &mut found.wrong);
    found.matches.extend(matches);
    page.link
        .into_iter()
        .find(|link| link.relation == "next")
        .map(|link| link.url)
}

/// Compares the matches of all pages with the right ones.
fn compare(population: &Population<'_>, query: &Query, found: &mut Found) {
    let mut seen = HashSet::new();
    let repeated = found.matches.iter().filter(|index| !seen.insert(**index)).count();
    if repeated > 0 {
        found
            .wrong
            .push(format!("{repeated} matches are repeated on later pages"));
    }
    let right: BTreeSet<Index> = query.matches.iter().copied().collect();
    let got: BTreeSet<Index> = found.matches.iter().copied().collect();
    describe(population, "matches", &right, &got, &mut found.wrong);

    let Some(order) = &query.order else { return };
    let keys: Vec<_> = found
        .matches
        .iter()
        .filter_map(|index| order.get(index))
        .collect();
    if let Some(place) = keys
        .windows(2)
        .position(|pair| pair[0].cmp(pair[1]) == Ordering::Greater)
    {
        found.wrong.push(format!(
            "the order is wrong at match {} of {}",
            place + 2,
            keys.len()
        ));
    }
}

fn describe(
    population: &Population<'_>,
    what: &str,
    right: &BTreeSet<Index>,
    got: &BTreeSet<Index>,
    wrong: &mut Vec<String>,
) {
    let mut say = |difference: Vec<&Index>, adjective: &str| {
        if let Some(example) = difference.first() {
            let (count, of) = (difference.len(), right.len());
            let address = &population.get(**example).address;
            wrong.push(format!(
                "{count} {what} are {adjective} (of {of}), such as {address}"
            ));
        }
    };
    say(right.difference(got).collect(), "missing");
    say(got.difference(right).collect(), "unexpected");
}

#[cfg(test)]
mod tests;
