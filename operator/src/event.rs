//! Kubernetes events: what changed, for the people who run `kubectl describe`.

use k8s_openapi::api::core::v1::ObjectReference;
use kube::runtime::events::{Event, EventType};

use crate::context::Context;

/// The API server takes notes of up to 1024 bytes.
const LONGEST_NOTE: usize = 1000;

/// Publishes an event about `object`. An event that cannot be written is logged and holds nothing up.
pub async fn publish(
    context: &Context,
    object: &ObjectReference,
    type_: EventType,
    reason: &str,
    action: &str,
    message: String,
) {
    let note: String = message
        .chars()
        .scan(0, |bytes, c| {
            *bytes += c.len_utf8();
            (*bytes <= LONGEST_NOTE).then_some(c)
        })
        .collect();
    let event = Event {
        type_,
        reason: reason.to_string(),
        note: Some(note),
        action: action.to_string(),
        secondary: None,
    };
    if let Err(error) = context.recorder.publish(&event, object).await {
        tracing::warn!(%error, reason, "failed to publish an event");
    }
}
