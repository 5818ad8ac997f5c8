//! One parameter and its value → one condition: finds the parameter, and has its values read. Commas are alternatives;
//! <http://hl7.org/fhir/R4/search.html#modifiers>.

use std::cell::RefCell;

use compact_str::CompactString;

use super::cost::Budget;
use super::matching::Asked;
use super::{QueryError, escape};
use crate::definitions::search_parameter::{ParameterKind, Registry, SearchParameter};
use crate::resource::ResourceType;
use crate::search::query::{Criterion, UntypedReference};
use crate::search::value::{Expected, ValueContext, date, reference};

/// Reads the conditions of one search, and counts them.
pub struct Criteria<'a> {
    pub(super) registry: &'a Registry,
    pub(super) context: ValueContext<'a>,
    pub(super) budget: Budget,
    /// Ids that were asked for without a type where there is a choice.
    pub(super) untyped: RefCell<Vec<UntypedReference>>,
}

impl<'a> Criteria<'a> {
    /// Nothing has been read yet.
    pub fn new(registry: &'a Registry, context: ValueContext<'a>) -> Self {
        Criteria {
            registry,
            context,
            budget: Budget::default(),
            untyped: RefCell::default(),
        }
    }

    /// The ids that the conditions name without a type, where they may be of several.
    pub fn into_untyped(self) -> Vec<UntypedReference> {
        self.untyped.into_inner()
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
}

/// Whether a reference parameter may point at resources of this type.
pub(super) fn may_point_at(parameter: &SearchParameter, resource_type: ResourceType) -> bool {
    parameter.targets.is_empty() || parameter.targets.contains(resource_type)
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

pub(super) fn is_missing(written: &str, values: &[&str]) -> Result<bool, QueryError> {
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

pub(super) fn each<T>(
    written: &str,
    values: &[&str],
    read: impl Fn(&str) -> Result<T, Expected>,
) -> Result<Vec<T>, QueryError> {
    values
        .iter()
        .map(|value| read(value).map_err(|expected| QueryError::value(written, value, expected.0)))
        .collect()
}
