//! Search: every query of every kind is checked, then each kind is measured on its own, then all of them mixed.

use std::time::Duration;

use http::StatusCode;

use crate::client::Target;
use crate::error::BenchError;
use crate::load::{self, Accept, Measured, Work};
use crate::population::Population;
use crate::search::{CheckedQuery, Kind, check};

/// How long one page of the check may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// How many wrong answers of a kind are told; one mistake often shows in all queries.
const WRONG_ANSWERS_TOLD: usize = 3;

/// A kind whose answers were checked.
pub struct CheckedKind {
    /// The kind of search that was checked.
    pub kind: Kind,
    /// Its queries, ready to be timed.
    pub queries: Vec<CheckedQuery>,
    /// How many of them were answered wrongly.
    pub wrong_queries: usize,
    /// What is wrong, of the first few.
    pub wrong: Vec<String>,
}

/// Checks all queries of a kind, through all of their pages.
pub async fn check_kind(
    target: &Target,
    population: &Population<'_>,
    kind: Kind,
) -> Result<CheckedKind, BenchError> {
    let mut connection = target.connection(PATIENCE);
    let mut checked = CheckedKind {
        kind,
        queries: Vec::new(),
        wrong_queries: 0,
        wrong: Vec::new(),
    };
    for query in kind.queries(population) {
        let (path, wrong) = match check(target, &mut connection, population, &query).await {
            Ok((query, wrong)) => (Some(query), wrong),
            Err(error @ BenchError::Http { .. }) => (None, vec![error.to_string()]),
            Err(error) => return Err(error),
        };
        checked.queries.extend(path);
        if !wrong.is_empty() {
            checked.wrong_queries += 1;
            if checked.wrong_queries <= WRONG_ANSWERS_TOLD {
                checked.wrong.push(format!(
                    "search {}: {}: {}",
                    kind.name(),
                    query.search,
                    wrong.join("; ")
                ));
            }
        }
    }
    Ok(checked)
}

/// Measures some kinds for a while: each request takes a kind at random, and one of its queries at random.
pub async fn run(target: &Target, clients: u16, seconds: f64, kinds: &[CheckedKind]) -> Measured {
    let kinds: Vec<&CheckedKind> = kinds.iter().filter(|kind| !kind.queries.is_empty()).collect();
    if kinds.is_empty() {
        return Measured::default();
    }
    load::run(target, clients, seconds, |random| {
        let kind = kinds[random.usize(..kinds.len())];
        let query = &kind.queries[random.usize(..kind.queries.len())];
        let accept = match query.first_page_length {
            0 => Accept::Status(StatusCode::OK),
            length => Accept::Length(length),
        };
        Work {
            path: &query.path,
            body: None,
            accept,
        }
    })
    .await
}
