//! Conditions on linked resources: chains and `_has`, which follow references, and what canonical URLs lead to.
//! <http://hl7.org/fhir/R4/references.html#canonical>

use super::condition::any;
use super::predicate::Writer;
use crate::definitions::search_parameter::{ParameterId, ParameterKind};
use crate::resource::ResourceType;
use crate::search::query::Criterion;
use crate::storage::postgres::read::DELETE;

impl Writer<'_> {
    /// Whether the resource whose key is `key` refers, by one of `references`, to a `target` that meets `criterion`.
    pub fn chain(
        &mut self,
        references: &[ParameterId],
        target: ResourceType,
        criterion: &Criterion,
        key: &str,
    ) -> String {
        let (reference, pointed) = (self.statement.alias('f'), self.statement.alias('r'));
        let parameters = self.parameters(references, &reference);
        let inner = self.predicate(criterion, &format!("{pointed}.resource_key"));
        let by_reference = format!(
            "EXISTS (SELECT 1 FROM reference {reference} JOIN resource {pointed}
                 ON {pointed}.id = {reference}.target AND {pointed}.resource_type = {reference}.target_type
             WHERE {reference}.resource_key = {key} AND {parameters}
                 AND {reference}.target_type = {target} AND {pointed}.method <> {DELETE} AND {inner} OFFSET 0)",
            target = target.number()
        );
        if !self.may_be_canonical(references) {
            return by_reference;
        }
        let (reference, url) = (self.statement.alias('f'), self.statement.alias('u'));
        let parameters = self.parameters(references, &reference);
        let inner = self.predicate(criterion, &format!("{url}.resource_key"));
        let leads = self.leads_to(&reference, &url, &[target]);
        let by_url = format!(
            "EXISTS (SELECT 1 FROM reference {reference} JOIN uri {url} ON {leads}
             WHERE {reference}.resource_key = {key} AND {parameters} AND {inner} OFFSET 0)"
        );
        any(vec![by_reference, by_url])
    }

    /// Whether a resource that meets `criterion` refers, by `reference`, to the resource whose key is `key`.
    pub fn has(&mut self, reference: ParameterId, criterion: &Criterion, key: &str) -> String {
        let (pointing, row) = (self.statement.alias('f'), self.statement.alias('r'));
        let parameters = self.parameters(&[reference], &pointing);
        let inner = self.predicate(criterion, &format!("{pointing}.resource_key"));
        let by_reference = format!(
            "EXISTS (SELECT 1 FROM resource {row} JOIN reference {pointing}
                 ON {pointing}.target = {row}.id AND {pointing}.target_type = {row}.resource_type
             WHERE {row}.resource_key = {key} AND {parameters} AND {inner} OFFSET 0)"
        );
        if !self.may_be_canonical(&[reference]) {
            return by_reference;
        }
        let (pointing, url) = (self.statement.alias('f'), self.statement.alias('u'));
        let parameters = self.parameters(&[reference], &pointing);
        let inner = self.predicate(criterion, &format!("{pointing}.resource_key"));
        let leads = self.leads_to(&pointing, &url, &[]);
        let by_url = format!(
            "EXISTS (SELECT 1 FROM uri {url} JOIN reference {pointing} ON {leads}
             WHERE {url}.resource_key = {key} AND {parameters} AND {inner} OFFSET 0)"
        );
        any(vec![by_reference, by_url])
    }

    /// Whether one of the reference parameters may hold canonical URLs.
    pub fn may_be_canonical(&self, references: &[ParameterId]) -> bool {
        references
            .iter()
            .any(|reference| self.registry.get(*reference).holds_canonical)
    }

    /// That the canonical URL in the row `reference` is the one in the row `url` of the index of URIs: of a resource
    /// of one of `targets`, or of any type when there are none. A version, if there is one, must be that of the resource.
    pub fn leads_to(&mut self, reference: &str, url: &str, targets: &[ResourceType]) -> String {
        let version = self.statement.alias('v');
        let urls = self.parameters(&self.called("url", ParameterKind::Uri, targets), url);
        let versions = self.parameters(&self.called("version", ParameterKind::Token, targets), &version);
        format!(
            "{url}.value = {reference}.target AND {reference}.target_type = 0 AND {urls}
                 AND ({reference}.version IS NULL OR EXISTS (SELECT 1 FROM token {version}
                     WHERE {version}.resource_key = {url}.resource_key AND {versions}
                         AND {version}.code = {reference}.version))"
        )
    }

    fn called(&self, code: &str, kind: ParameterKind, targets: &[ResourceType]) -> Vec<ParameterId> {
        let find = |resource_type: ResourceType| {
            let parameter = self.registry.find(resource_type, code)?;
            (parameter.kind == kind).then_some(parameter.id)
        };
        if targets.is_empty() {
            ResourceType::all().filter_map(find).collect()
        } else {
            targets.iter().copied().filter_map(find).collect()
        }
    }
}
