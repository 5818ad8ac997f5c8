//! `_include` and `_revinclude`, <http://hl7.org/fhir/R4/search.html#revinclude>.

use super::QueryError;
use super::criterion::may_point_at;
use crate::definitions::search_parameter::{ParameterKind, Registry};
use crate::resource::ResourceType;
use crate::search::query::Include;

/// Reads `Type:parameter`, `Type:parameter:TargetType`, `Type:*` or `*`. `name` is `_include` or `_revinclude` with
/// the modifier, if there is one.
///
/// # Errors
/// [`QueryError`] when the modifier is not `:iterate`, or a type or a parameter is not known.
pub fn parse(registry: &Registry, name: &str, value: &str) -> Result<Include, QueryError> {
    let (base, modifier) = match name.split_once(':') {
        Some((base, modifier)) => (base, Some(modifier)),
        None => (name, None),
    };
    if let Some(modifier) = modifier.filter(|modifier| *modifier != "iterate") {
        return Err(QueryError::modifier(
            name,
            modifier,
            format!("write {base}:iterate"),
        ));
    }
    let refused = |expected: String| QueryError::value(name, value, expected);
    let mut include = Include {
        reverse: base == "_revinclude",
        iterate: modifier.is_some(),
        source: None,
        parameter: None,
        target: None,
    };
    if value == "*" {
        return Ok(include);
    }
    let mut parts = value.split(':');
    let (Some(source), Some(code), target, None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(refused(
            "Type:parameter, Type:parameter:TargetType, Type:* or *".to_owned(),
        ));
    };
    let resource_type = |name: &str| {
        ResourceType::parse(name).ok_or_else(|| refused(format!("a resource type of R4; {name} is not one")))
    };
    let source = resource_type(source)?;
    include.source = Some(source);
    include.target = target.map(resource_type).transpose()?;
    if code == "*" {
        return Ok(include);
    }
    let parameter = registry
        .find(source, code)
        .filter(|parameter| parameter.kind == ParameterKind::Reference)
        .ok_or_else(|| refused(format!("a reference parameter of {source}; {code} is not one")))?;
    if let Some(target) = include.target.filter(|target| !may_point_at(parameter, *target)) {
        return Err(refused(format!(
            "a type that {code} may point at; {target} is not one"
        )));
    }
    include.parameter = Some(parameter.id);
    Ok(include)
}
