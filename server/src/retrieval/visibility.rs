//! What a principal who may not search everything must not learn from a search: resources of other types, and, by
//! chaining through them, what they say.

use brazier_access::DataAction;

use crate::authorization;
use crate::exchange::{Context, InteractionError};
use crate::search::query::{Criterion, Query};

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
    if context.allows_all(DataAction::Search) {
        return Ok(());
    }
    query
        .criteria
        .iter()
        .try_for_each(|criterion| check(context, criterion))
}

fn check(context: &Context, criterion: &Criterion) -> Result<(), InteractionError> {
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
            check(context, criterion)
        }
        Criterion::Not(criterion) => check(context, criterion),
        Criterion::Any(criteria) | Criterion::All(criteria) => criteria
            .iter()
            .try_for_each(|criterion| check(context, criterion)),
    }
}
