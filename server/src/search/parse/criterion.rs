//! One parameter and its value → one condition: finds the parameter, checks the modifier, reads the values.
//! Commas are alternatives; <http://hl7.org/fhir/R4/search.html#modifiers>.

use compact_str::CompactString;

use super::cost::Budget;
use super::{QueryError, canonical, escape};
use crate::definitions::search_parameter::{ParameterId, ParameterKind, Registry, SearchParameter};
use crate::resource::ResourceType;
use crate::search::query::{Criterion, Matches, ReferenceMatch};
use crate::search::value::{
    Expected, ValueContext, composite, date, number, position, quantity, reference, string, token, uri,
};

/// Reads the conditions of one search, and counts them.
pub struct Criteria<'a> {
    pub(super) registry: &'a Registry,
    pub(super) context: ValueContext<'a>,
    pub(super) budget: Budget,
}

/// A parameter of each type searched, all of one kind, and how it was asked for.
struct Asked<'a> {
    /// The whole name as it was written, for messages.
    written: &'a str,
    parameters: Vec<&'a SearchParameter>,
    kind: ParameterKind,
    modifier: Option<&'a str>,
    values: Vec<&'a str>,
}

impl<'a> Criteria<'a> {
    /// Nothing has been read yet.
    pub fn new(registry: &'a Registry, context: ValueContext<'a>) -> Self {
        Criteria {
            registry,
            context,
            budget: Budget::default(),
        }
    }

    /// The condition that `name=value` puts on resources of any of the types `searched`; `None` when the value is
    /// nothing but commas.
    ///
    /// # Errors
    /// [`QueryError`] when the name, its modifier or the value is not understood.
    pub fn parse(
        &self,
        searched: &[ResourceType],
        name: &str,
        value: &str,
    ) -> Result<Option<Criterion>, QueryError> {
        if escape::split(value, ',').all(str::is_empty) {
            return Ok(None);
        }
        self.linked(searched, name, name, value, 0).map(Some)
    }

    /// A condition without chains: `code`, `code:modifier`. `written` is the whole name that it is part of.
    pub(super) fn plain(
        &self,
        searched: &[ResourceType],
        written: &str,
        name: &str,
        value: &str,
    ) -> Result<Criterion, QueryError> {
        self.budget.condition(written)?;
        let (code, modifier) = match name.split_once(':') {
            Some((code, modifier)) => (code, Some(modifier)),
            None => (name, None),
        };
        let values: Vec<&str> = escape::split(value, ',')
            .filter(|value| !value.is_empty())
            .collect();
        self.budget.values(written, values.len())?;
        match code {
            "_id" | "_lastUpdated" if modifier == Some("missing") => {
                // Every resource has them.
                let none = Criterion::Id(Vec::new());
                Ok(match is_missing(written, &values)? {
                    true => none,
                    false => Criterion::Not(Box::new(none)),
                })
            }
            "_id" => id(written, modifier, &values),
            "_lastUpdated" => self.last_updated(written, modifier, &values),
            "_list" => self.list(searched, written, &values),
            _ => {
                let (parameters, kind) = self.find(searched, written, code)?;
                self.budget.ranges(written, kind, modifier, values.len())?;
                let asked = Asked {
                    written,
                    parameters,
                    kind,
                    modifier,
                    values,
                };
                self.matching(&asked)
            }
        }
    }

    /// The parameter `code` of each of the types, all of one kind.
    pub(super) fn find(
        &self,
        searched: &[ResourceType],
        written: &str,
        code: &str,
    ) -> Result<(Vec<&'a SearchParameter>, ParameterKind), QueryError> {
        let named = !code.contains(':');
        let found: Option<Vec<&SearchParameter>> = searched
            .iter()
            .map(|resource_type| self.registry.find(*resource_type, code).filter(|_| named))
            .collect();
        match found {
            Some(parameters) if !parameters.is_empty() => {
                let kind = parameters[0].kind;
                if parameters.iter().all(|parameter| parameter.kind == kind) {
                    return Ok((parameters, kind));
                }
                Err(unknown(written, searched))
            }
            _ => Err(unknown(written, searched)),
        }
    }

    pub(super) fn too_long(&self, written: &str) -> QueryError {
        QueryError::ChainTooLong {
            parameter: written.to_owned(),
            limit: super::chain::MAXIMUM_LINKS,
        }
    }

    /// `_list=42`: what stands in the List with this id. <http://hl7.org/fhir/R4/search.html#list>
    fn list(
        &self,
        searched: &[ResourceType],
        written: &str,
        values: &[&str],
    ) -> Result<Criterion, QueryError> {
        let found = ResourceType::parse("List")
            .and_then(|list| Some((list, self.registry.find(list, "item")?.id)))
            .filter(|_| written == "_list" || written.ends_with("._list"));
        let Some((source, reference)) = found else {
            return Err(unknown(written, searched));
        };
        let ids = |value: &&str| {
            let id = value.strip_prefix("List/").unwrap_or(value);
            reference::is_id(id).then(|| CompactString::from(id))
        };
        let ids: Option<Vec<CompactString>> = values.iter().map(ids).collect();
        let ids = ids.ok_or_else(|| {
            QueryError::value(
                written,
                &values.join(","),
                "the ids of Lists, with commas between them",
            )
        })?;
        Ok(Criterion::Has {
            source,
            reference,
            criterion: Box::new(Criterion::Id(ids)),
        })
    }

    fn last_updated(
        &self,
        written: &str,
        modifier: Option<&str>,
        values: &[&str],
    ) -> Result<Criterion, QueryError> {
        if let Some(modifier) = modifier {
            return Err(QueryError::modifier(written, modifier, "it takes :missing alone"));
        }
        each(written, values, |value| date::parse(value, self.context.now)).map(Criterion::LastUpdated)
    }

    fn matching(&self, asked: &Asked<'_>) -> Result<Criterion, QueryError> {
        if asked.modifier == Some("missing") {
            return asked.missing();
        }
        match asked.kind {
            ParameterKind::Token => self.token(asked),
            ParameterKind::Reference => self.reference(asked),
            ParameterKind::String => {
                let comparison = match asked.modifier {
                    None => string::Comparison::StartsWith,
                    Some("exact") => string::Comparison::Exact,
                    Some("contains") => string::Comparison::Contains,
                    Some(_) => return Err(asked.refused("it takes :exact, :contains and :missing")),
                };
                asked.strings(comparison)
            }
            ParameterKind::Uri => {
                let comparison = match asked.modifier {
                    None => uri::Comparison::Exact,
                    Some("below") => uri::Comparison::Below,
                    Some("above") => uri::Comparison::Above,
                    Some(_) => return Err(asked.refused("it takes :below, :above and :missing")),
                };
                let read = |value: &str| Ok(uri::parse(&escape::unescape(value), comparison));
                let found = asked.criterion(Matches::Uris(asked.each(read)?))?;
                match comparison {
                    uri::Comparison::Exact => Ok(canonical::or_version(
                        self.registry,
                        &asked.parameters,
                        &asked.values,
                        found,
                    )),
                    _ => Ok(found),
                }
            }
            _ if asked.modifier.is_some() => Err(asked.refused("it takes :missing alone")),
            ParameterKind::Date => {
                let read = |value: &str| date::parse(value, self.context.now);
                asked.criterion(Matches::Dates(asked.each(read)?))
            }
            ParameterKind::Number => asked.criterion(Matches::Numbers(asked.each(number::parse)?)),
            ParameterKind::Quantity => asked.criterion(Matches::Quantities(asked.each(quantity::parse)?)),
            ParameterKind::Composite => self.composite(asked),
            ParameterKind::Special => {
                let boxes = asked.each(position::parse)?;
                asked.criterion(Matches::Composites(boxes.into_iter().flatten().collect()))
            }
        }
    }

    fn token(&self, asked: &Asked<'_>) -> Result<Criterion, QueryError> {
        match asked.modifier {
            None => asked.criterion(Matches::Tokens(asked.each(token::parse)?)),
            Some("not") => {
                let found = asked.criterion(Matches::Tokens(asked.each(token::parse)?))?;
                Ok(Criterion::Not(Box::new(found)))
            }
            Some("text") => asked.strings(string::Comparison::StartsWith),
            Some("of-type") => {
                let of_types: Option<Vec<ParameterId>> = asked
                    .parameters
                    .iter()
                    .map(|parameter| self.registry.of_type(parameter.id))
                    .collect();
                let Some(parameters) = of_types else {
                    return Err(asked.refused("only parameters of identifiers do"));
                };
                Ok(Criterion::Parameter {
                    parameters,
                    matches: Matches::Tokens(asked.each(token::parse_of_type)?),
                })
            }
            Some(modifier @ ("in" | "not-in" | "above" | "below")) => {
                let mut codes = Vec::new();
                for value in &asked.values {
                    let refused = |instead| QueryError::value(asked.written, value, instead);
                    let found = self.context.codes.codes(modifier, value);
                    let found = found.map_err(refused)?;
                    self.budget.values(asked.written, found.len())?;
                    codes.extend_from_slice(found);
                }
                let found = asked.criterion(Matches::Tokens(codes))?;
                Ok(match modifier {
                    "not-in" => Criterion::Not(Box::new(found)),
                    _ => found,
                })
            }
            Some(_) => {
                Err(asked
                    .refused("it takes :not, :text, :of-type, :in, :not-in, :above, :below and :missing"))
            }
        }
    }

    fn reference(&self, asked: &Asked<'_>) -> Result<Criterion, QueryError> {
        let named_type = match asked.modifier {
            None => None,
            Some("identifier") => {
                let read = |value: &str| token::parse(value).map(ReferenceMatch::Identifier);
                return asked.criterion(Matches::References(asked.each(read)?));
            }
            Some("text") => return asked.strings(string::Comparison::StartsWith),
            Some(modifier) => Some(self.target_type(asked, modifier)?),
        };
        let read =
            |value: &str| reference::parse(&escape::unescape(value), named_type, self.context.base_url);
        asked.criterion(Matches::References(asked.each(read)?))
    }

    fn target_type(&self, asked: &Asked<'_>, modifier: &str) -> Result<ResourceType, QueryError> {
        let targets = |resource_type: &ResourceType| {
            asked
                .parameters
                .iter()
                .any(|parameter| may_point_at(parameter, *resource_type))
        };
        ResourceType::parse(modifier).filter(targets).ok_or_else(|| {
            asked.refused("it takes :identifier, :text, :missing and the types that it may point at")
        })
    }

    fn composite(&self, asked: &Asked<'_>) -> Result<Criterion, QueryError> {
        let kinds: Vec<ParameterKind> = asked.parameters.first().map_or_else(Vec::new, |parameter| {
            let kind = |id: &ParameterId| self.registry.get(*id).kind;
            parameter.components.iter().map(kind).collect()
        });
        let read = |value: &str| composite::parse(value, &kinds, &self.context);
        asked.criterion(Matches::Composites(asked.each(read)?))
    }
}

impl Asked<'_> {
    fn missing(&self) -> Result<Criterion, QueryError> {
        Ok(Criterion::Missing {
            parameters: self.ids(),
            missing: is_missing(self.written, &self.values)?,
        })
    }

    fn strings(&self, comparison: string::Comparison) -> Result<Criterion, QueryError> {
        let read = |value: &str| Ok(string::parse(&escape::unescape(value), comparison));
        self.criterion(Matches::Strings(self.each(read)?))
    }

    fn criterion(&self, matches: Matches) -> Result<Criterion, QueryError> {
        Ok(Criterion::Parameter {
            parameters: self.ids(),
            matches,
        })
    }

    fn ids(&self) -> Vec<ParameterId> {
        self.parameters.iter().map(|parameter| parameter.id).collect()
    }

    fn each<T>(&self, read: impl Fn(&str) -> Result<T, Expected>) -> Result<Vec<T>, QueryError> {
        each(self.written, &self.values, read)
    }

    fn refused(&self, instead: &str) -> QueryError {
        QueryError::modifier(self.written, self.modifier.unwrap_or_default(), instead)
    }
}

/// Whether a reference parameter may point at resources of this type.
pub(super) fn may_point_at(parameter: &SearchParameter, resource_type: ResourceType) -> bool {
    parameter.targets.is_empty() || parameter.targets.contains(&resource_type)
}

pub(super) fn unknown(written: &str, searched: &[ResourceType]) -> QueryError {
    let searched = match searched {
        [one] => one.name().to_owned(),
        [] => "any type".to_owned(),
        several if several.len() <= 5 => {
            let names: Vec<&str> = several.iter().map(|resource_type| resource_type.name()).collect();
            format!("all of {}", names.join(", "))
        }
        _ => "all types".to_owned(),
    };
    QueryError::UnknownParameter {
        parameter: written.to_owned(),
        searched,
    }
}

fn is_missing(written: &str, values: &[&str]) -> Result<bool, QueryError> {
    match values {
        ["true"] => Ok(true),
        ["false"] => Ok(false),
        values => Err(QueryError::value(written, &values.join(","), "true or false")),
    }
}

fn id(written: &str, modifier: Option<&str>, values: &[&str]) -> Result<Criterion, QueryError> {
    let ids = Criterion::Id(values.iter().copied().map(CompactString::from).collect());
    match modifier {
        None => Ok(ids),
        Some("not") => Ok(Criterion::Not(Box::new(ids))),
        Some(modifier) => Err(QueryError::modifier(
            written,
            modifier,
            "it takes :not and :missing",
        )),
    }
}

fn each<T>(
    written: &str,
    values: &[&str],
    read: impl Fn(&str) -> Result<T, Expected>,
) -> Result<Vec<T>, QueryError> {
    values
        .iter()
        .map(|value| read(value).map_err(|expected| QueryError::value(written, value, expected.0)))
        .collect()
}
