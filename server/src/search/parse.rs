//! From a query string to a [`Query`]: every name and value is checked against the standard's definitions.
//! <http://hl7.org/fhir/R4/search.html>

pub mod canonical;
mod chain;
pub mod code_modifier;
pub mod control;
mod cost;
pub mod criterion;
pub mod error;
pub mod escape;
pub mod include;
mod matching;
pub mod prefix;

pub use error::QueryError;

use jiff::Timestamp;

use super::query::Query;
use super::value::ValueContext;
use crate::definitions::search_parameter::Registry;
use crate::resource::ResourceType;
use code_modifier::CodesOfValues;
use control::{Control, Controls};
use criterion::Criteria;

/// A search as HTTP brings it.
#[derive(Debug, Clone, Copy)]
pub struct SearchRequest<'request> {
    /// The types that the URL names; empty for a search over all types, which `_type` may restrict.
    pub resource_types: &'request [ResourceType],
    /// Names and values in order, decoded.
    pub parameters: &'request [(String, String)],
    /// Whether unknown parameters are ignored (`Prefer: handling=lenient`) instead of refused.
    pub lenient: bool,
    /// The server's own base URL; absolute references that start with it are its own resources.
    pub base_url: &'request str,
}

/// Understands a search.
///
/// # Errors
/// [`QueryError`] for the first parameter that is not understood. Unknown modifiers and malformed values are
/// errors even where unknown parameters are ignored.
pub fn parse(registry: &Registry, request: &SearchRequest<'_>) -> Result<Query, QueryError> {
    parse_with(registry, request, &CodesOfValues::default())
}

/// As [`parse`], knowing what the values of `:in` and its like stand for.
///
/// # Errors
/// As [`parse`].
pub fn parse_with(
    registry: &Registry,
    request: &SearchRequest<'_>,
    codes: &CodesOfValues,
) -> Result<Query, QueryError> {
    parse_at(registry, request, codes, Timestamp::now())
}

/// As [`parse`], with the time that approximate dates are measured from.
///
/// # Errors
/// As [`parse`].
pub fn parse_at(
    registry: &Registry,
    request: &SearchRequest<'_>,
    codes: &CodesOfValues,
    now: Timestamp,
) -> Result<Query, QueryError> {
    let mut query = Query {
        resource_types: control::resource_types(request)?,
        ..Query::default()
    };
    let searched = if query.resource_types.is_empty() {
        ResourceType::all().collect()
    } else {
        query.resource_types.clone()
    };
    let context = ValueContext {
        base_url: request.base_url,
        now,
        codes,
    };
    let criteria = Criteria::new(registry, context);
    let mut controls = Controls::new(registry, request.resource_types.is_empty(), &searched);
    for (name, value) in request.parameters {
        // A parameter without a value is ignored, <http://hl7.org/fhir/R4/search.html#escaping>; an include is no condition
        // that could be left open.
        if value.is_empty() && !Controls::needs_value(name) {
            continue;
        }
        let understood = match controls.apply(name, value, &mut query) {
            Ok(Control::Transport) => continue,
            Ok(Control::Applied) => Ok(()),
            Ok(Control::NotOne) => criteria
                .parse(&searched, name, value)
                .map(|criterion| query.criteria.extend(criterion)),
            Err(error) => Err(error),
        };
        match understood {
            Ok(()) => query.understood.push((name.clone(), value.clone())),
            Err(QueryError::UnknownParameter { .. }) if request.lenient => query.ignored.push(name.clone()),
            Err(error) => return Err(error),
        }
    }
    Controls::check(request, &query)?;
    query.untyped = criteria.into_untyped();
    Ok(query)
}

#[cfg(test)]
mod tests;
