//! read: the current version of a resource. <http://hl7.org/fhir/R4/http.html#read>

use base64::Engine;
use brazier_access::DataAction;
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};

use crate::exchange::{Answer, AnswerBody, Context, InteractionError, Request};
use crate::long_work::beside_others;
use crate::request::conditional_headers::{ConditionalHeaders, EntityTag};
use crate::resource::{Json, ResourceType};
use crate::retrieval::{found, visible};
use crate::storage::StoredResource;
use crate::summary::Subset;

/// 200 with the resource, or 304 when the client has it already; 404 when it never was, 410 when it was deleted.
pub async fn read(
    context: &Context,
    request: &Request,
    resource_type: ResourceType,
    id: &str,
) -> Result<Answer, InteractionError> {
    let subset = Subset::of_parameters(&request.parameters);
    // Of a part it is known only when it is made whether there is memory for it.
    let answers_as_stored = subset.as_ref().is_ok_and(Subset::is_whole)
        && request.conditions.if_none_match.is_empty()
        && request.conditions.if_modified_since.is_none()
        && !request.wants_content
        // Whether it may be given out is known only when it is there.
        && (resource_type.name() != "Binary" || context.allows_all(DataAction::Read));
    if !answers_as_stored {
        let current = context.storage.read(resource_type, id).await?;
        let stored = found(current, resource_type, id)?;
        let stored = visible(context, DataAction::Read, stored)?;
        return answer(context, stored, request, &subset?);
    }
    // What the record will say is known before, so that one statement reads and records.
    let mut record = context.record(request, StatusCode::OK.as_u16());
    record.resources = 1;
    let (current, recorded) = context.storage.read_recorded(resource_type, id, record).await?;
    let stored = found(current, resource_type, id)?;
    let answer = answer(context, stored, request, &subset?)?;
    Ok(Answer { recorded, ..answer })
}

/// 200 with the part of `stored` that is asked for, or 304.
///
/// # Errors
/// Only when the server is at fault, or has no memory to make a part of it.
pub fn answer(
    context: &Context,
    stored: StoredResource,
    request: &Request,
    subset: &Subset,
) -> Result<Answer, InteractionError> {
    if is_not_modified(&request.conditions, stored.version, stored.last_updated) {
        let version = Some((stored.version, stored.last_updated));
        return Ok(Answer {
            version,
            ..Answer::new(StatusCode::NOT_MODIFIED)
        });
    }
    if request.wants_content {
        return content(&stored);
    }
    let (structures, resource_type) = (context.definitions.structures(), stored.resource_type);
    let parsed = if subset.is_whole() { 0 } else { stored.json.len() };
    let json = beside_others(parsed, || subset.cut(structures, resource_type, stored.json))?;
    Ok(Answer::of_stored(StoredResource { json, ..stored }))
}

/// 200 with what a Binary holds, in its own format whatever others the client names. <http://hl7.org/fhir/R4/binary.html#rest>
fn content(stored: &StoredResource) -> Result<Answer, InteractionError> {
    let binary = Json::parse(stored.json.as_bytes());
    let text = |name: &str| binary.as_ref().ok()?.get(name)?.as_str();
    let media_type = text("contentType")
        .unwrap_or("application/octet-stream")
        .to_owned();
    let data = text("data").unwrap_or_default();
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(data)
        .map_err(|error| {
            tracing::error!(%error, "the data of a stored Binary is not Base64");
            InteractionError::Fault
        })?;
    Ok(Answer {
        version: Some((stored.version, stored.last_updated)),
        body: AnswerBody::Content { media_type, bytes },
        resources: 1,
        ..Answer::new(StatusCode::OK)
    })
}

/// Whether the client has this version, by its `If-None-Match` or, when there is none, by `If-Modified-Since`.
fn is_not_modified(conditions: &ConditionalHeaders, version: i32, last_updated: Timestamp) -> bool {
    if !conditions.if_none_match.is_empty() {
        let is_this = |tag: &EntityTag| *tag == EntityTag::Any || *tag == EntityTag::Version(version);
        return conditions.if_none_match.iter().any(is_this);
    }
    // An HTTP date has no fractions of a second.
    let second = SignedDuration::from_secs(1);
    conditions
        .if_modified_since
        .is_some_and(|since| last_updated.duration_since(since) < second)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn not_modified(if_none_match: &[EntityTag], since: Option<&str>) -> bool {
        let conditions = ConditionalHeaders {
            if_none_match: if_none_match.to_vec(),
            if_modified_since: since.map(|since| since.parse().unwrap()),
            ..ConditionalHeaders::default()
        };
        is_not_modified(&conditions, 3, "2026-01-01T00:00:00.5Z".parse().unwrap())
    }

    #[test]
    fn the_tag_goes_before_the_date() {
        assert!(!not_modified(&[], None));
        assert!(not_modified(&[EntityTag::Version(3)], None));
        assert!(not_modified(&[EntityTag::Version(1), EntityTag::Any], None));
        assert!(!not_modified(
            &[EntityTag::Version(2)],
            Some("2027-01-01T00:00:00Z")
        ));
        assert!(not_modified(&[], Some("2026-01-01T00:00:00Z")));
        assert!(!not_modified(&[], Some("2025-12-31T23:59:59Z")));
    }
}
