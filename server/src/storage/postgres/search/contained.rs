//! Chains to resources inside of a resource: `MedicationRequest?medication.code=…` where the Medication is contained.
//! <http://hl7.org/fhir/R4/search.html#contained>

use super::candidates::Candidates;
use super::condition::of_resource_types;
use super::predicate::{Unit, Writer};
use crate::definitions::search_parameter::ParameterId;
use crate::resource::ResourceType;
use crate::search::query::Criterion;

impl Writer<'_> {
    /// Those of the references that lead to resources with a row of their own.
    pub fn leading_outside(&self, references: &[ParameterId]) -> Vec<ParameterId> {
        let mut outside = references.to_vec();
        outside.retain(|reference| !self.registry.get(*reference).holds_resource);
        outside
    }

    /// Whether one of the references leads to a contained resource somewhere.
    pub fn may_lead_inside(&self, references: &[ParameterId]) -> bool {
        let known = &self.peculiarities.contained;
        !known.is_empty()
            && references
                .iter()
                .any(|reference| known.contains(&self.parameters.get(*reference)))
    }

    /// What `write` writes, on resources with a row of their own.
    pub fn outside<T>(&mut self, write: impl FnOnce(&mut Self) -> T) -> T {
        self.where_contained(false, write)
    }

    fn where_contained<T>(&mut self, is_contained: bool, write: impl FnOnce(&mut Self) -> T) -> T {
        let before = std::mem::replace(&mut self.is_contained, is_contained);
        let written = write(self);
        self.is_contained = before;
        written
    }

    /// Whether the resource whose key is `key` refers to one of `targets` inside of its container that meets `criterion`.
    pub fn chain_inside(
        &mut self,
        references: &[ParameterId],
        targets: &[ResourceType],
        criterion: &Criterion,
        key: &str,
    ) -> String {
        let link = self.statement.alias('i');
        // What migration 0006 says of the keys of contained resources.
        let container = match self.is_contained {
            true => format!("(-({key})) >> 7"),
            false => key.to_owned(),
        };
        let links = self.links(references, targets, &link);
        let contained = format!("{link}.contained_key");
        let inner = self.where_contained(true, |writer| writer.predicate(criterion, &contained));
        format!(
            "EXISTS (SELECT 1 FROM contained {link} WHERE {link}.container = {container} AND {link}.holder_key = {key}
                 AND {links} AND {inner} OFFSET 0)"
        )
    }

    /// The resources that refer to one of `targets` inside of their container that meets `criterion`.
    pub fn holding(
        &mut self,
        references: &[ParameterId],
        targets: &[ResourceType],
        criterion: &Criterion,
    ) -> Candidates {
        let link = self.statement.alias('i');
        let links = self.links(references, targets, &link);
        let side = if self.is_contained { "<" } else { ">" };
        let links = format!("{links} AND {link}.holder_key {side} 0");
        let found = self.where_contained(true, |writer| writer.lead(&Unit::One(criterion), &[]));
        let from = match found {
            Some(candidates) => {
                let once = self.targets_once(candidates);
                let inside = self.statement.alias('g');
                // `OFFSET 0`: from what meets the criterion to what holds it.
                format!(
                    "FROM ({once} OFFSET 0) AS {inside}
                     JOIN contained {link} ON {link}.contained_key = {inside}.resource_key WHERE {links}"
                )
            }
            None => {
                let contained = format!("{link}.contained_key");
                let test = self.where_contained(true, |writer| writer.predicate(criterion, &contained));
                format!("FROM contained {link} WHERE {links} AND {test}")
            }
        };
        Candidates {
            from,
            key: format!("{link}.holder_key"),
            repeats: true,
        }
    }

    /// The rows of `link` that are references by `references` to resources of one of the types `targets`.
    fn links(&mut self, references: &[ParameterId], targets: &[ResourceType], link: &str) -> String {
        let parameters = self.outside(|writer| writer.parameters(references, link));
        let of_targets = of_resource_types(targets, &format!("{link}.resource_type"));
        format!("{parameters} AND {of_targets}")
    }
}
