//! The one way through which every interaction goes: is it allowed, who carries it out, and is it in the audit trail
//! before anybody hears of it.

use brazier_access::Criterion;

use super::{bundle, capabilities, create, delete, history, patch, read, search, update, vread};
use crate::audit::AccessRecord;
use crate::exchange::{Answer, Context, Interaction, InteractionError, Request};

/// Carries out `request` and puts the access, refusals and failures too, into the audit trail.
///
/// # Errors
/// What the interaction failed with. When the audit trail does not take the record: that it is not available, and
/// nothing of the answer.
pub async fn perform_recorded(context: &Context, request: Request) -> Result<Answer, InteractionError> {
    let record = context.record(&request, 0);
    let error: InteractionError = match perform(context, request).await {
        Ok(answer) if answer.recorded => return Ok(answer),
        Ok(answer) => {
            let done = completed(record.clone(), &answer);
            match context.storage.record_access(done).await {
                Ok(()) => return Ok(answer),
                Err(unrecorded) => unrecorded.into(),
            }
        }
        Err(error) => error,
    };
    let failure = AccessRecord {
        status: error.status().as_u16(),
        reason: Some(error.to_string()),
        ..record
    };
    context.storage.record_failure(failure).await?;
    Err(error)
}

/// What the audit trail says of an access that is answered so.
pub fn answered(context: &Context, request: &Request, answer: &Answer) -> AccessRecord {
    completed(context.record(request, 0), answer)
}

fn completed(mut record: AccessRecord, answer: &Answer) -> AccessRecord {
    record.status = answer.status.as_u16();
    record.version = answer.version.map(|(version, _)| version);
    record.resources = answer.resources;
    record.given_out = answer.given_out.clone();
    if let Some((_, id)) = &answer.written {
        record.resource_id = Some(id.clone());
    }
    record
}

/// Carries out `request`, if it is allowed.
async fn perform(context: &Context, request: Request) -> Result<Answer, InteractionError> {
    let within = context.authorize_interaction(&request.interaction)?;
    carry_out(context, request, within).await
}

/// Carries out `request`, which is allowed: of several types, as far as it is `within` the criterion.
///
/// # Errors
/// What the interaction failed with.
pub async fn carry_out(
    context: &Context,
    request: Request,
    within: Option<Criterion>,
) -> Result<Answer, InteractionError> {
    match request.interaction.clone() {
        Interaction::Capabilities => capabilities::capabilities(context, &request),
        Interaction::Read(resource_type, id) => read::read(context, &request, resource_type, &id).await,
        Interaction::Vread(resource_type, id, version) => {
            vread::vread(context, &request, resource_type, &id, &version).await
        }
        Interaction::Create(resource_type) => create::create(context, request, resource_type).await,
        Interaction::Update(resource_type, id) => update::update(context, request, resource_type, &id).await,
        Interaction::ConditionalUpdate(resource_type) => {
            update::conditional_update(context, request, resource_type).await
        }
        Interaction::Patch(resource_type, id) => patch::patch(context, request, resource_type, &id).await,
        Interaction::ConditionalPatch(resource_type) => {
            patch::conditional_patch(context, request, resource_type).await
        }
        Interaction::Delete(resource_type, id) => delete::delete(context, &request, resource_type, &id).await,
        Interaction::ConditionalDelete(resource_type) => {
            delete::conditional_delete(context, &request, resource_type).await
        }
        Interaction::HistoryInstance(..) | Interaction::HistoryType(_) | Interaction::HistorySystem => {
            history::history(context, &request, within).await
        }
        Interaction::SearchType(_) | Interaction::SearchSystem | Interaction::SearchCompartment { .. } => {
            search::search(context, &request, within).await
        }
        Interaction::Operation { operation, .. } => (operation.perform)(context, request, within).await,
        Interaction::Bundle => Box::pin(bundle::bundle(context, request)).await,
    }
}
