//! delete: no current version any more; the versions before it stay. <http://hl7.org/fhir/R4/http.html#delete>
//! By criteria: <http://hl7.org/fhir/R4/http.html#3.1.0.7.1>, one resource at most.

use http::StatusCode;

use super::conditional::{Attempts, Criteria, Match};
use super::update::Condition;
use crate::exchange::{Answer, AnswerBody, Context, InteractionError, Request};
use crate::operation_outcome;
use crate::request::preference::Return;
use crate::resource::ResourceType;
use crate::storage::{Method, Write, Written};

/// 204, or 200 when the client prefers an OperationOutcome; the same when there was nothing to delete.
pub async fn delete(
    context: &Context,
    request: &Request,
    resource_type: ResourceType,
    id: &str,
) -> Result<Answer, InteractionError> {
    let Condition { precondition, .. } = Condition::of(&request.conditions, resource_type, id)?;
    let write = Write {
        resource_type,
        id: id.to_owned(),
        method: Method::Delete { precondition },
    };
    let record = context.record(request, status(request).as_u16());
    let written = context
        .storage
        .write(&context.definitions, vec![write], Some(record))
        .await?;
    Ok(answer(request, written.first(), &format!("{resource_type}/{id}")))
}

/// Deletes the one resource that meets the criteria; none: nothing is changed; several: 412.
pub async fn conditional_delete(
    context: &Context,
    request: &Request,
    resource_type: ResourceType,
) -> Result<Answer, InteractionError> {
    let criteria = Criteria::of_parameters(context, resource_type, &request.parameters)?
        .ok_or(InteractionError::NoCriteria("a conditional delete"))?;
    let mut attempts = Attempts::default();
    loop {
        match delete_found(context, request, &criteria).await {
            Err(error) if attempts.again(&error) => {}
            result => return result,
        }
    }
}

async fn delete_found(
    context: &Context,
    request: &Request,
    criteria: &Criteria,
) -> Result<Answer, InteractionError> {
    let transaction = context.storage.begin(&[criteria.lock()]).await?;
    let (resource_type, id) = match criteria.find(context, &transaction).await? {
        Match::Several => return Err(criteria.several()),
        Match::None => return Ok(answer(request, None, criteria.text())),
        Match::One(found) => (found.resource_type, found.id),
    };
    let Condition { precondition, .. } = Condition::of(&request.conditions, resource_type, &id)?;
    let mut record = context.record(request, status(request).as_u16());
    record.resource_id = Some(id.clone());
    let what = format!("{resource_type}/{id}");
    let write = Write {
        resource_type,
        id,
        method: Method::Delete { precondition },
    };
    let written = transaction
        .write(&context.definitions, vec![write], Some(record))
        .await?;
    transaction.commit().await?;
    Ok(answer(request, written.first(), &what))
}

fn status(request: &Request) -> StatusCode {
    match request.preference.answer {
        Return::OperationOutcome => StatusCode::OK,
        Return::Unspecified | Return::Minimal | Return::Representation => StatusCode::NO_CONTENT,
    }
}

/// The answer to a delete; `written` is missing when no write took place, which is then not in the audit trail.
fn answer(request: &Request, written: Option<&Written>, what: &str) -> Answer {
    let deleted = written.filter(|written| written.version > 0);
    let status = status(request);
    let body = if status == StatusCode::OK {
        let diagnostics = match deleted {
            Some(_) => format!("deleted {what}"),
            None => format!("there was nothing to delete at {what}"),
        };
        AnswerBody::Outcome(operation_outcome::success(&diagnostics))
    } else {
        AnswerBody::Nothing
    };
    Answer {
        version: deleted.map(|written| (written.version, written.last_updated)),
        body,
        recorded: written.is_some(),
        ..Answer::new(status)
    }
}
