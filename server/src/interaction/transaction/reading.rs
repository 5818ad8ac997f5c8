//! The reads of a transaction: the same interactions as single requests, on the connection that the transaction holds.
//! They see what it has written, and wait for no other connection.

use std::sync::Arc;

use super::entry::Entry;
use crate::interaction::{Answer, Context, Interaction, InteractionError};
use crate::interaction::{capabilities, history, read, search, vread};
use crate::state::ServerState;
use crate::storage::Session;

/// `context` with the storage as `session` sees it.
pub fn within(context: &Context, session: &Session) -> Context {
    let state = ServerState {
        storage: context.storage().within(session),
        authenticator: context.state.authenticator.clone(),
        policy: context.state.policy.clone(),
        metrics: context.state.metrics.clone(),
        definitions: context.state.definitions.clone(),
        capability_statement: context.state.capability_statement.clone(),
        settings: context.state.settings.clone(),
    };
    Context {
        state: Arc::new(state),
        definitions: context.definitions.clone(),
        base_url: context.base_url.clone(),
        principal: context.principal.clone(),
        policy: context.policy.clone(),
        request_id: context.request_id.clone(),
        source: context.source.clone(),
        received: context.received,
    }
}

/// What `entry` reads; `context` is that of [`within`].
///
/// # Errors
/// When the interaction fails, or is none that reads.
pub async fn read(context: &Context, session: &Session, entry: &Entry) -> Result<Answer, InteractionError> {
    let request = &entry.request;
    let allowed_types = entry.allowed_types.clone();
    match &request.interaction {
        Interaction::Read(resource_type, id) => read::read(context, request, *resource_type, id).await,
        Interaction::Vread(resource_type, id, version) => {
            vread::vread(context, request, *resource_type, id, version).await
        }
        Interaction::HistoryInstance(..) | Interaction::HistoryType(_) | Interaction::HistorySystem => {
            history::history(context, request, allowed_types).await
        }
        interaction if interaction.is_search() => {
            search::search_within(context, session, request, allowed_types).await
        }
        Interaction::Capabilities => capabilities(context, request),
        _ => Err(InteractionError::Fault),
    }
}
