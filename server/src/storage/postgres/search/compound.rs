//! Criteria that are made of others, as what a search goes out from: where one of several must hold, the matches of each are put
//! together; where all must hold, one of them leads and the others test.

use super::alternatives::{Alternative, alternatives};
use super::candidates::Candidates;
use super::condition::of_types;
use super::leader::{Promise, promise};
use super::predicate::{Unit, Writer};
use crate::resource::ResourceType;
use crate::search::query::Criterion;

impl Writer<'_> {
    /// The rows of resources of `types` that meet at least one of the criteria; `None` when one of these cannot lead.
    pub fn lead_to_any(&mut self, criteria: &[Criterion], types: &[ResourceType]) -> Option<Candidates> {
        let leads: Option<Vec<Candidates>> = alternatives(criteria)
            .iter()
            .map(|one| match one {
                Alternative::One(criterion) => self.lead(&Unit::One(criterion), types),
                Alternative::Chains {
                    references,
                    targets,
                    criterion,
                } => Some(self.lead_to_pointing(references, targets, criterion)),
            })
            .collect();
        leads.map(|leads| self.any_of(leads, types))
    }

    /// The rows of resources of `types` that meet all of the criteria; `None` when none of these can lead.
    pub fn lead_to_all(&mut self, criteria: &[Criterion], types: &[ResourceType]) -> Option<Candidates> {
        let units: Vec<Unit<'_>> = criteria.iter().map(Unit::One).collect();
        let promises = units.iter().map(promise).zip(0..);
        let (best, place) = promises.min()?;
        if best == Promise::None {
            return None;
        }
        let lead = self.lead(units.get::<usize>(place)?, types)?;
        let Candidates {
            mut from,
            key,
            repeats,
        } = self.apart(lead);
        for (_, unit) in units.iter().enumerate().filter(|(other, _)| *other != place) {
            let test = self.test(unit, &key);
            from.push_str(&format!(" AND {test}"));
        }
        from.push_str(&format!(" AND ({})", of_types(types, &key)));
        Some(Candidates { from, key, repeats })
    }

    /// The rows of all `leads`, those of resources of `types`.
    pub fn any_of(&mut self, leads: Vec<Candidates>, types: &[ResourceType]) -> Candidates {
        let rows = self.statement.alias('a');
        let key = format!("{rows}.resource_key");
        let leads: Vec<String> = leads
            .iter()
            .map(|lead| format!("SELECT {} AS resource_key {}", lead.key, lead.from))
            .collect();
        let from = match leads.as_slice() {
            [] => "FROM (SELECT 0::bigint AS resource_key WHERE false)".to_owned(),
            leads => format!("FROM ({})", leads.join(" UNION ALL ")),
        };
        Candidates {
            from: format!("{from} AS {rows} WHERE ({})", of_types(types, &key)),
            key,
            repeats: true,
        }
    }
}
