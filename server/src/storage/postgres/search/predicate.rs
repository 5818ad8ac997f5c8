//! A criterion as a condition on a resource, given by its key: whether index rows of that resource match.
//!
//! Each test is a look-up of its own for one resource at a time (`OFFSET 0` keeps the planner from joining it): what to
//! go out from has been chosen by counting (`leader.rs`), and from there a page needs few tests.

use tokio_postgres::types::Type;

use super::alternatives::{Alternative, alternatives};
use super::comparison::{self, Range, Spans};
use super::condition::{all, any, of_resource, of_types};
use super::gathering::Steps;
use super::several;
use super::statement::Statement;
use crate::definitions::search_parameter::{ParameterId, ParameterKind, Registry};
use crate::search::query::{Criterion, DateComparison, Matches, ReferenceMatch};
use crate::storage::postgres::names::Names;
use crate::storage::postgres::parameter_numbers::ParameterNumbers;
use crate::storage::postgres::peculiarities::Peculiarities;

/// What is tested at once: a criterion, or several bounds on one date parameter.
pub enum Unit<'q> {
    /// One criterion by itself.
    One(&'q Criterion),
    /// Dates of a parameter, one for each type searched, that meet all of the bounds.
    Span(&'q [ParameterId], Vec<&'q [DateComparison]>),
}

/// The criteria as units.
pub fn units(criteria: &[Criterion]) -> Vec<Unit<'_>> {
    let mut units: Vec<Unit<'_>> = Vec::new();
    for criterion in criteria {
        let Criterion::Parameter {
            parameters,
            matches: Matches::Dates(wanted),
        } = criterion
        else {
            units.push(Unit::One(criterion));
            continue;
        };
        let same = units.iter_mut().find_map(|unit| match unit {
            Unit::Span(others, bounds) if *others == parameters.as_slice() => Some(bounds),
            _ => None,
        });
        match same {
            Some(bounds) => bounds.push(wanted),
            None => units.push(Unit::Span(parameters, vec![wanted])),
        }
    }
    units
}

/// What conditions are written with.
pub struct Writer<'a> {
    /// The statement that they become part of.
    pub statement: Statement,
    /// The numbers of code systems.
    pub names: &'a Names,
    /// The numbers of search parameters.
    pub parameters: &'a ParameterNumbers,
    /// The parameters' kinds.
    pub registry: &'a Registry,
    /// What the database holds besides.
    pub peculiarities: &'a Peculiarities,
    /// Whether conditions are written on contained resources, whose index rows are told from others by their parameters.
    pub is_contained: bool,
    /// What the statement gathers first, `WITH …`.
    pub gathering: Option<String>,
    /// The steps of what is being gathered, where it is in steps.
    pub steps: Option<Steps>,
}

/// The match of a parameter as rows of one table: `table`, and the condition on its alias.
pub struct Rows {
    /// The index table.
    pub table: &'static str,
    /// The table's alias, unique within the statement.
    pub alias: String,
    /// Which of its rows match.
    pub condition: String,
}

impl Writer<'_> {
    /// Whether the resource whose key is `key` meets `criterion`.
    pub fn predicate(&mut self, criterion: &Criterion, key: &str) -> String {
        match criterion {
            // Contained resources have no id of their own, and nothing outside refers to them.
            Criterion::Id(_) | Criterion::Type(_) | Criterion::LastUpdated(_) | Criterion::Has { .. }
                if self.is_contained =>
            {
                "false".to_owned()
            }
            Criterion::Id(ids) => {
                let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
                let ids = self.statement.bind(ids, Type::TEXT_ARRAY);
                let row = self.statement.alias('r');
                format!(
                    "EXISTS (SELECT 1 FROM resource {row} WHERE {row}.resource_key = {key} AND {row}.id = ANY ({ids}) OFFSET 0)"
                )
            }
            Criterion::Type(types) => match types.as_slice() {
                [] => "false".to_owned(),
                types => of_types(types, key),
            },
            Criterion::LastUpdated(wanted) => {
                let row = self.statement.alias('r');
                let condition = self.last_updated(&format!("{row}.last_updated"), wanted);
                format!(
                    "EXISTS (SELECT 1 FROM resource {row} WHERE {row}.resource_key = {key} AND {condition} OFFSET 0)"
                )
            }
            Criterion::Parameter { parameters, matches } => {
                let rows = self.rows(parameters, matches);
                any(rows.iter().map(|rows| self.exists(rows, key)).collect())
            }
            Criterion::Missing { parameters, missing } => {
                let found = any(self
                    .any_rows(parameters)
                    .iter()
                    .map(|rows| self.exists(rows, key))
                    .collect());
                if *missing { format!("NOT {found}") } else { found }
            }
            Criterion::Chain {
                references,
                target,
                criterion,
            } => self.chain(references, &[*target], criterion, key),
            Criterion::Has {
                source: _,
                reference,
                criterion,
            } => self.has(*reference, criterion, key),
            Criterion::Any(criteria) => any(alternatives(criteria)
                .iter()
                .map(|one| match one {
                    Alternative::One(criterion) => self.predicate(criterion, key),
                    Alternative::Chains {
                        references,
                        targets,
                        criterion,
                    } => self.chain(references, targets, criterion, key),
                })
                .collect()),
            Criterion::All(criteria) => all(criteria.iter().map(|one| self.predicate(one, key)).collect()),
            Criterion::Not(criterion) => format!("NOT {}", self.predicate(criterion, key)),
        }
    }

    /// Whether the resource whose key is `key` meets a unit.
    pub fn test(&mut self, unit: &Unit<'_>, key: &str) -> String {
        match unit {
            Unit::One(criterion) => self.predicate(criterion, key),
            // Each bound may be met by another value.
            Unit::Span(parameters, bounds) => {
                let met = bounds.iter().map(|wanted| self.has_date(parameters, wanted, key));
                all(met.collect())
            }
        }
    }

    /// Whether there is one of `rows` for the resource whose key is `key`. Where the index of values has no key close to
    /// its front, all rows of the resource are read by the index of keys, whatever the planner thinks of their number: it
    /// knows nothing of tables that have just been filled.
    pub fn exists(
        &self,
        Rows {
            table,
            alias,
            condition,
        }: &Rows,
        key: &str,
    ) -> String {
        match *table {
            "string" | "date" | "number" | "quantity" => format!(
                "EXISTS (SELECT 1 FROM {of_resource} WHERE {condition} OFFSET 0)",
                of_resource = of_resource(table, alias, key)
            ),
            _ => format!(
                "EXISTS (SELECT 1 FROM {table} {alias} WHERE {alias}.resource_key = {key} AND {condition} OFFSET 0)"
            ),
        }
    }

    /// The rows that match: of one table, or of two for references by what they point at and by identifier.
    pub fn rows(&mut self, parameters: &[ParameterId], matches: &Matches) -> Vec<Rows> {
        let (table, letter) = match matches {
            Matches::Tokens(_) => ("token", 't'),
            Matches::Strings(_) => ("string", 's'),
            Matches::References(_) => ("reference", 'f'),
            Matches::Dates(_) => ("date", 'd'),
            Matches::Numbers(_) => ("number", 'n'),
            Matches::Quantities(_) => ("quantity", 'q'),
            Matches::Uris(_) => ("uri", 'u'),
            Matches::Composites(_) => ("composite", 'c'),
        };
        let alias = self.statement.alias(letter);
        let (statement, names) = (&mut self.statement, self.names);
        let (low, high) = (format!("{alias}.low"), format!("{alias}.high"));
        let range = Range {
            low: &low,
            high: &high,
        };
        let conditions: Vec<String> = match matches {
            Matches::Tokens(wanted) => {
                let (system, code) = (format!("{alias}.system"), format!("{alias}.code"));
                several::tokens(statement, names, &system, &code, wanted)
            }
            Matches::Strings(wanted) => wanted
                .iter()
                .map(|one| comparison::string(statement, &alias, one))
                .collect(),
            Matches::References(wanted) => return self.reference_rows(parameters, alias, wanted),
            Matches::Dates(wanted) => wanted
                .iter()
                .map(|one| comparison::date(statement, &range, one, Spans::All))
                .collect(),
            Matches::Numbers(wanted) => wanted
                .iter()
                .map(|one| comparison::number(statement, &range, one))
                .collect(),
            Matches::Quantities(wanted) => wanted
                .iter()
                .map(|one| comparison::quantity(statement, names, &alias, one))
                .collect(),
            Matches::Uris(wanted) => several::uris(statement, &format!("{alias}.value"), wanted),
            Matches::Composites(wanted) => wanted
                .iter()
                .map(|components| {
                    let components = components.iter().zip(1..);
                    let each = components.map(|(one, position)| {
                        comparison::component(statement, names, &alias, position, one)
                    });
                    all(each.collect())
                })
                .collect(),
        };
        let condition = format!("{} AND {}", self.parameters(parameters, &alias), any(conditions));
        vec![Rows {
            table,
            alias,
            condition,
        }]
    }

    fn reference_rows(
        &mut self,
        parameters: &[ParameterId],
        alias: String,
        wanted: &[ReferenceMatch],
    ) -> Vec<Rows> {
        let mut rows = Vec::new();
        let targets = several::references(&mut self.statement, &alias, wanted);
        if !targets.is_empty() {
            let condition = format!("{} AND {}", any(targets), self.parameters(parameters, &alias));
            rows.push(Rows {
                table: "reference",
                alias,
                condition,
            });
        }
        let identifiers: Vec<_> = wanted
            .iter()
            .filter_map(|one| match one {
                ReferenceMatch::Identifier(token) => Some(token.clone()),
                _ => None,
            })
            .collect();
        if !identifiers.is_empty() {
            rows.extend(self.rows(parameters, &Matches::Tokens(identifiers)));
        }
        rows
    }

    /// All rows of these parameters, in each table where they may have some.
    pub fn any_rows(&mut self, parameters: &[ParameterId]) -> Vec<Rows> {
        let kind = parameters.first().map(|first| self.registry.get(*first).kind);
        let tables: &[&str] = match kind {
            None => &[],
            // What has no code or target may still have a text.
            Some(ParameterKind::Token) => &["token", "string"],
            Some(ParameterKind::String) => &["string"],
            Some(ParameterKind::Reference) => &["reference", "token", "string"],
            Some(ParameterKind::Date) => &["date"],
            Some(ParameterKind::Number) => &["number"],
            Some(ParameterKind::Quantity) => &["quantity"],
            Some(ParameterKind::Uri) => &["uri"],
            Some(ParameterKind::Composite | ParameterKind::Special) => &["composite"],
        };
        let row = |table: &&'static str| {
            let alias = self.statement.alias('m');
            let condition = self.parameters(parameters, &alias);
            Rows {
                table,
                alias,
                condition,
            }
        };
        tables.iter().map(row).collect()
    }

    /// `alias.parameter` is one of these.
    pub fn parameters(&self, parameters: &[ParameterId], alias: &str) -> String {
        let numbers: Vec<String> = parameters
            .iter()
            .map(|parameter| match self.is_contained {
                true => (-self.parameters.get(*parameter)).to_string(),
                false => self.parameters.get(*parameter).to_string(),
            })
            .collect();
        match numbers.as_slice() {
            [number] => format!("{alias}.parameter = {number}"),
            [] => "false".to_owned(),
            several => format!("{alias}.parameter IN ({})", several.join(", ")),
        }
    }
}
