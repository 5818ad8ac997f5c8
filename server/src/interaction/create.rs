//! create: a new resource under an id of the server's choice. <http://hl7.org/fhir/R4/http.html#create>
//! With `If-None-Exist` only when no resource meets the criteria, <http://hl7.org/fhir/R4/http.html#ccreate>.

use http::StatusCode;

use super::conditional::{Attempts, Criteria, Match};
use super::prepare::{Prepared, prepare};
use crate::exchange::{Answer, AnswerBody, Context, Interaction, InteractionError, Request, RequestBody};
use crate::request::logical_id::new_logical_id;
use crate::request::preference::Return;
use crate::resource::ResourceType;
use crate::storage::{Method, StoredResource, Write};

/// 201 with the new resource; with `If-None-Exist` 200 with the one that is there, 412 when there are several.
pub async fn create(
    context: &Context,
    mut request: Request,
    resource_type: ResourceType,
) -> Result<Answer, InteractionError> {
    check_url(&request)?;
    let body = std::mem::replace(&mut request.body, RequestBody::Nothing);
    let prepared = prepare(context, body, resource_type).await?;
    match request.conditions.if_none_exist.clone() {
        None => {
            let id = new_logical_id();
            let mut record = context.record(&request, StatusCode::CREATED.as_u16());
            record.resource_id = Some(id.clone());
            let writes = vec![write(resource_type, &id, prepared)];
            let written = context
                .storage
                .write(&context.definitions, writes, Some(record))
                .await?;
            Answer::of_write(resource_type, &id, written, request.preference.answer)
        }
        Some(text) => {
            let criteria = Criteria::parse(context, resource_type, &text)?
                .ok_or(InteractionError::NoCriteria("If-None-Exist"))?;
            let mut attempts = Attempts::default();
            loop {
                match create_unless_found(context, &request, prepared.clone(), &criteria).await {
                    Err(error) if attempts.again(&error) => {}
                    result => return result,
                }
            }
        }
    }
}

/// Checks that the URL of a create has no criteria: they would be those of a search, or of a conditional create, and neither
/// is asked for so.
///
/// # Errors
/// For the first parameter that is not about the form of the answer.
pub fn check_url(request: &Request) -> Result<(), InteractionError> {
    let is_criterion = |(name, _): &&(String, String)| {
        !matches!(name.as_str(), "_format" | "_pretty" | "_summary" | "_elements")
    };
    match (&request.interaction, request.parameters.iter().find(is_criterion)) {
        (Interaction::Create(_), Some((name, value))) => Err(InteractionError::Parameter {
            name: name.clone(),
            value: value.clone(),
            expected: "a create has no criteria in its URL: write them as If-None-Exist (in a Bundle ifNoneExist) for a conditional create, or POST them to [type]/_search for a search",
        }),
        _ => Ok(()),
    }
}

/// The write that creates a resource.
pub fn write(resource_type: ResourceType, id: &str, prepared: Prepared) -> Write {
    let Prepared { resource, index } = prepared;
    Write {
        resource_type,
        id: id.to_owned(),
        method: Method::Create { resource, index },
    }
}

/// What a conditional create answers when the resource is there.
pub fn answer_found(found: StoredResource, wanted: Return) -> Answer {
    let answer = Answer {
        version: Some((found.version, found.last_updated)),
        written: Some((found.resource_type, found.id)),
        body: AnswerBody::Resource(found.json),
        resources: 1,
        ..Answer::new(StatusCode::OK)
    };
    answer.as_preferred(wanted)
}

async fn create_unless_found(
    context: &Context,
    request: &Request,
    prepared: Prepared,
    criteria: &Criteria,
) -> Result<Answer, InteractionError> {
    let wanted = request.preference.answer;
    let transaction = context.storage.begin(&[criteria.lock()]).await?;
    match criteria.find(context, &transaction).await? {
        Match::Several => Err(criteria.several()),
        Match::One(found) => Ok(answer_found(*found, wanted)),
        Match::None => {
            let id = new_logical_id();
            let resource_type = criteria.resource_type();
            let mut record = context.record(request, StatusCode::CREATED.as_u16());
            record.resource_id = Some(id.clone());
            record.query = Some(criteria.text().to_owned());
            let written = transaction
                .write(
                    &context.definitions,
                    vec![write(resource_type, &id, prepared)],
                    Some(record),
                )
                .await?;
            transaction.commit().await?;
            Answer::of_write(resource_type, &id, written, wanted)
        }
    }
}
