//! update: a new version of a resource, or a resource under an id of the client's choice.
//! <http://hl7.org/fhir/R4/http.html#update>; by criteria, <http://hl7.org/fhir/R4/http.html#cond-update>.

use brazier_access::DataAction;
use http::StatusCode;

use super::conditional::{Attempts, Criteria, Match};
use super::create;
use super::prepare::{Prepared, prepare};
use crate::exchange::{Answer, Context, InteractionError, Request, RequestBody};
use crate::request::conditional_headers::{ConditionalHeaders, EntityTag};
use crate::request::logical_id::{is_logical_id, new_logical_id};
use crate::resource::ResourceType;
use crate::storage::{Method, Precondition, StorageError, Write};

/// 200, or 201 when there was none; 412 when `If-Match` names another version; 405 when there was none and clients
/// may not choose ids.
pub async fn update(
    context: &Context,
    mut request: Request,
    resource_type: ResourceType,
    id: &str,
) -> Result<Answer, InteractionError> {
    let body = std::mem::replace(&mut request.body, RequestBody::Nothing);
    let prepared = prepare(context, body, resource_type).await?;
    check_id(&prepared, resource_type, id)?;
    let condition = Condition::of(&request.conditions, resource_type, id)?;
    let write = write(context, resource_type, id, prepared, condition);
    let record = context.record(&request, StatusCode::OK.as_u16());
    let written = context
        .storage
        .write(&context.definitions, vec![write], Some(record))
        .await;
    let written = written.map_err(|error| refusal(error, context, condition))?;
    Answer::of_write(resource_type, id, written, request.preference.answer)
}

/// Updates the one resource that meets the criteria; none: creates it; several: 412.
pub async fn conditional_update(
    context: &Context,
    mut request: Request,
    resource_type: ResourceType,
) -> Result<Answer, InteractionError> {
    let criteria = Criteria::of_parameters(context, resource_type, &request.parameters)?
        .ok_or(InteractionError::NoCriteria("a conditional update"))?;
    let body = std::mem::replace(&mut request.body, RequestBody::Nothing);
    let prepared = prepare(context, body, resource_type).await?;
    let mut attempts = Attempts::default();
    loop {
        match update_found(context, &request, &criteria, prepared.clone()).await {
            Err(error) if attempts.again(&error) => {}
            result => return result,
        }
    }
}

async fn update_found(
    context: &Context,
    request: &Request,
    criteria: &Criteria,
    prepared: Prepared,
) -> Result<Answer, InteractionError> {
    let transaction = context.storage.begin(&[criteria.lock()]).await?;
    let met = criteria.find(context, &transaction).await?;
    let target = Target::of(context, &request.conditions, criteria, met, prepared.id())?;
    let mut record = context.record(request, target.status().as_u16());
    record.resource_id = Some(target.id().to_owned());
    let write = target.write(context, criteria.resource_type(), prepared);
    let written = transaction
        .write(&context.definitions, vec![write], Some(record))
        .await;
    let written = written.map_err(|error| target.refusal(error, context))?;
    transaction.commit().await?;
    let wanted = request.preference.answer;
    Answer::of_write(criteria.resource_type(), target.id(), written, wanted)
}

/// What a conditional update writes to.
#[derive(Debug, Clone)]
pub enum Target {
    /// A new resource under an id of the server's choice.
    New(String),
    /// A resource under this id.
    Named(String, Condition),
}

impl Target {
    /// Decides by what meets the criteria, and by the id that the client wrote into the body.
    ///
    /// # Errors
    /// When several resources meet them, or one with another id than the body's.
    pub fn of(
        context: &Context,
        conditions: &ConditionalHeaders,
        criteria: &Criteria,
        met: Match,
        sent: Option<&str>,
    ) -> Result<Target, InteractionError> {
        let resource_type = criteria.resource_type();
        match (met, sent) {
            (Match::Several, _) => Err(criteria.several()),
            (Match::One(found), Some(sent)) if sent != found.id => Err(InteractionError::OtherId {
                resource_type,
                found: found.id,
                sent: sent.to_owned(),
            }),
            (Match::One(found), _) => {
                let condition = Condition::of(conditions, resource_type, &found.id)?;
                Ok(Target::Named(found.id, condition))
            }
            (Match::None, _) if conditions.if_match.is_some() => Err(InteractionError::NothingToMatch {
                criteria: criteria.text().to_owned(),
            }),
            (Match::None, None) => {
                context.authorize(DataAction::Create, resource_type)?;
                Ok(Target::New(new_logical_id()))
            }
            (Match::None, Some(id)) => {
                check_client_id(resource_type, id)?;
                let condition = Condition {
                    precondition: Precondition::Absent,
                    must_exist: false,
                };
                Ok(Target::Named(id.to_owned(), condition))
            }
        }
    }

    fn id(&self) -> &str {
        match self {
            Target::New(id) | Target::Named(id, _) => id,
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Target::New(_) => StatusCode::CREATED,
            Target::Named(..) => StatusCode::OK,
        }
    }

    fn write(&self, context: &Context, resource_type: ResourceType, prepared: Prepared) -> Write {
        match self {
            Target::New(id) => create::write(resource_type, id, prepared),
            Target::Named(id, condition) => write(context, resource_type, id, prepared, *condition),
        }
    }

    fn refusal(&self, error: StorageError, context: &Context) -> InteractionError {
        match self {
            Target::New(_) => error.into(),
            Target::Named(_, condition) => condition.conditional_refusal(error, context),
        }
    }
}

/// The write that updates a resource.
pub fn write(
    context: &Context,
    resource_type: ResourceType,
    id: &str,
    prepared: Prepared,
    condition: Condition,
) -> Write {
    let Prepared { resource, index } = prepared;
    let may_create = !condition.must_exist
        && context.state.settings.update_create
        && context.allows(DataAction::Create, resource_type);
    let method = Method::Update {
        resource,
        index,
        precondition: condition.precondition,
        may_create,
    };
    Write {
        resource_type,
        id: id.to_owned(),
        method,
    }
}

/// What a request asks of the current version.
#[derive(Debug, Clone, Copy, Default)]
pub struct Condition {
    /// What storage checks.
    pub precondition: Precondition,
    /// `If-Match: *`
    pub must_exist: bool,
}

impl Condition {
    /// What `If-Match` and `If-None-Match: *` ask for.
    ///
    /// # Errors
    /// When `If-Match` names a version that no resource can have.
    pub fn of(
        conditions: &ConditionalHeaders,
        resource_type: ResourceType,
        id: &str,
    ) -> Result<Condition, InteractionError> {
        let precondition = match conditions.if_match {
            Some(EntityTag::Version(version)) => Precondition::Version(version),
            Some(EntityTag::Foreign) => {
                return Err(InteractionError::ForeignVersion {
                    resource_type,
                    id: id.to_owned(),
                });
            }
            Some(EntityTag::Any) => {
                return Ok(Condition {
                    precondition: Precondition::None,
                    must_exist: true,
                });
            }
            None if conditions.if_none_match.contains(&EntityTag::Any) => Precondition::Absent,
            None => Precondition::None,
        };
        Ok(Condition {
            precondition,
            must_exist: false,
        })
    }

    /// As [`refusal`], for a conditional update: that the id is taken is a conflict with its criteria.
    pub fn conditional_refusal(self, error: StorageError, context: &Context) -> InteractionError {
        match error {
            StorageError::AlreadyExists { resource_type, id } => {
                InteractionError::IdTaken { resource_type, id }
            }
            error => refusal(error, context, self),
        }
    }
}

/// That there is no resource to update means different things by why it may not be created.
pub fn refusal(error: StorageError, context: &Context, condition: Condition) -> InteractionError {
    match error {
        StorageError::DoesNotExist { resource_type, id } if condition.must_exist => {
            let current = None;
            InteractionError::Storage(StorageError::VersionConflict {
                resource_type,
                id,
                current,
            })
        }
        StorageError::DoesNotExist { resource_type, .. } if context.state.settings.update_create => {
            match context.authorize(DataAction::Create, resource_type) {
                Err(refused) => refused,
                Ok(()) => error.into(),
            }
        }
        error => error.into(),
    }
}

/// Checks that the body has the id of the URL.
///
/// # Errors
/// When it has none or another one.
pub fn check_id(prepared: &Prepared, resource_type: ResourceType, id: &str) -> Result<(), InteractionError> {
    match prepared.id() {
        Some(sent) if sent == id => Ok(()),
        Some(sent) => Err(InteractionError::element(
            format!("{resource_type}.id"),
            format!("the id in the body is \"{sent}\", and the URL names \"{id}\"; they must be the same"),
        )),
        None => Err(InteractionError::element(
            format!("{resource_type}.id"),
            format!("an update needs the id of its URL in the body; write \"id\": \"{id}\""),
        )),
    }
}

fn check_client_id(resource_type: ResourceType, id: &str) -> Result<(), InteractionError> {
    if is_logical_id(id) {
        return Ok(());
    }
    let problem =
        format!("\"{id}\" is not a valid logical id; use 1 to 64 letters, digits, hyphens and dots");
    Err(InteractionError::element(format!("{resource_type}.id"), problem))
}
