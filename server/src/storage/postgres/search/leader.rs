//! Which criterion a search goes out from.
//!
//! Matches are gathered from the index rows of one criterion, the leader, and the others test them; or, when every
//! criterion has very many, resources are walked in the order of the page and all criteria test them until the page
//! is full. With `n` resources and a page of `p`, gathering `m` rows costs as much as walking when m² = p·n, so that is
//! how far rows are counted. All pages of a search have one order whatever leads.

use super::Search;
use super::predicate::{Unit, units};
use super::walk::Walk;
use crate::search::query::{Criterion, Matches, StringMatch, TokenMatch};
use crate::storage::StorageError;

/// Criteria that are counted at most.
const MAXIMUM_COUNTED: usize = 6;

/// What gathering a row costs, in tests of one resource, when its sort keys have to be looked up.
const COST_OF_SORTED: u64 = 4;

/// What a search goes out from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leader {
    /// The unit at this position, which has few matches.
    Few(usize),
    /// The unit at this position, whose first `rows` rows are gathered: a statement finds nothing if there are as many.
    Gathered { unit: usize, rows: u64 },
    /// The unit at this position, which has many, but whose index gives them in the order of keys.
    Ordered(usize),
    /// None: all resources are walked.
    Walk,
}

/// How a search goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// From this.
    Known(Leader),
    /// Only one unit can lead, and does if it has less than `rows` rows; which the page's own statement finds out.
    Tried {
        /// Its position.
        unit: usize,
        /// Rows that are too many.
        rows: u64,
        /// The leader if it has more.
        otherwise: Leader,
    },
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

/// Chooses; counts, with one statement, only where the query does not tell and there is a choice.
pub async fn choose(search: &Search<'_>, page: u64) -> Result<Route, StorageError> {
    let units = units(&search.query.criteria);
    let promises: Vec<Promise> = units.iter().map(promise).collect();
    let best = promises.iter().enumerate().min_by_key(|(_, promise)| **promise);
    let query = search.query;
    let cost = if query.sort.is_empty() { 1 } else { COST_OF_SORTED };
    let rows = power_of_two((page * search.resources / cost).isqrt());
    let leads = |index: usize| {
        search
            .writer()
            .gather(&units[index], &query.resource_types)
            .is_some()
    };
    let otherwise = match best {
        None | Some((_, Promise::None)) => return Ok(Route::Known(Leader::Walk)),
        // What should be few may be many: all data of a patient who is ill for long.
        Some((index, Promise::Few(rank)))
            if *rank > 0 && leads(index) && Walk::of(search.registry, query).is_some() =>
        {
            return Ok(Route::Tried {
                unit: index,
                rows,
                otherwise: Leader::Few(index),
            });
        }
        Some((index, Promise::Few(_))) => return Ok(Route::Known(Leader::Few(index))),
        Some((index, Promise::OrderedUnknown)) => Leader::Ordered(index),
        Some((_, Promise::Unknown)) => Leader::Walk,
    };
    let counted: Vec<usize> = (0..units.len())
        .filter(|index| promises[*index] != Promise::None)
        .take(MAXIMUM_COUNTED)
        .collect();
    if let [unit] = counted.as_slice() {
        if units.len() == 1 && query.sort.is_empty() && otherwise == Leader::Ordered(*unit) {
            return Ok(Route::Known(otherwise));
        }
        if search
            .writer()
            .gather(&units[*unit], &search.query.resource_types)
            .is_none()
        {
            return Ok(Route::Known(Leader::Walk));
        }
        return Ok(Route::Tried {
            unit: *unit,
            rows,
            otherwise,
        });
    }
    let fewest = fewest(search, &units, &counted, rows).await?;
    Ok(Route::Known(fewest.map_or(otherwise, Leader::Few)))
}

/// The largest that is not larger: a statement's shape stays the same while the database grows by less than that.
fn power_of_two(number: u64) -> u64 {
    1 << number.max(1).ilog2()
}

/// The leader of a route, for statements that find all matches.
pub async fn settle(search: &Search<'_>, route: Route) -> Result<Leader, StorageError> {
    match route {
        Route::Known(leader)
        | Route::Tried {
            otherwise: leader @ Leader::Few(_),
            ..
        } => Ok(leader),
        Route::Tried {
            unit,
            rows,
            otherwise,
        } => {
            let units = units(&search.query.criteria);
            let fewest = fewest(search, &units, &[unit], rows).await?;
            Ok(fewest.map_or(otherwise, Leader::Few))
        }
    }
}

/// Which of the units `counted` has the fewest rows, if it has less than `limit`.
async fn fewest(
    search: &Search<'_>,
    units: &[Unit<'_>],
    counted: &[usize],
    limit: u64,
) -> Result<Option<usize>, StorageError> {
    let mut writer = search.writer();
    let mut counts = Vec::new();
    for index in counted {
        let Some(gathered) = writer.gather(&units[*index], &search.query.resource_types) else {
            continue;
        };
        let from = gathered.rows.from;
        let rows = limit * gathered.rows_for_one;
        counts.push((
            *index,
            format!(
                "(SELECT count(*) / {rows_for_one} FROM (SELECT 1 {from} LIMIT {rows}) AS counted)",
                rows_for_one = gathered.rows_for_one
            ),
        ));
    }
    if counts.is_empty() {
        return Ok(None);
    }
    let columns: Vec<&str> = counts.iter().map(|(_, count)| count.as_str()).collect();
    let sql = format!("SELECT {}", columns.join(", "));
    let found = writer.statement.run(search, &sql).await?;
    let fewest = found.first().and_then(|row| {
        let counts = counts.iter().enumerate();
        counts
            .map(|(column, (index, _))| {
                (
                    u64::try_from(row.get::<_, i64>(column)).unwrap_or_default(),
                    *index,
                )
            })
            .filter(|(count, _)| *count < limit)
            .min()
    });
    Ok(fewest.map(|(_, index)| index))
}
