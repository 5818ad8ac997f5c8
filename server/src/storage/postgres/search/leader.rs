//! Which criterion a search goes out from.
//!
//! Matches are gathered from the index rows of one criterion, the leader, and the others test them; or, when every
//! criterion has very many, resources are walked in the order of the page and all criteria test them until the page
//! is full. With `n` resources and a page of `p`, gathering `m` rows costs as much as walking when m² = p·n, so that is
//! how far rows are counted. All pages of a search have one order whatever leads.

use deadpool_postgres::Client;

use super::predicate::{Unit, Writer, units};
use super::statement::Statement;
use crate::search::parameter::Registry;
use crate::search::query::{Criterion, Matches, Query, StringMatch, TokenMatch};
use crate::storage::StorageError;
use crate::storage::postgres::names::Names;

/// Criteria that are counted at most.
const MAXIMUM_COUNTED: usize = 6;

/// Sources of a `_has` that are gathered for the cost of testing one resource, since a test goes through everything
/// that points at it.
const SOURCES_FOR_ONE: u32 = 10;

/// What a search goes out from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leader {
    /// The unit at this position, which has few matches.
    Few(usize),
    /// The unit at this position, which has many, but whose index gives them in the order of keys.
    Ordered(usize),
    /// None: all resources are walked.
    Walk,
}

/// What is known of a unit without looking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Promise {
    /// Names a resource or nearly so.
    Few(u8),
    /// May be anything; rows come in the order of keys.
    OrderedUnknown,
    /// May be anything.
    Unknown,
    /// Cannot lead.
    None,
}

fn promise(unit: &Unit<'_>) -> Promise {
    let criterion = match unit {
        Unit::Span(..) => return Promise::Unknown,
        Unit::One(criterion) => *criterion,
    };
    match criterion {
        Criterion::Id(_) => Promise::Few(0),
        Criterion::Chain { .. } | Criterion::Has { .. } => Promise::Unknown,
        Criterion::Parameter { matches, .. } => match matches {
            Matches::References(_) => Promise::Few(1),
            Matches::Uris(_) => Promise::Few(2),
            Matches::Composites(_) => Promise::Few(3),
            Matches::Strings(wanted) if !wanted.iter().any(|one| matches!(one, StringMatch::Contains(_))) => {
                Promise::Few(4)
            }
            Matches::Tokens(wanted) => match wanted.as_slice() {
                [TokenMatch::System(_)] => Promise::Unknown,
                [_] => Promise::OrderedUnknown,
                _ => Promise::Unknown,
            },
            _ => Promise::Unknown,
        },
        _ => Promise::None,
    }
}

/// Chooses; counts only where the query does not tell, with one statement.
pub async fn choose(
    client: &Client,
    names: &Names,
    registry: &Registry,
    query: &Query,
    page: u64,
) -> Result<Leader, StorageError> {
    let units = units(&query.criteria);
    let promises: Vec<Promise> = units.iter().map(promise).collect();
    let best = promises.iter().enumerate().min_by_key(|(_, promise)| **promise);
    match best {
        None | Some((_, Promise::None)) => return Ok(Leader::Walk),
        Some((index, Promise::Few(_))) => return Ok(Leader::Few(index)),
        Some((index, Promise::OrderedUnknown)) if units.len() == 1 && query.sort.is_empty() => {
            return Ok(Leader::Ordered(index));
        }
        Some(_) => {}
    }
    let counted: Vec<usize> = (0..units.len())
        .filter(|index| promises[*index] != Promise::None)
        .take(MAXIMUM_COUNTED)
        .collect();
    let mut writer = Writer {
        statement: Statement::default(),
        names,
        registry,
    };
    let limit = format!(
        "(SELECT ceil(sqrt({page} * greatest(reltuples, 10000)))::bigint FROM pg_class
          WHERE oid = 'resource'::regclass)"
    );
    let counts: Vec<String> = counted
        .iter()
        .map(|index| {
            let (rows, rows_for_one) = match &units[*index] {
                // What it points at is known only when all sources are, so these are counted.
                Unit::One(Criterion::Has {
                    source,
                    reference,
                    criterion,
                }) if !writer.may_be_canonical(&[*reference]) => {
                    (writer.lead(&Unit::One(criterion), &[*source]), SOURCES_FOR_ONE)
                }
                unit => (writer.lead(unit, &query.resource_types), 1),
            };
            let from = rows.map_or_else(|| "FROM resource".to_owned(), |candidates| candidates.from);
            format!("(SELECT count(*) / {rows_for_one} FROM (SELECT 1 {from} LIMIT {limit} * {rows_for_one}) AS counted)")
        })
        .collect();
    let rows = writer
        .statement
        .run(client, &format!("SELECT {limit}, {}", counts.join(", ")))
        .await?;
    let Some(row) = rows.first() else {
        return Ok(Leader::Walk);
    };
    let limit: i64 = row.get(0);
    let fewest = counted
        .iter()
        .enumerate()
        .map(|(column, index)| (row.get::<_, i64>(column + 1), *index))
        .filter(|(count, _)| *count < limit)
        .min();
    Ok(match (fewest, best) {
        (Some((_, index)), _) => Leader::Few(index),
        (None, Some((index, Promise::OrderedUnknown))) => Leader::Ordered(index),
        _ => Leader::Walk,
    })
}
