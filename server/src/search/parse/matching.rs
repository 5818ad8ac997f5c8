//! The values of one parameter → what its index entries must look like: checks the modifier, and reads each value as its kind
//! of parameter has it. <http://hl7.org/fhir/R4/search.html#modifiers>

use super::criterion::{Criteria, each, is_missing, may_point_at};
use super::{QueryError, canonical, escape};
use crate::definitions::search_parameter::{ParameterId, ParameterKind, SearchParameter, WithoutCase};
use crate::resource::ResourceType;
use crate::search::query::{Criterion, Matches, ReferenceMatch, UntypedReference};
use crate::search::value::{
    Expected, composite, date, number, position, quantity, reference, string, token, uri,
};

/// A parameter of each type searched, all of one kind, and how it was asked for.
pub(super) struct Asked<'a> {
    /// The whole name as it was written, for messages.
    pub(super) written: &'a str,
    /// One for each type.
    pub(super) parameters: Vec<&'a SearchParameter>,
    /// The kind that they are of.
    pub(super) kind: ParameterKind,
    /// What follows the colon.
    pub(super) modifier: Option<&'a str>,
    /// Still escaped; any of them may match.
    pub(super) values: Vec<&'a str>,
}

impl Criteria<'_> {
    /// What is asked for as a condition.
    pub(super) fn matching(&self, asked: &Asked<'_>) -> Result<Criterion, QueryError> {
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
                let read = |value: &str| uri::parse(&escape::unescape(value), comparison);
                let found = asked.criterion(Matches::Uris(asked.each(read)?))?;
                match comparison {
                    uri::Comparison::Exact | uri::Comparison::Below => Ok(canonical::or_version(
                        self.registry,
                        &asked.parameters,
                        &asked.values,
                        comparison,
                        found,
                    )),
                    uri::Comparison::Above => Ok(found),
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
            None => asked.tokens(),
            Some("not") => Ok(Criterion::Not(Box::new(asked.tokens()?))),
            Some("below") if asked.are_mime_types() => {
                asked.criterion(Matches::Tokens(asked.each(token::parse_mime_below)?))
            }
            Some("above") if asked.are_mime_types() => {
                let above = asked.each(token::parse_mime_above)?;
                asked.criterion(Matches::Tokens(above.into_iter().flatten().collect()))
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
            Some(modifier @ ("below" | "above")) if asked.may_be_canonical() => {
                let is_below = modifier == "below";
                let read = |value: &str| reference::parse_hierarchy(&escape::unescape(value), is_below);
                return asked.criterion(Matches::References(asked.each(read)?));
            }
            Some("below" | "above") => {
                return Err(asked.refused("only references that are canonical URLs do"));
            }
            Some(modifier) => Some(self.target_type(asked, modifier)?),
        };
        let read =
            |value: &str| reference::parse(&escape::unescape(value), named_type, self.context.base_url);
        let wanted = asked.each(read)?;
        self.untyped.borrow_mut().extend(asked.untyped(&wanted));
        asked.criterion(Matches::References(wanted))
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
        let first = asked.parameters.first();
        let components: Vec<&SearchParameter> = first.map_or_else(Vec::new, |parameter| {
            let components = parameter.components.iter();
            components.map(|id| self.registry.get(*id)).collect()
        });
        let read = |value: &str| composite::parse(value, &components, &self.context);
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

    /// Tokens without a modifier, or with `:not`.
    fn tokens(&self) -> Result<Criterion, QueryError> {
        let wanted = self.each(token::parse)?.into_iter();
        let compared = self.without_case();
        let matches = wanted.flat_map(|one| token::in_case(one, compared));
        self.criterion(Matches::Tokens(matches.collect()))
    }

    /// Which tokens of the parameters are compared without case.
    fn without_case(&self) -> WithoutCase {
        let mut each = self.parameters.iter().map(|parameter| parameter.without_case);
        let first = each.next().unwrap_or_default();
        match each.all(|other| other == first) {
            true => first,
            false => WithoutCase::Some,
        }
    }

    /// The ids among `wanted` that may be those of resources of several types.
    fn untyped(&self, wanted: &[ReferenceMatch]) -> Vec<UntypedReference> {
        let ids = wanted.iter().filter_map(|one| match one {
            ReferenceMatch::Id(id) => Some(id),
            _ => None,
        });
        let possible = |resource_type: &ResourceType| {
            let mut parameters = self.parameters.iter();
            parameters.any(|parameter| may_point_at(parameter, *resource_type))
        };
        let untyped = ids.map(|id| UntypedReference {
            parameter: self.written.to_owned(),
            id: id.clone(),
            targets: ResourceType::all().filter(possible).collect(),
        });
        untyped.filter(|reference| reference.targets.len() > 1).collect()
    }

    fn are_mime_types(&self) -> bool {
        self.parameters.iter().all(|parameter| parameter.is_mime_type)
    }

    fn may_be_canonical(&self) -> bool {
        self.parameters.iter().any(|parameter| parameter.holds_canonical)
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
