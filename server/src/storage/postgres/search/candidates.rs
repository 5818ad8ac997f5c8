//! Where the matches of a search come from: the rows of the leader, which all other criteria test, or all resources of
//! the types searched.

use compact_str::CompactString;

use super::condition::{all, of_resource, of_resource_types, of_types};
use super::leader::{Leader, comes_in_order};
use super::membership::Within;
use super::predicate::{Rows, Unit, Writer, units};
use super::several::one_of;
use crate::resource::ResourceType;
use crate::search::query::{Criterion, DateComparison, Query};
use crate::storage::postgres::read::DELETE;

/// Rows of a criterion within those of the leader that are gathered rather than looked up one by one. Reading so many is
/// cheaper than filling half a page by looking up.
const FEW: u64 = 512;

/// Rows, one or several for each match.
pub struct Candidates {
    /// `FROM … WHERE …`.
    pub from: String,
    /// The column with the key of the resource.
    pub key: String,
    /// Whether one resource may have several rows.
    pub repeats: bool,
}

impl Candidates {
    /// Rows of an index table.
    pub fn of_rows(rows: Rows) -> Candidates {
        let Rows {
            table,
            alias,
            condition,
        } = rows;
        Candidates {
            from: format!("FROM {table} {alias} WHERE {condition}"),
            key: format!("{alias}.resource_key"),
            repeats: true,
        }
    }
}

/// Whether what a unit leads to is of the types searched in any case: it has one parameter, which is of one type, or looks at the type
/// itself. Access rules may narrow a search to fewer types than its parameters are of.
fn keeps_to_types(unit: &Unit<'_>) -> bool {
    let parameters = match unit {
        Unit::Span(parameters, _) => *parameters,
        Unit::One(Criterion::Parameter { parameters, .. }) => parameters.as_slice(),
        Unit::One(Criterion::Chain { references, .. }) => references.as_slice(),
        Unit::One(_) => return true,
    };
    parameters.len() == 1
}

impl Writer<'_> {
    /// The matches of `query`, without order and page. `more` are further conditions on the key of the resource.
    pub fn candidates(
        &mut self,
        query: &Query,
        leader: Leader,
        more: impl Fn(&mut Self, &str) -> Vec<String>,
    ) -> Candidates {
        let units = units(&query.criteria);
        let types = query.resource_types.as_slice();
        let (leading, lead) = match leader {
            Leader::Unit(index) => match self.lead(&units[index], types) {
                Some(rows) if !comes_in_order(&units[index]) => (index, Some(self.apart(rows))),
                lead => (index, lead),
            },
            Leader::Gathered { unit: index, rows } => (index, self.lead_gathered(&units[index], types, rows)),
            Leader::Walk => return self.walk(types, &units, None, &more),
            Leader::WalkPart { rows, backwards } => {
                return self.walk(types, &units, Some((rows, backwards)), &more);
            }
        };
        let Some(Candidates {
            mut from,
            key,
            repeats,
        }) = lead
        else {
            return self.walk(types, &units, None, &more);
        };
        // Only where these are simple rows is it cheap to know the first and the last.
        let simple = match leader {
            Leader::Unit(_) => comes_in_order(&units[leading]),
            _ => !matches!(units[leading], Unit::One(Criterion::Has { .. })),
        };
        let within = Within {
            from: &from,
            key: &key,
        };
        let others = units.iter().enumerate().filter(|(index, _)| *index != leading);
        let test = |(_, unit)| match simple {
            true => self.member(unit, &key, Some(&within), FEW),
            false => self.test(unit, &key),
        };
        let mut conditions: Vec<String> = others.map(test).collect();
        conditions.extend(more(self, &key));
        if !keeps_to_types(&units[leading]) {
            conditions.push(format!("({})", of_types(types, &key)));
        }
        for condition in conditions {
            from.push_str(" AND ");
            from.push_str(&condition);
        }
        Candidates { from, key, repeats }
    }

    /// The same rows from a subquery of their own: `OFFSET 0` keeps the planner from going through all keys in their order, in
    /// the belief that it soon meets enough of these.
    pub fn apart(&mut self, Candidates { from, key, repeats }: Candidates) -> Candidates {
        let rows = self.statement.alias('l');
        Candidates {
            from: format!("FROM (SELECT {key} AS resource_key {from} OFFSET 0) AS {rows} WHERE true"),
            key: format!("{rows}.resource_key"),
            repeats,
        }
    }

    /// The rows of one unit; `None` when it cannot lead.
    pub fn lead(&mut self, unit: &Unit<'_>, types: &[ResourceType]) -> Option<Candidates> {
        let criterion = match unit {
            Unit::Span(parameters, bounds) => {
                let alias = self.statement.alias('s');
                let rows = self.span(parameters, bounds);
                let key = format!("{alias}.resource_key");
                return Some(Candidates {
                    from: format!("FROM ({rows}) AS {alias} WHERE true"),
                    key,
                    repeats: true,
                });
            }
            Unit::One(criterion) => *criterion,
        };
        match criterion {
            Criterion::Id(_) | Criterion::LastUpdated(_) | Criterion::Has { .. } if self.is_contained => None,
            Criterion::Id(ids) => Some(self.with_ids(ids, types)),
            Criterion::LastUpdated(wanted) => Some(self.updated_at(wanted, types)),
            Criterion::Parameter { parameters, matches } => {
                let mut rows = self.rows(parameters, matches);
                if rows.len() == 1 {
                    return rows.pop().map(Candidates::of_rows);
                }
                // A reference is found in one table, its identifier in another.
                let leads = rows.into_iter().map(Candidates::of_rows).collect();
                Some(self.any_of(leads, types))
            }
            Criterion::Chain {
                references,
                target,
                criterion,
            } => Some(self.lead_to_pointing(references, &[*target], criterion)),
            Criterion::Has {
                source,
                reference,
                criterion,
            } => {
                let sources = self.keys(&[*source], criterion);
                Some(self.lead_to_pointed_at(&sources, *reference, types))
            }
            Criterion::Missing {
                parameters,
                missing: false,
            } => {
                let rows = self.any_rows(parameters);
                let leads = rows.into_iter().map(Candidates::of_rows).collect();
                Some(self.any_of(leads, types))
            }
            Criterion::Any(criteria) => self.lead_to_any(criteria, types),
            Criterion::All(criteria) => self.lead_to_all(criteria, types),
            Criterion::Type(_) | Criterion::Missing { missing: true, .. } | Criterion::Not(_) => None,
        }
    }

    /// The resources with one of these ids.
    fn with_ids(&mut self, ids: &[CompactString], types: &[ResourceType]) -> Candidates {
        let row = self.statement.alias('r');
        let wanted = match ids {
            [] => "false".to_owned(),
            ids => {
                let ids = ids.iter().map(ToString::to_string).collect();
                one_of(&mut self.statement, &format!("{row}.id"), ids)
            }
        };
        let key = format!("{row}.resource_key");
        let types = of_types(types, &key);
        let from = format!("FROM resource {row} WHERE {row}.method <> {DELETE} AND {wanted} AND ({types})");
        Candidates {
            from,
            key,
            repeats: false,
        }
    }

    /// The resources that were last changed at a time.
    fn updated_at(&mut self, wanted: &[DateComparison], types: &[ResourceType]) -> Candidates {
        let row = self.statement.alias('r');
        let types = of_resource_types(types, &format!("{row}.resource_type"));
        let moment = self.last_updated(&format!("{row}.last_updated"), wanted);
        Candidates {
            from: format!("FROM resource {row} WHERE {types} AND {moment} AND {row}.method <> {DELETE}"),
            key: format!("{row}.resource_key"),
            repeats: false,
        }
    }

    /// The keys of the resources of `types` that meet one criterion, some several times, as a subquery of its own.
    fn keys(&mut self, types: &[ResourceType], criterion: &Criterion) -> String {
        match self.lead(&Unit::One(criterion), types) {
            Some(candidates) => self.sources(candidates),
            None => self.resources(types, criterion),
        }
    }

    /// The resources of `types` that meet one criterion, as a subquery of its own with their keys and ids. `OFFSET 0`
    /// keeps the planner from taking it apart: what it makes of two such sets at once is rarely the better for it.
    pub fn resources(&mut self, types: &[ResourceType], criterion: &Criterion) -> String {
        let row = self.statement.alias('r');
        match self.lead(&Unit::One(criterion), types) {
            Some(candidates) => {
                let found = self.statement.alias('g');
                let once = self.targets_once(candidates);
                // Those of a step are few, and looked up one by one whatever the planner knows of them.
                let joined = match self.steps.is_some() {
                    true => format!(
                        ", LATERAL {resource} WHERE",
                        resource = of_resource("resource", &row, &format!("{found}.resource_key"))
                    ),
                    false => {
                        format!(" JOIN resource {row} ON {row}.resource_key = {found}.resource_key WHERE")
                    }
                };
                format!(
                    "SELECT {row}.resource_key, {row}.id, {row}.resource_type
                     FROM ({once}) AS {found}{joined} {row}.method <> {DELETE} OFFSET 0"
                )
            }
            None => {
                let key = format!("{row}.resource_key");
                let test = self.test(&Unit::One(criterion), &key);
                format!(
                    "SELECT {key}, {row}.id, {row}.resource_type FROM resource {row}
                     WHERE {row}.method <> {DELETE} AND ({types}) AND {test} OFFSET 0",
                    types = of_types(types, &key)
                )
            }
        }
    }

    /// All resources of the types searched, or as many as `part` says in the order of keys, backwards or not; each tested.
    fn walk(
        &mut self,
        types: &[ResourceType],
        units: &[Unit<'_>],
        part: Option<(u64, bool)>,
        more: &impl Fn(&mut Self, &str) -> Vec<String>,
    ) -> Candidates {
        let row = self.statement.alias('r');
        let key = format!("{row}.resource_key");
        let mut conditions = vec![format!("{row}.method <> {DELETE}"), of_types(types, &key)];
        conditions.extend(more(self, &key));
        let tests: Vec<String> = units.iter().map(|unit| self.test(unit, &key)).collect();
        let from = match part {
            None => {
                conditions.extend(tests);
                format!("FROM resource {row} WHERE {}", all(conditions))
            }
            Some((rows, backwards)) => format!(
                "FROM (SELECT {key} FROM resource {row} WHERE {conditions} ORDER BY {key} {direction} LIMIT {rows})
                     AS {row} WHERE {tests}",
                conditions = all(conditions),
                direction = if backwards { "DESC" } else { "ASC" },
                tests = all(tests),
            ),
        };
        Candidates {
            from,
            key,
            repeats: false,
        }
    }
}
