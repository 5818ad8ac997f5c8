//! patch: a part of a resource is changed by a JSON Patch or a FHIRPath Patch.
//! <http://hl7.org/fhir/R4/http.html#patch>

mod bounds;
mod document;
mod emptied;
mod fhirpath_patch;
mod json_patch;
mod number;

use brazier_access::DataAction;
use http::StatusCode;

use super::conditional::{Attempts, Criteria, Match};
use super::prepare::{Prepared, prepare_resource};
use super::update::{self, Condition};
use crate::audit::AccessRecord;
use crate::budget::Spending;
use crate::exchange::{Answer, Context, InteractionError, Request};
use crate::long_work::beside_others;
use crate::request::conditional_headers::{ConditionalHeaders, EntityTag};
use crate::request::preference::Return;
use crate::request::resource_body;
use crate::resource::{Json, Object, ResourceType, weight};
use crate::retrieval::{found, visible};
use crate::storage::{Precondition, StorageError, StoredResource, Write, Written};
use crate::validation::{Rules, validate};
pub use document::{Patch, read_patch};

/// Bytes of JSON that take as long as an operation.
const AN_OPERATION: usize = 1000;

/// 200 with the patched resource; 422 when the patch does not fit it.
pub async fn patch(
    context: &Context,
    request: Request,
    resource_type: ResourceType,
    id: &str,
) -> Result<Answer, InteractionError> {
    let mut record = context.record(&request, StatusCode::OK.as_u16());
    record.resource_id = Some(id.to_owned());
    // The client gets what it did not send.
    record.resources = match request.preference.answer {
        Return::Unspecified | Return::Representation => 1,
        Return::Minimal | Return::OperationOutcome => 0,
    };
    let patch = read_patch(&request.body)?;
    let stored = found(context.storage.read(resource_type, id).await?, resource_type, id)?;
    Spending::current()
        .work(weight::of_text(stored.json.as_bytes()))
        .await?;
    let patched = patched(context, &patch, &request.conditions, stored, validate)?;
    let write = patched.into_write(context);
    let written = match context
        .storage
        .write(&context.definitions, vec![write], Some(record.clone()))
        .await
    {
        // Without If-Match the patch is meant for whatever version is current.
        Err(StorageError::VersionConflict { .. }) if !names_version(&request.conditions) => {
            patch_in_turn(context, &request, &patch, resource_type, id, &record).await?
        }
        written => written?,
    };
    Answer::of_write(resource_type, id, written, request.preference.answer)
}

/// Patches while nobody else can change the resource, after those who came before.
async fn patch_in_turn(
    context: &Context,
    request: &Request,
    patch: &Patch,
    resource_type: ResourceType,
    id: &str,
    record: &AccessRecord,
) -> Result<Vec<Written>, InteractionError> {
    let mut attempts = Attempts::default();
    loop {
        match patch_locked(context, request, patch, resource_type, id, record).await {
            Err(error) if attempts.again(&error) => {}
            result => return result,
        }
    }
}

async fn patch_locked(
    context: &Context,
    request: &Request,
    patch: &Patch,
    resource_type: ResourceType,
    id: &str,
    record: &AccessRecord,
) -> Result<Vec<Written>, InteractionError> {
    let transaction = context.storage.begin(&[]).await?;
    transaction.lock(&[(resource_type, id)]).await?;
    let stored = found(transaction.read(resource_type, id).await?, resource_type, id)?;
    let patched = patched(context, patch, &request.conditions, stored, validate)?;
    let write = patched.into_write(context);
    let written = transaction
        .write(&context.definitions, vec![write], Some(record.clone()))
        .await;
    let written = written.map_err(|error| refusal(error, &request.conditions))?;
    transaction.commit().await?;
    Ok(written)
}

/// Why the write of a patch was refused: a version that the client did not name is no condition of its.
pub fn refusal(error: StorageError, conditions: &ConditionalHeaders) -> InteractionError {
    match error {
        StorageError::VersionConflict { .. } if !names_version(conditions) => StorageError::Contention.into(),
        error => error.into(),
    }
}

fn names_version(conditions: &ConditionalHeaders) -> bool {
    matches!(conditions.if_match, Some(tag) if tag != EntityTag::Any)
}

/// Patches the one resource that meets the criteria: none is 404, several are 412.
pub async fn conditional_patch(
    context: &Context,
    request: Request,
    resource_type: ResourceType,
) -> Result<Answer, InteractionError> {
    let criteria = Criteria::of_parameters(context, resource_type, &request.parameters)?
        .ok_or(InteractionError::NoCriteria("a conditional patch"))?;
    let transaction = context.storage.begin(&[]).await?;
    let id = match criteria.find(context, &transaction).await? {
        Match::None => return Err(criteria.none()),
        Match::Several => return Err(criteria.several()),
        Match::One(found) => found.id,
    };
    drop(transaction);
    patch(context, request, resource_type, &id).await
}

/// What a patch has made of a stored version, and is to follow it.
#[derive(Debug, Clone)]
pub struct Patched {
    /// Type of the patched resource.
    pub resource_type: ResourceType,
    /// Logical id, which a patch cannot change.
    pub id: String,
    /// The new version; valid.
    pub prepared: Prepared,
    /// That the version is still the current one.
    pub condition: Condition,
}

impl Patched {
    /// The write that stores it.
    pub fn into_write(self, context: &Context) -> Write {
        update::write(
            context,
            self.resource_type,
            &self.id,
            self.prepared,
            self.condition,
        )
    }
}

/// What `patch` makes of `stored`, which is valid by `rules`.
///
/// # Errors
/// When the patch does not fit, or what it makes is not valid.
pub fn patched(
    context: &Context,
    patch: &Patch,
    conditions: &ConditionalHeaders,
    stored: StoredResource,
    rules: Rules,
) -> Result<Patched, InteractionError> {
    // Whether a patch fits tells what is there.
    let stored = visible(context, DataAction::Read, stored)?;
    let StoredResource {
        resource_type,
        id,
        version,
        json,
        ..
    } = stored;
    if conditions
        .if_match
        .is_some_and(|tag| tag != EntityTag::Any && tag != EntityTag::Version(version))
    {
        let current = Some(version);
        return Err(StorageError::VersionConflict {
            resource_type,
            id,
            current,
        }
        .into());
    }
    let steps = (json.len() + AN_OPERATION).saturating_mul(patch.operations());
    let (resource, size) = beside_others(steps, || apply(context, patch, resource_type, &json))?;
    resource_body::check_type(&resource, resource_type)?;
    let (definitions, base_url) = (&context.definitions, &context.base_url);
    let prepare = || prepare_resource(definitions, resource, resource_type, base_url, rules);
    let prepared = beside_others(size, prepare)?;
    update::check_id(&prepared, resource_type, &id)?;
    let condition = Condition {
        precondition: Precondition::Version(version),
        must_exist: true,
    };
    Ok(Patched {
        resource_type,
        id,
        prepared,
        condition,
    })
}

/// The patched resource, and its weight.
fn apply(
    context: &Context,
    patch: &Patch,
    resource_type: ResourceType,
    json: &str,
) -> Result<(Object, usize), InteractionError> {
    let Ok(current) = Json::parse(json.as_bytes()) else {
        tracing::error!(%resource_type, "a stored resource is not JSON");
        return Err(InteractionError::Fault);
    };
    let patched = patch.apply(context.definitions.structures(), current, resource_type)?;
    let size = weight::of_tree(&patched).bytes;
    match patched {
        Json::Object(resource) => Ok((resource, size)),
        _ => Err(InteractionError::Patch("its result is not a resource".to_owned())),
    }
}
