//! Which criterion a search goes out from.
//!
//! Matches are gathered from the index rows of one criterion, the leader, and the others test them; or, when every
//! criterion has very many, resources are walked in the order of the page and all criteria test them until the page
//! is full. With `n` resources and a page of `p`, gathering `m` rows costs as much as walking when m² = p·n, so that is
//! how far rows are counted. Walking pays only where the matches are spread evenly, which nobody knows: it is given up for
//! gathering when it has cost more than that. All pages of a search have one order whatever leads.

use super::Search;
use super::gathering::Counting;
use super::predicate::{Unit, units};
use super::walk::Walk;
use crate::search::query::{Criterion, Matches, ReferenceMatch, StringMatch, TokenMatch, UriMatch};
use crate::storage::StorageError;

/// Criteria that are counted at most.
const MAXIMUM_COUNTED: usize = 6;

/// What gathering a row costs, in tests of one resource, when its sort keys have to be looked up.
const COST_OF_SORTED: u64 = 4;

/// What a statement of a search goes out from. A unit is meant by its position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leader {
    /// All rows of this unit.
    Unit(usize),
    /// The rows of this unit if there are less than `rows`; the statement finds nothing if there are as many.
    Gathered {
        /// Position of the unit, from 0.
        unit: usize,
        /// Rows that are too many.
        rows: u64,
    },
    /// All resources of the types searched.
    Walk,
    /// So many of them, in the order of the page.
    WalkPart {
        /// How many resources are walked at most.
        rows: u64,
        /// Whether the page lies before its cursor.
        backwards: bool,
    },
}

/// How a search goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// From this leader, whatever it finds.
    Known(Leader),
    /// From a unit if it has less than `rows` rows; else on the walk, and from the unit again if that comes to nothing.
    Unknown {
        /// Position of the unit, from 0.
        unit: usize,
        /// Rows that are too many.
        rows: u64,
        /// Whether it was counted, and has as many.
        many: bool,
        /// Whether its index has it in the order of keys, so that a page of that order takes what it needs.
        ordered: bool,
    },
}

impl Route {
    /// What statements that find all matches go out from.
    pub fn to_all(self) -> Leader {
        match self {
            Route::Known(leader) => leader,
            Route::Unknown { unit, .. } => Leader::Unit(unit),
        }
    }
}

/// What is known of a unit without looking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Promise {
    /// Names resources, or what they point at.
    Few(u8),
    /// Few as a rule.
    Rare(u8),
    /// May be anything; rows come in the order of keys.
    OrderedUnknown,
    /// May be anything.
    Unknown,
    /// Cannot lead: it has no rows to gather.
    None,
}

/// What is known of a unit. One that promises anything can [`lead`](super::predicate::Writer::lead).
pub fn promise(unit: &Unit<'_>) -> Promise {
    let criterion = match unit {
        Unit::Span(..) => return Promise::Unknown,
        Unit::One(criterion) => *criterion,
    };
    let ordered = comes_in_order(unit);
    let of = |criterion| promise(&Unit::One(criterion));
    match criterion {
        Criterion::Id(_) => Promise::Few(0),
        Criterion::Chain { .. } | Criterion::Has { .. } | Criterion::LastUpdated(_) => Promise::Unknown,
        Criterion::Parameter { matches, .. } => match matches {
            Matches::References(wanted) => match wanted.as_slice() {
                [ReferenceMatch::Target(_) | ReferenceMatch::Id(_)] => Promise::Few(1),
                _ => Promise::Rare(1),
            },
            Matches::Uris(wanted) => match wanted.as_slice() {
                [UriMatch::Exact(_)] => Promise::Few(2),
                _ => Promise::Rare(2),
            },
            Matches::Composites(_) => Promise::Rare(3),
            Matches::Strings(wanted) if !wanted.iter().any(|one| matches!(one, StringMatch::Contains(_))) => {
                Promise::Rare(4)
            }
            Matches::Tokens(_) if ordered => Promise::OrderedUnknown,
            _ => Promise::Unknown,
        },
        // What comes from several indexes comes in no order.
        Criterion::Any(criteria) => match criteria.iter().map(of).max() {
            None => Promise::None,
            Some(Promise::OrderedUnknown) => Promise::Unknown,
            Some(worst) => worst,
        },
        Criterion::All(criteria) => match criteria.iter().map(of).min() {
            None => Promise::None,
            Some(Promise::OrderedUnknown) => Promise::Unknown,
            Some(best) => best,
        },
        Criterion::Missing { missing: false, .. } => Promise::Unknown,
        Criterion::Type(_) | Criterion::Missing { missing: true, .. } | Criterion::Not(_) => Promise::None,
    }
}

/// Whether an index has the rows of a unit in the order of keys, so that a page of that order takes what it needs.
pub fn comes_in_order(unit: &Unit<'_>) -> bool {
    let Unit::One(Criterion::Parameter { parameters, matches }) = unit else {
        return false;
    };
    // The index has the parameter before the key.
    if parameters.len() != 1 {
        return false;
    }
    match matches {
        Matches::References(wanted) => matches!(
            wanted.as_slice(),
            [ReferenceMatch::Target(_) | ReferenceMatch::Id(_)]
        ),
        Matches::Uris(wanted) => matches!(wanted.as_slice(), [UriMatch::Exact(_)]),
        Matches::Tokens(wanted) => matches!(
            wanted.as_slice(),
            [TokenMatch::Code(_) | TokenMatch::SystemAndCode(..) | TokenMatch::CodeWithoutSystem(_)]
        ),
        _ => false,
    }
}

/// Chooses; counts, with one statement, only where the query does not tell and there is a choice.
pub async fn choose(search: &Search<'_>, page: u64) -> Result<Route, StorageError> {
    let units = units(&search.query.criteria);
    let query = search.query;
    let cost = if query.sort.is_empty() { 1 } else { COST_OF_SORTED };
    let rows = power_of_two((page * search.resources / cost).isqrt());
    let leads = |unit: &Unit<'_>| search.writer().gather(unit, &query.resource_types).is_some();
    let promises: Vec<Promise> = units
        .iter()
        .map(|unit| if leads(unit) { promise(unit) } else { Promise::None })
        .collect();
    let best = promises.iter().enumerate().min_by_key(|(_, promise)| **promise);
    let (best, ordered) = match best {
        None | Some((_, Promise::None)) => return Ok(Route::Known(Leader::Walk)),
        // What should be few may be many: all data of a patient who is ill for long. Sorting them can be saved.
        Some((unit, Promise::Few(rank))) if *rank == 0 || Walk::of(search.registry, query).is_none() => {
            return Ok(Route::Known(Leader::Unit(unit)));
        }
        Some((unit, Promise::Few(_) | Promise::Rare(_))) => {
            return Ok(Route::Unknown {
                unit,
                rows,
                many: false,
                ordered: false,
            });
        }
        Some((unit, promise)) => (unit, *promise == Promise::OrderedUnknown),
    };
    if units.len() == 1 && query.sort.is_empty() && ordered {
        return Ok(Route::Known(Leader::Unit(best)));
    }
    let leading: Vec<usize> = (0..units.len())
        .filter(|index| promises[*index] != Promise::None)
        .take(MAXIMUM_COUNTED)
        .collect();
    let (unit, many) = match leading.as_slice() {
        [unit] => (*unit, false),
        _ => match fewest(search, &units, &leading, rows).await? {
            Some(unit) => return Ok(Route::Known(Leader::Unit(unit))),
            None => (best, true),
        },
    };
    Ok(Route::Unknown {
        unit,
        rows,
        many,
        ordered,
    })
}

/// Another unit than `unit`, which has `rows` rows or more, that has fewer than so many. It costs a statement where there is one to ask
/// for.
pub async fn other(search: &Search<'_>, unit: usize, rows: u64) -> Result<Option<usize>, StorageError> {
    let units = units(&search.query.criteria);
    let leads = |other: &usize| {
        let gathering = search
            .writer()
            .gather(&units[*other], &search.query.resource_types);
        *other != unit && gathering.is_some()
    };
    let counted: Vec<usize> = (0..units.len()).filter(leads).take(MAXIMUM_COUNTED).collect();
    match counted.as_slice() {
        [] => Ok(None),
        counted => fewest(search, &units, counted, rows).await,
    }
}

/// The largest that is not larger: a statement's shape stays the same while the database grows by less than that.
fn power_of_two(number: u64) -> u64 {
    1 << number.max(1).ilog2()
}

/// Which of the units `counted` has the fewest rows, if it has less than `limit`.
async fn fewest(
    search: &Search<'_>,
    units: &[Unit<'_>],
    counted: &[usize],
    limit: u64,
) -> Result<Option<usize>, StorageError> {
    let mut writer = search.writer();
    let counts: Option<Vec<Counting>> = counted
        .iter()
        .map(|index| writer.counting(&units[*index], &search.query.resource_types, limit))
        .collect();
    let Some(counts) = counts else { return Ok(None) };
    let tables: Vec<&str> = counts
        .iter()
        .flat_map(|counting| counting.tables.iter().map(String::as_str))
        .collect();
    let counts: Vec<&str> = counts.iter().map(|counting| counting.count.as_str()).collect();
    let with = match tables.is_empty() {
        true => String::new(),
        false => format!("WITH {} ", tables.join(", ")),
    };
    let sql = format!("{with}SELECT {}", counts.join(", "));
    let found = writer.statement.run(search, &sql).await?;
    let fewest = found.first().and_then(|row| {
        let counts = counted.iter().enumerate();
        counts
            .map(|(column, index)| {
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
