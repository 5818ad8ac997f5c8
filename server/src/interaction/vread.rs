//! vread: one version of a resource. <http://hl7.org/fhir/R4/http.html#vread>

use brazier_access::DataAction;

use super::read;
use crate::exchange::{Answer, Context, InteractionError, Request};
use crate::resource::ResourceType;
use crate::retrieval::{found, visible};
use crate::storage::Current;
use crate::summary::Subset;

/// 200 with the version; 404 when there is none of that number, 410 when the version is a deletion.
pub async fn vread(
    context: &Context,
    request: &Request,
    resource_type: ResourceType,
    id: &str,
    version: &str,
) -> Result<Answer, InteractionError> {
    let unknown = || InteractionError::VersionNotFound {
        resource_type,
        id: id.to_owned(),
        version: version.to_owned(),
    };
    let is_plain = version.bytes().all(|byte| byte.is_ascii_digit()) && !version.starts_with('0');
    let Some(number) = version.parse().ok().filter(|_| is_plain) else {
        return Err(unknown());
    };
    match context.storage.vread(resource_type, id, number).await? {
        Current::Unknown => Err(unknown()),
        current => {
            let stored = visible(context, DataAction::Read, found(current, resource_type, id)?)?;
            let subset = Subset::of_parameters(&request.parameters)?;
            read::answer(context, stored, request, &subset)
        }
    }
}
