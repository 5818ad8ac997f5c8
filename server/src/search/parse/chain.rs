//! Conditions on linked resources: chains (`subject:Patient.name`), which follow references from what is
//! searched, <http://hl7.org/fhir/R4/search.html#chaining>, and reverse chains (`_has:Observation:subject:code`),
//! which follow references to it, <http://hl7.org/fhir/R4/search.html#has>. They nest, also with each other.

use super::QueryError;
use super::criterion::{Criteria, may_point_at, unknown};
use crate::definitions::search_parameter::{ParameterId, ParameterKind, SearchParameter};
use crate::resource::ResourceType;
use crate::search::query::Criterion;

/// How many links a chain may have.
pub(super) const MAXIMUM_LINKS: usize = 8;

impl Criteria<'_> {
    /// A condition that may be on a linked resource. `written` is the whole name that `name` is the end of.
    pub(super) fn linked(
        &self,
        searched: &[ResourceType],
        written: &str,
        name: &str,
        value: &str,
        links: usize,
    ) -> Result<Criterion, QueryError> {
        if links > MAXIMUM_LINKS {
            return Err(self.too_long(written));
        }
        self.budget.link(written)?;
        let link = Link {
            written,
            value,
            links: links + 1,
        };
        if let Some(rest) = name.strip_prefix("_has:") {
            self.reverse_chain(searched, rest, &link)
        } else if let Some((reference, rest)) = name.split_once('.') {
            self.chain(searched, reference, rest, &link)
        } else {
            self.plain(searched, written, name, value)
        }
    }

    /// `reference.rest` or `reference:Type.rest`.
    fn chain(
        &self,
        searched: &[ResourceType],
        reference: &str,
        rest: &str,
        link: &Link<'_>,
    ) -> Result<Criterion, QueryError> {
        let (code, type_name) = match reference.split_once(':') {
            Some((code, type_name)) => (code, Some(type_name)),
            None => (reference, None),
        };
        let (parameters, kind) = self.find(searched, link.written, code)?;
        if kind != ParameterKind::Reference {
            let expected = format!(
                "a reference parameter before the dot; {code} is a {}",
                kind.name()
            );
            return Err(QueryError::value(link.written, link.value, expected));
        }
        let targets = targets(&parameters, type_name, link)?;
        let is_named = type_name.is_some();
        let mut chains = Vec::new();
        let mut failure = None;
        for target in targets {
            match self.linked(&[target], link.written, rest, link.value, link.links) {
                Ok(criterion) => chains.push(Criterion::Chain {
                    references: pointing_at(&parameters, target),
                    target,
                    criterion: Box::new(criterion),
                }),
                Err(error) if error.is_of_cost() => return Err(error),
                // Of the types that a reference may point at, those count that have the parameter.
                Err(error) => failure = Some(more_telling(failure, error)),
            }
        }
        match (chains.len(), failure) {
            (0, Some(QueryError::UnknownParameter { .. })) if !is_named => {
                Err(unknown(link.written, searched))
            }
            (0, Some(error)) => Err(error),
            (1, _) => Ok(chains.remove(0)),
            _ => Ok(Criterion::Any(chains)),
        }
    }

    /// `_has:Type:reference:rest`, without its start.
    fn reverse_chain(
        &self,
        searched: &[ResourceType],
        name: &str,
        link: &Link<'_>,
    ) -> Result<Criterion, QueryError> {
        let mut parts = name.splitn(3, ':');
        let (Some(source), Some(reference), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
            let expected = "the name as _has:Type:reference:parameter, such as _has:Observation:subject:code";
            return Err(QueryError::value(link.written, link.value, expected));
        };
        let source = ResourceType::parse(source).ok_or_else(|| {
            let expected = format!("the name with a resource type of R4; {source} is not one");
            QueryError::value(link.written, link.value, expected)
        })?;
        let points_here = |parameter: &&SearchParameter| {
            parameter.kind == ParameterKind::Reference
                && searched
                    .iter()
                    .any(|resource_type| may_point_at(parameter, *resource_type))
        };
        let parameter = self
            .registry
            .find(source, reference)
            .filter(points_here)
            .ok_or_else(|| {
                let expected = format!(
                    "the name with a reference from {source} to what is searched; {reference} is not one"
                );
                QueryError::value(link.written, link.value, expected)
            })?;
        let criterion = self.linked(&[source], link.written, rest, link.value, link.links)?;
        Ok(Criterion::Has {
            source,
            reference: parameter.id,
            criterion: Box::new(criterion),
        })
    }
}

/// What stays the same from link to link.
struct Link<'a> {
    written: &'a str,
    value: &'a str,
    /// How many links there are up to here.
    links: usize,
}

/// The types to follow a reference to: the one that is named, or all that it may point at.
fn targets(
    parameters: &[&SearchParameter],
    type_name: Option<&str>,
    link: &Link<'_>,
) -> Result<Vec<ResourceType>, QueryError> {
    let possible = |resource_type: &ResourceType| {
        parameters
            .iter()
            .any(|parameter| may_point_at(parameter, *resource_type))
    };
    match type_name {
        None => Ok(ResourceType::all().filter(possible).collect()),
        Some(name) => ResourceType::parse(name)
            .filter(possible)
            .map(|target| vec![target])
            .ok_or_else(|| {
                QueryError::modifier(
                    link.written,
                    name,
                    "before the dot, name a target type of the reference",
                )
            }),
    }
}

fn pointing_at(parameters: &[&SearchParameter], target: ResourceType) -> Vec<ParameterId> {
    parameters
        .iter()
        .filter(|parameter| may_point_at(parameter, target))
        .map(|parameter| parameter.id)
        .collect()
}

/// Of two failures the one that says more than that a parameter is unknown.
fn more_telling(earlier: Option<QueryError>, error: QueryError) -> QueryError {
    match earlier {
        Some(earlier) if !matches!(earlier, QueryError::UnknownParameter { .. }) => earlier,
        _ => error,
    }
}
