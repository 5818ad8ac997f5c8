//! Conditions on linked resources: chains and `_has`, which follow references, and what canonical URLs lead to.
//! <http://hl7.org/fhir/R4/references.html#canonical>

use super::candidates::Candidates;
use super::condition::{any, of_resource, of_resource_types, of_types};
use super::predicate::Writer;
use crate::definitions::search_parameter::{ParameterId, ParameterKind};
use crate::resource::ResourceType;
use crate::search::query::Criterion;
use crate::storage::postgres::read::DELETE;

impl Writer<'_> {
    /// Whether the resource whose key is `key` refers, by one of `references`, to one of the types `targets` that meets
    /// `criterion`.
    pub fn chain(
        &mut self,
        references: &[ParameterId],
        targets: &[ResourceType],
        criterion: &Criterion,
        key: &str,
    ) -> String {
        let mut ways = Vec::with_capacity(1);
        let outside = self.leading_outside(references);
        if !outside.is_empty() {
            ways.push(self.chain_outside(&outside, targets, criterion, key));
        }
        if self.may_lead_inside(references) {
            ways.push(self.chain_inside(references, targets, criterion, key));
        }
        any(ways)
    }

    /// The same for targets with a row of their own.
    fn chain_outside(
        &mut self,
        references: &[ParameterId],
        targets: &[ResourceType],
        criterion: &Criterion,
        key: &str,
    ) -> String {
        let (reference, pointed) = (self.statement.alias('f'), self.statement.alias('r'));
        let parameters = self.parameters(references, &reference);
        let inner = self.outside(|writer| writer.predicate(criterion, &format!("{pointed}.resource_key")));
        let of_targets = of_resource_types(targets, &format!("{reference}.target_type"));
        if !self.may_be_canonical(references) {
            return format!(
                "EXISTS (SELECT 1 FROM reference {reference} JOIN resource {pointed}
                     ON {pointed}.id = {reference}.target AND {pointed}.resource_type = {reference}.target_type
                 WHERE {reference}.resource_key = {key} AND {parameters}
                     AND {of_targets} AND {pointed}.method <> {DELETE} AND {inner} OFFSET 0)"
            );
        }
        let targets = self.pointed_at_by(&reference, targets);
        format!(
            "EXISTS (SELECT 1 FROM reference {reference}, LATERAL ({targets} OFFSET 0) AS {pointed}
             WHERE {reference}.resource_key = {key} AND {parameters} AND {inner} OFFSET 0)"
        )
    }

    /// Whether a resource that meets `criterion` refers, by `reference`, to the resource whose key is `key`.
    pub fn has(&mut self, reference: ParameterId, criterion: &Criterion, key: &str) -> String {
        let pointing = self.statement.alias('f');
        let inner = self.predicate(criterion, &format!("{pointing}.resource_key"));
        let sources = self.pointing_to(&[reference], key, &[]);
        format!("EXISTS (SELECT 1 FROM ({sources}) AS {pointing} WHERE {inner} OFFSET 0)")
    }

    /// The rows that lead to what points at one of the types `targets` that meets `criterion`, by one of `references`.
    pub fn lead_to_pointing(
        &mut self,
        references: &[ParameterId],
        targets: &[ResourceType],
        criterion: &Criterion,
    ) -> Candidates {
        let outside = self.leading_outside(references);
        if !self.may_lead_inside(references) {
            return self.lead_to_pointing_outside(&outside, targets, criterion);
        }
        let inside = self.holding(references, targets, criterion);
        if outside.is_empty() {
            return inside;
        }
        let outside = self.lead_to_pointing_outside(&outside, targets, criterion);
        self.any_of(vec![outside, inside], &[])
    }

    /// The same for targets with a row of their own.
    fn lead_to_pointing_outside(
        &mut self,
        references: &[ParameterId],
        targets: &[ResourceType],
        criterion: &Criterion,
    ) -> Candidates {
        let (reference, pointed) = (self.statement.alias('f'), self.statement.alias('p'));
        let found = self.outside(|writer| writer.resources(targets, criterion));
        let key = format!("{reference}.resource_key");
        let from = if self.may_be_canonical(references) {
            let pointing = self.pointing_to(references, &format!("{pointed}.resource_key"), targets);
            format!("FROM ({found}) AS {pointed}, LATERAL ({pointing} OFFSET 0) AS {reference} WHERE true")
        } else {
            let target_type = match targets {
                [one] => one.number().to_string(),
                _ => format!("{pointed}.resource_type"),
            };
            format!(
                "FROM ({found}) AS {pointed} JOIN reference {reference}
                     ON {reference}.target = {pointed}.id AND {reference}.target_type = {target_type}
                 WHERE {parameters}",
                parameters = self.parameters(references, &reference)
            )
        };
        Candidates {
            from,
            key,
            repeats: true,
        }
    }

    /// The rows that lead to the resources of `types` that those with the keys `sources` point at by `reference`.
    pub fn lead_to_pointed_at(
        &mut self,
        sources: &str,
        reference: ParameterId,
        types: &[ResourceType],
    ) -> Candidates {
        let (pointing, row, pointed, target) = (
            self.statement.alias('p'),
            self.statement.alias('f'),
            self.statement.alias('t'),
            self.statement.alias('r'),
        );
        let parameters = self.parameters(&[reference], &row);
        let key = format!("{target}.resource_key");
        // `OFFSET 0`: from the sources to what they point at. The planner knows too little of how many point
        // at one resource, and would go through all sources once for each reference.
        let references = |columns: &str| {
            format!(
                "SELECT DISTINCT {columns} FROM ({sources}) AS {pointing} JOIN reference {row}
                     ON {row}.resource_key = {pointing}.resource_key
                 WHERE {parameters} OFFSET 0"
            )
        };
        let of_types = of_types(types, &key);
        if self.may_be_canonical(&[reference]) {
            let references = references(&format!("{row}.target, {row}.target_type, {row}.version"));
            let targets = self.pointed_at_by(&pointed, types);
            return Candidates {
                from: format!(
                    "FROM ({references}) AS {pointed}, LATERAL ({targets} OFFSET 0) AS {target} WHERE ({of_types})"
                ),
                key,
                repeats: true,
            };
        }
        let references = references(&format!("{row}.target, {row}.target_type"));
        Candidates {
            from: format!(
                "FROM ({references}) AS {pointed}
                 JOIN resource {target} ON {target}.id = {pointed}.target AND {target}.resource_type = {pointed}.target_type
                 WHERE {target}.method <> {DELETE} AND ({of_types})"
            ),
            key,
            repeats: false,
        }
    }

    /// The keys of what the row `reference` points at, by type and id or by a canonical URL: of one of `targets`, or of any
    /// type when there are none.
    fn pointed_at_by(&mut self, reference: &str, targets: &[ResourceType]) -> String {
        let (pointed, url) = (self.statement.alias('r'), self.statement.alias('u'));
        let of_targets = match targets {
            [] => "true".to_owned(),
            targets => of_resource_types(targets, &format!("{reference}.target_type")),
        };
        let leads = self.leads_to(reference, &url, targets);
        format!(
            "SELECT {pointed}.resource_key FROM resource {pointed}
             WHERE {pointed}.id = {reference}.target AND {pointed}.resource_type = {reference}.target_type
                 AND {of_targets} AND {pointed}.method <> {DELETE}
             UNION ALL SELECT {url}.resource_key FROM uri {url} WHERE {leads}"
        )
    }

    /// The keys of what points, by one of `references`, at the resource whose key is `key`, which is one of `targets`, or of any
    /// type when there are none.
    fn pointing_to(&mut self, references: &[ParameterId], key: &str, targets: &[ResourceType]) -> String {
        let (pointing, row) = (self.statement.alias('f'), self.statement.alias('r'));
        let parameters = self.parameters(references, &pointing);
        let by_reference = format!(
            "SELECT {pointing}.resource_key FROM resource {row} JOIN reference {pointing}
                 ON {pointing}.target = {row}.id AND {pointing}.target_type = {row}.resource_type
             WHERE {row}.resource_key = {key} AND {parameters}"
        );
        if !self.may_be_canonical(references) {
            return by_reference;
        }
        let (pointing, url) = (self.statement.alias('f'), self.statement.alias('u'));
        let parameters = self.parameters(references, &pointing);
        let leads = self.leads_to(&pointing, &url, targets);
        let urls = of_resource("uri", &url, key);
        format!(
            "{by_reference} UNION ALL SELECT {pointing}.resource_key
             FROM {urls}, LATERAL (
                 SELECT * FROM reference WHERE reference.target = {url}.value OFFSET 0) AS {pointing}
             WHERE {leads} AND {parameters}"
        )
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
        let (urls, versions) = self.outside(|writer| {
            let urls = writer.called("url", ParameterKind::Uri, targets);
            let versions = writer.called("version", ParameterKind::Token, targets);
            (
                writer.parameters(&urls, url),
                writer.parameters(&versions, &version),
            )
        });
        format!(
            "{url}.value = {reference}.target AND {reference}.target_type = 0 AND {urls}
                 AND ({reference}.version IS NULL OR EXISTS (SELECT 1 FROM token {version}
                     WHERE {version}.resource_key = {url}.resource_key AND {versions}
                         AND {version}.code = {reference}.version OFFSET 0))"
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
