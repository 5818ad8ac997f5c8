//! What a principal who may not see everything must not learn: resources of other types, what they say, by chaining
//! through them, and Binaries that go with them.

use brazier_access::DataAction;

use crate::authorization;
use crate::exchange::{Context, InteractionError};
use crate::resource::{Json, ResourceType};
use crate::search::query::{Criterion, Query};
use crate::storage::StoredResource;

/// Narrows a search over several types to what the principal may see.
///
/// # Errors
/// When none of the types that are asked for is among it.
pub fn keep_to(query: &mut Query, within: &brazier_access::Criterion) -> Result<(), InteractionError> {
    let allowed = authorization::resource_types(within);
    if query.resource_types.is_empty() {
        query.resource_types = allowed;
    } else {
        query
            .resource_types
            .retain(|resource_type| allowed.contains(resource_type));
    }
    if query.resource_types.is_empty() {
        let reason = "no role assignment allows searching any of the requested resource types";
        return Err(InteractionError::Forbidden(reason.to_owned()));
    }
    Ok(())
}

/// Checks that chains and `_has` lead only through types that the principal may search.
///
/// # Errors
/// [`InteractionError::Forbidden`].
pub fn check_chains(context: &Context, query: &Query) -> Result<(), InteractionError> {
    query
        .criteria
        .iter()
        .try_for_each(|criterion| check_criterion(context, criterion))
}

fn check_criterion(context: &Context, criterion: &Criterion) -> Result<(), InteractionError> {
    match criterion {
        Criterion::Id(_)
        | Criterion::Type(_)
        | Criterion::LastUpdated(_)
        | Criterion::Parameter { .. }
        | Criterion::Missing { .. } => Ok(()),
        Criterion::Chain {
            target: resource_type,
            criterion,
            ..
        }
        | Criterion::Has {
            source: resource_type,
            criterion,
            ..
        } => {
            context.authorize(DataAction::Search, *resource_type)?;
            check_criterion(context, criterion)
        }
        Criterion::Not(criterion) => check_criterion(context, criterion),
        Criterion::Any(criteria) | Criterion::All(criteria) => criteria
            .iter()
            .try_for_each(|criterion| check_criterion(context, criterion)),
    }
}

/// The types of which the principal may read any version by its id, for one who may not of all. A Binary may follow the rules of
/// another type, which only an earlier version itself tells.
pub fn read_by_id(context: &Context) -> Vec<ResourceType> {
    let may_read = |name: &ResourceType| name.name() != "Binary" && context.allows(DataAction::Read, *name);
    ResourceType::all().filter(may_read).collect()
}

/// Whether the principal may do `action`, which they may do to resources of this type, to this one: the rules of a Binary are
/// those of the resource that its `securityContext` names. <http://hl7.org/fhir/R4/binary.html#security>
pub fn may_see(context: &Context, action: DataAction, stored: &StoredResource) -> bool {
    if stored.resource_type.name() != "Binary"
        || !stored.json.contains("\"securityContext\"")
        || context.allows_all(action)
    {
        return true;
    }
    match security_context(&stored.json, &context.base_url) {
        SecurityContext::None => true,
        SecurityContext::Type(resource_type) => context.allows(action, resource_type),
        SecurityContext::Unknown => false,
    }
}

/// As [`may_see`], for a resource that was asked for by its id.
///
/// # Errors
/// [`InteractionError::Forbidden`].
pub fn check(
    context: &Context,
    action: DataAction,
    stored: StoredResource,
) -> Result<StoredResource, InteractionError> {
    if may_see(context, action, &stored) {
        return Ok(stored);
    }
    Err(InteractionError::Forbidden(format!(
        "no role assignment allows {} to {action} what the securityContext of {}/{} names",
        context.principal.name(),
        stored.resource_type,
        stored.id
    )))
}

/// What a Binary's `securityContext` names.
#[derive(Debug, PartialEq, Eq)]
enum SecurityContext {
    /// Nothing: there is none.
    None,
    /// A resource of this type.
    Type(ResourceType),
    /// Something whose rules we do not know.
    Unknown,
}

fn security_context(binary: &str, base_url: &str) -> SecurityContext {
    let Ok(binary) = Json::parse(binary.as_bytes()) else {
        return SecurityContext::Unknown;
    };
    let Some(context) = binary.get("securityContext") else {
        return SecurityContext::None;
    };
    let text = |name: &str| context.get(name).and_then(Json::as_str);
    let name = match text("reference") {
        Some(reference) => {
            let local = reference.strip_prefix(base_url).unwrap_or(reference);
            let local = local.strip_prefix('/').unwrap_or(local);
            local.split_once('/').map(|(name, _)| name)
        }
        None => text("type"),
    };
    name.and_then(ResourceType::parse)
        .map_or(SecurityContext::Unknown, SecurityContext::Type)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_security_context_is_known_by_the_type_that_it_names() {
        let of = |context: &str| {
            let binary = format!(r#"{{"resourceType":"Binary","securityContext":{context}}}"#);
            security_context(&binary, "http://h/fhir")
        };
        let patient = || SecurityContext::Type(ResourceType::parse("Patient").unwrap());
        for (context, expected) in [
            (r#"{"reference":"Patient/1"}"#, patient()),
            (r#"{"reference":"Patient/1/_history/2"}"#, patient()),
            (r#"{"reference":"http://h/fhir/Patient/1"}"#, patient()),
            (r#"{"type":"Patient","identifier":{"value":"1"}}"#, patient()),
            (
                r#"{"reference":"https://elsewhere/Patient/1"}"#,
                SecurityContext::Unknown,
            ),
            (r#"{"reference":"urn:uuid:1"}"#, SecurityContext::Unknown),
            (r#"{"identifier":{"value":"1"}}"#, SecurityContext::Unknown),
            (r#"{"display":"x"}"#, SecurityContext::Unknown),
        ] {
            assert_eq!(of(context), expected, "{context}");
        }
        let none = security_context(r#"{"resourceType":"Binary"}"#, "http://h/fhir");
        assert_eq!(none, SecurityContext::None);
    }
}
