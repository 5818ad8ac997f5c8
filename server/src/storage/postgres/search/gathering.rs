//! What a statement gathers before it does anything else, and gives up when it is too much: the rows that lead to the matches of one
//! criterion, and, step by step, what a chain leads through to get there. A step that has too many rows leaves none to the next one.

use super::candidates::Candidates;
use super::predicate::{Unit, Writer};
use crate::resource::ResourceType;
use crate::search::query::Criterion;

/// The rows of a leader that were gathered, as a table of a statement.
const GATHERED: &str = "gathered";

/// Whether these are all, and not too many, in such a statement.
pub const IS_ALL: &str = "(SELECT is_all FROM counted)";

/// Sources of a `_has` that are gathered for the cost of testing one resource, since a test goes through everything
/// that points at it.
const SOURCES_FOR_ONE: u64 = 10;

/// Targets of a chain that are gathered for the cost of testing one resource: little may point at them, which a test that finds
/// nothing does not tell.
const TARGETS_FOR_ONE: u64 = 2;

/// The rows that lead to the matches of a unit.
pub struct Gathering {
    /// Rows of the matches, or of what leads to them.
    pub rows: Candidates,
    /// How many of them cost as much as testing one resource.
    pub rows_for_one: u64,
}

/// The steps on the way to the rows of a unit, while they are written.
pub struct Steps {
    /// How many resources may be tested for the cost of all that is gathered.
    limit: u64,
    /// The tables of the steps, in the order in which they build on each other.
    tables: Vec<String>,
    /// For each step that it has not too many rows.
    are_few: Vec<String>,
}

/// What has to be counted to know how much a unit has to gather.
pub struct Counting {
    /// The tables of the steps, to stand after `WITH`.
    pub tables: Vec<String>,
    /// How many resources could be tested for the cost of what is gathered; the limit if that is as much.
    pub count: String,
}

impl Writer<'_> {
    /// What a unit gathers; `None` when it cannot lead.
    pub fn gather(&mut self, unit: &Unit<'_>, types: &[ResourceType]) -> Option<Gathering> {
        let (rows, rows_for_one) = match unit {
            // What it points at is known only when all sources are.
            Unit::One(Criterion::Has {
                source, criterion, ..
            }) => (self.lead(&Unit::One(criterion), &[*source])?, SOURCES_FOR_ONE),
            unit => (self.lead(unit, types)?, 1),
        };
        Some(Gathering { rows, rows_for_one })
    }

    /// As [`gather`](Self::gather), in steps of which none gathers more than what costs as much as testing `limit` resources.
    fn gather_in_steps(
        &mut self,
        unit: &Unit<'_>,
        types: &[ResourceType],
        limit: u64,
    ) -> Option<(Gathering, Steps)> {
        self.steps = Some(Steps {
            limit,
            tables: Vec::new(),
            are_few: Vec::new(),
        });
        let gathering = self.gather(unit, types);
        let steps = self.steps.take();
        gathering.zip(steps)
    }

    /// How much a unit has to gather, of what costs as much as testing `limit` resources; `None` when it cannot lead.
    pub fn counting(&mut self, unit: &Unit<'_>, types: &[ResourceType], limit: u64) -> Option<Counting> {
        let (Gathering { rows, rows_for_one }, steps) = self.gather_in_steps(unit, types, limit)?;
        let (from, most) = (rows.from, limit * rows_for_one);
        let count =
            format!("(SELECT count(*) / {rows_for_one} FROM (SELECT 1 {from} LIMIT {most}) AS counted)");
        Some(Counting {
            count: match steps.are_few.is_empty() {
                true => count,
                false => format!(
                    "CASE WHEN {are_few} THEN {count} ELSE {limit} END",
                    are_few = steps.are_few.join(" AND ")
                ),
            },
            tables: steps.tables,
        })
    }

    /// As [`lead`](Self::lead), from rows that the statement gathers first: none if they cost as much as testing `limit` resources.
    pub fn lead_gathered(
        &mut self,
        unit: &Unit<'_>,
        types: &[ResourceType],
        limit: u64,
    ) -> Option<Candidates> {
        let (Gathering { rows, rows_for_one }, steps) = self.gather_in_steps(unit, types, limit)?;
        let Candidates { from, key, .. } = rows;
        let (mut tables, mut are_few) = (steps.tables, steps.are_few);
        let limit = limit * rows_for_one;
        tables.push(format!(
            "{GATHERED} AS MATERIALIZED (SELECT {key} AS resource_key {from} LIMIT {limit})"
        ));
        are_few.push(is_less(GATHERED, limit));
        tables.push(format!(
            "counted AS MATERIALIZED (SELECT {} AS is_all)",
            are_few.join(" AND ")
        ));
        self.gathering = Some(format!("WITH {}", tables.join(", ")));
        Some(match unit {
            Unit::One(Criterion::Has { reference, .. }) => {
                let sources = format!("TABLE {GATHERED}");
                let mut candidates = self.lead_to_pointed_at(&sources, *reference, types);
                candidates.from.push_str(&format!(" AND {IS_ALL}"));
                candidates
            }
            _ => Candidates {
                from: format!("FROM {GATHERED} WHERE {IS_ALL}"),
                key: format!("{GATHERED}.resource_key"),
                repeats: true,
            },
        })
    }

    /// The keys of the targets of a chain, each once, as a query: a step of its own where there are steps.
    pub fn targets_once(&mut self, targets: Candidates) -> String {
        match self.step(&targets, TARGETS_FOR_ONE) {
            Some(rows) => format!("SELECT DISTINCT resource_key {rows}"),
            None => format!("SELECT DISTINCT {} AS resource_key {}", targets.key, targets.from),
        }
    }

    /// The keys of the sources of a `_has`, some several times, as a query: a step of its own where there are steps.
    pub fn sources(&mut self, sources: Candidates) -> String {
        match self.step(&sources, SOURCES_FOR_ONE) {
            Some(rows) => format!("SELECT resource_key {rows} OFFSET 0"),
            None => format!("SELECT {} AS resource_key {} OFFSET 0", sources.key, sources.from),
        }
    }

    /// The rows of a step as `FROM … WHERE …` with the column `resource_key`; `None` where there are no steps.
    fn step(&mut self, Candidates { from, key, .. }: &Candidates, rows_for_one: u64) -> Option<String> {
        let steps = self.steps.as_mut()?;
        let table = self.statement.alias('x');
        let limit = steps.limit * rows_for_one;
        let is_few = is_less(&table, limit);
        steps.tables.push(format!(
            "{table} AS MATERIALIZED (SELECT {key} AS resource_key {from} LIMIT {limit})"
        ));
        steps.are_few.push(is_few.clone());
        Some(format!("FROM {table} WHERE {is_few}"))
    }
}

/// That a table has less than `limit` rows.
fn is_less(table: &str, limit: u64) -> String {
    format!("(SELECT count(*) < {limit} FROM {table})")
}
