//! Where the matches of a search come from: the index rows of one criterion, which all others then test, or all
//! resources of a type.
//!
//! The choice goes by the shape of the query alone, so that all pages of a search are made the same way. A criterion
//! that names a value (an identifier, a patient) leads; ranges do not, for the planner knows better from its
//! statistics whether to walk the range or the resources.

use super::predicate::{Rows, Writer, all, any, of_types};
use crate::search::query::{Criterion, Matches, Query, StringMatch, TokenMatch, UnitMatch};
use crate::storage::postgres::read::DELETE;

/// Rows, one or several for each match.
pub struct Candidates {
    /// `FROM … WHERE …`.
    pub from: String,
    /// The column with the key of the resource.
    pub key: String,
    /// Whether one resource may have several rows.
    pub repeats: bool,
}

/// From this rank on a criterion may have very many matches.
const FREQUENT: u8 = 5;

/// Whether a criterion of `query` promises few matches, so that they can be gathered before they are sorted.
pub fn has_few(query: &Query) -> bool {
    query.criteria.iter().filter_map(rank).any(|rank| rank < FREQUENT)
}

/// How few matches a criterion promises; less is better. `None`: it cannot lead.
fn rank(criterion: &Criterion) -> Option<u8> {
    match criterion {
        Criterion::Id(_) => Some(0),
        Criterion::Parameter { matches, .. } => match matches {
            Matches::References(_) => Some(1),
            Matches::Uris(_) => Some(2),
            Matches::Tokens(wanted) if wanted.iter().any(|one| matches!(one, TokenMatch::System(_))) => None,
            Matches::Tokens(_) => Some(5),
            Matches::Composites(_) => Some(3),
            Matches::Strings(wanted) if wanted.iter().any(|one| matches!(one, StringMatch::Contains(_))) => {
                None
            }
            Matches::Strings(_) => Some(4),
            Matches::Quantities(wanted) => wanted.iter().all(|one| one.unit != UnitMatch::Any).then_some(7),
            Matches::Dates(_) | Matches::Numbers(_) => None,
        },
        Criterion::Chain { .. } => Some(6),
        _ => None,
    }
}

impl Writer<'_> {
    /// The matches of `query`, without order and page. `more` are further conditions on the key of the resource.
    pub fn candidates(&mut self, query: &Query, more: impl Fn(&mut Self, &str) -> Vec<String>) -> Candidates {
        let leader = query
            .criteria
            .iter()
            .enumerate()
            .filter_map(|(index, criterion)| rank(criterion).map(|rank| (rank, index)))
            .min()
            .map(|(_, index)| index);
        let (mut from, mut conditions, key, repeats) = match leader.map(|index| &query.criteria[index]) {
            Some(Criterion::Parameter { parameters, matches }) => {
                let mut rows = self.rows(parameters, matches);
                match (rows.pop(), rows.is_empty()) {
                    (
                        Some(Rows {
                            table,
                            alias,
                            condition,
                        }),
                        true,
                    ) => (
                        format!("{table} {alias}"),
                        vec![condition],
                        format!("{alias}.resource_key"),
                        true,
                    ),
                    _ => return self.walk(query, &more),
                }
            }
            Some(Criterion::Chain {
                references,
                target,
                criterion,
            }) => {
                let (reference, pointed) = (self.statement.alias('f'), self.statement.alias('r'));
                let inner = self.predicate(criterion, &format!("{pointed}.resource_key"));
                let from = format!(
                    "reference {reference} JOIN resource {pointed} ON {pointed}.id = {reference}.target
                         AND {pointed}.resource_type = {reference}.target_type"
                );
                let conditions = vec![
                    self.parameters(references, &reference),
                    format!("{reference}.target_type = {}", target.number()),
                    format!("{pointed}.method <> {DELETE}"),
                    of_types(&[*target], &format!("{pointed}.resource_key")),
                    inner,
                ];
                (from, conditions, format!("{reference}.resource_key"), true)
            }
            _ => return self.walk(query, &more),
        };
        let others = query
            .criteria
            .iter()
            .enumerate()
            .filter(|(index, _)| Some(*index) != leader);
        conditions.extend(self.predicates(others.map(|(_, criterion)| criterion), &key));
        conditions.extend(more(self, &key));
        from = format!("FROM {from} WHERE {}", all(conditions));
        Candidates { from, key, repeats }
    }

    /// All resources of the types searched, each tested.
    fn walk(&mut self, query: &Query, more: &impl Fn(&mut Self, &str) -> Vec<String>) -> Candidates {
        let row = self.statement.alias('r');
        let key = format!("{row}.resource_key");
        let mut conditions = vec![
            format!("{row}.method <> {DELETE}"),
            of_types(&query.resource_types, &key),
        ];
        let (of_row, of_index): (Vec<&Criterion>, Vec<&Criterion>) =
            query.criteria.iter().partition(|criterion| is_of_row(criterion));
        for criterion in of_row {
            conditions.push(self.of_row(criterion, query, &row));
        }
        conditions.extend(self.predicates(of_index.into_iter(), &key));
        conditions.extend(more(self, &key));
        Candidates {
            from: format!("FROM resource {row} WHERE {}", all(conditions)),
            key,
            repeats: false,
        }
    }

    /// A criterion that needs no look elsewhere than at the resource's own row, or goes out from its id.
    fn of_row(&mut self, criterion: &Criterion, query: &Query, row: &str) -> String {
        match criterion {
            Criterion::Id(ids) => any(ids
                .iter()
                .map(|id| format!("{row}.id = {}", self.statement.text(id.as_str())))
                .collect()),
            Criterion::LastUpdated(wanted) => {
                let types: Vec<String> = query
                    .resource_types
                    .iter()
                    .map(|one| one.number().to_string())
                    .collect();
                let moment = self.last_updated(&format!("{row}.last_updated"), wanted);
                if types.is_empty() {
                    moment
                } else {
                    format!("{row}.resource_type IN ({}) AND {moment}", types.join(", "))
                }
            }
            Criterion::Has {
                reference, criterion, ..
            } => {
                let pointing = self.statement.alias('f');
                let parameters = self.parameters(&[*reference], &pointing);
                let inner = self.predicate(criterion, &format!("{pointing}.resource_key"));
                format!(
                    "EXISTS (SELECT 1 FROM reference {pointing} WHERE {pointing}.target = {row}.id
                         AND {pointing}.target_type = {row}.resource_type AND {parameters} AND {inner})"
                )
            }
            other => self.predicate(other, &format!("{row}.resource_key")),
        }
    }
}

/// Whether the resource's own row tells.
fn is_of_row(criterion: &Criterion) -> bool {
    matches!(
        criterion,
        Criterion::Id(_) | Criterion::LastUpdated(_) | Criterion::Has { .. }
    )
}
