//! Parameters that do not say what is searched for but how the answer is given: `_sort`, `_count`, `_total`,
//! `_summary`, `_elements`, `_include`, … <http://hl7.org/fhir/R4/search.html#Summary>

use std::collections::HashSet;

use super::criterion::unknown;
use super::{QueryError, SearchRequest, cost, include};
use crate::definitions::search_parameter::{ParameterId, ParameterKind, Registry};
use crate::resource::ResourceType;
use crate::search::query::{Query, SortBy, SortKey, Total};
use crate::summary::Summary;

/// The largest page.
pub const MAXIMUM_COUNT: u32 = 1000;

/// What has become of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Control {
    /// It controls the answer, and now does.
    Applied,
    /// It belongs to the HTTP layer or to paging, and stays out of the `self` link.
    Transport,
    /// It is a condition, or unknown.
    NotOne,
}

/// Reads the controlling parameters.
pub struct Controls<'a> {
    registry: &'a Registry,
    /// Whether the URL names no type.
    over_all_types: bool,
    searched: &'a [ResourceType],
    /// Parameters that may be given once and have been given.
    given: HashSet<String>,
}

/// The types searched: those of the URL, or those that `_type` names; empty means all.
///
/// # Errors
/// [`QueryError`] when `_type` names what is no type.
pub fn resource_types(request: &SearchRequest<'_>) -> Result<Vec<ResourceType>, QueryError> {
    let mut types = request.resource_types.to_vec();
    if types.is_empty() {
        for (name, value) in request.parameters.iter().filter(|(name, _)| name == "_type") {
            for type_name in value.split(',').filter(|type_name| !type_name.is_empty()) {
                let resource_type = ResourceType::parse(type_name).ok_or_else(|| {
                    QueryError::value(name, type_name, "resource types of R4, with commas between them")
                })?;
                if !types.contains(&resource_type) {
                    types.push(resource_type);
                }
            }
        }
    }
    Ok(types)
}

impl<'a> Controls<'a> {
    /// Nothing has been read yet.
    pub fn new(registry: &'a Registry, over_all_types: bool, searched: &'a [ResourceType]) -> Self {
        Controls {
            registry,
            over_all_types,
            searched,
            given: HashSet::new(),
        }
    }

    /// Applies `name=value` to the query, if it is one of these parameters.
    ///
    /// # Errors
    /// [`QueryError`] when the value is not understood, or the parameter is given twice and may be given once.
    pub fn apply(&mut self, name: &str, value: &str, query: &mut Query) -> Result<Control, QueryError> {
        let refused = |expected: &str| Err(QueryError::value(name, value, expected));
        let once = matches!(
            name,
            "_count" | "_total" | "_summary" | "_cursor" | "_type" | "_contained"
        );
        if once && !self.given.insert(name.to_owned()) {
            return Err(QueryError::Repeated {
                parameter: name.to_owned(),
            });
        }
        match name {
            "_format" | "_pretty" => return Ok(Control::Transport),
            "_cursor" => {
                query.cursor = Some(value.to_owned());
                return Ok(Control::Transport);
            }
            // Read beforehand, since all other parameters depend on it.
            "_type" if self.over_all_types => {}
            "_count" => match value.parse::<u32>() {
                Ok(count) => query.count = Some(count.min(MAXIMUM_COUNT)),
                // More than a u32 holds is still a number, and more than a page holds.
                Err(_) if value.bytes().all(|byte| byte.is_ascii_digit()) => {
                    query.count = Some(MAXIMUM_COUNT)
                }
                Err(_) => return refused("a whole number from 0 up"),
            },
            "_total" => {
                query.total = match value {
                    "none" => Total::None,
                    "estimate" => Total::Estimate,
                    "accurate" => Total::Accurate,
                    _ => return refused("none, estimate or accurate"),
                }
            }
            "_summary" => {
                query.summary = match Summary::parse(value) {
                    Some(summary) => summary,
                    None => return refused(Summary::VALUES),
                }
            }
            "_query" => {
                return Err(QueryError::NamedQuery {
                    parameter: name.to_owned(),
                    value: value.to_owned(),
                });
            }
            "_contained" if value == "false" => {}
            "_contained" => return refused("false; contained resources are not searched on their own"),
            "_elements" => query.elements.extend(elements(name, value)?),
            "_sort" => {
                let keys = query.sort.len() + value.split(',').count();
                if keys > cost::SORT_KEYS {
                    return Err(QueryError::too_many(name, "keys of _sort", cost::SORT_KEYS));
                }
                query.sort.extend(self.sort(name, value)?);
            }
            _ => match name.split_once(':').map_or(name, |(base, _)| base) {
                "_include" | "_revinclude" if query.includes.len() == cost::INCLUDES => {
                    let what = "_include and _revinclude";
                    return Err(QueryError::too_many(name, what, cost::INCLUDES));
                }
                "_include" | "_revinclude" => {
                    query.includes.push(include::parse(self.registry, name, value)?)
                }
                base if base != name => return self.refuse_modifier(name, base),
                _ => return Ok(Control::NotOne),
            },
        }
        Ok(Control::Applied)
    }

    /// Whether a parameter says something even without a value: what to include.
    pub fn needs_value(name: &str) -> bool {
        matches!(name.split(':').next(), Some("_include" | "_revinclude"))
    }

    /// Checks what the parameters say together.
    ///
    /// # Errors
    /// For an include of a search for texts.
    pub fn check(request: &SearchRequest<'_>, query: &Query) -> Result<(), QueryError> {
        let mut names = request.parameters.iter().map(|(name, _)| name);
        match names.find(|name| Self::needs_value(name)) {
            Some(parameter) if query.summary == Summary::Text => Err(QueryError::IncludeOfText {
                parameter: parameter.clone(),
            }),
            _ => Ok(()),
        }
    }

    /// `_sort:desc` and the like; everything else with a modifier may be a condition.
    fn refuse_modifier(&self, name: &str, base: &str) -> Result<Control, QueryError> {
        match base {
            "_sort" => Err(QueryError::modifier(
                name,
                &name[base.len() + 1..],
                "write _sort=-name for the descending order",
            )),
            "_count" | "_total" | "_summary" | "_elements" | "_contained" => {
                let modifier = &name[base.len() + 1..];
                Err(QueryError::modifier(
                    name,
                    modifier,
                    format!("write {base} alone"),
                ))
            }
            _ => Ok(Control::NotOne),
        }
    }

    fn sort(&self, name: &str, value: &str) -> Result<Vec<SortKey>, QueryError> {
        value
            .split(',')
            .filter(|key| !key.is_empty())
            .map(|key| {
                let code = key.strip_prefix('-').unwrap_or(key);
                Ok(SortKey {
                    by: self.sort_by(name, value, code)?,
                    descending: code.len() < key.len(),
                })
            })
            .collect()
    }

    fn sort_by(&self, name: &str, value: &str, code: &str) -> Result<SortBy, QueryError> {
        match code {
            "_id" => return Ok(SortBy::Id),
            "_lastUpdated" => return Ok(SortBy::LastUpdated),
            _ => {}
        }
        let find = |resource_type: &ResourceType| -> Option<ParameterId> {
            let parameter = self.registry.find(*resource_type, code)?;
            let sortable = !matches!(parameter.kind, ParameterKind::Composite | ParameterKind::Special);
            (sortable && !code.contains(':')).then_some(parameter.id)
        };
        let found: Option<Vec<ParameterId>> = self.searched.iter().map(find).collect();
        found.map(SortBy::Parameter).ok_or_else(|| {
            let reason = unknown(code, self.searched);
            QueryError::value(
                name,
                value,
                format!("search parameters that have an order, with commas between them: {reason}"),
            )
        })
    }
}

fn elements(name: &str, value: &str) -> Result<Vec<String>, QueryError> {
    value
        .split(',')
        .filter(|element| !element.is_empty())
        .map(|element| {
            // Some clients write the type before the element: Patient.name.
            let element = match element.split_once('.') {
                Some((type_name, rest)) if ResourceType::parse(type_name).is_some() => rest,
                _ => element,
            };
            if element
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            {
                Ok(element.to_owned())
            } else {
                Err(QueryError::value(
                    name,
                    value,
                    "names of elements at the top of the resource, with commas between them",
                ))
            }
        })
        .collect()
}
