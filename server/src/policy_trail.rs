//! Changes of the access policy → audit trail: who may do what is as much to be accounted for as what was done.
//!
//! A policy is in force at once, also while the database is away; its record follows as soon as the trail can be written.

use std::sync::Arc;
use std::time::Duration;

use brazier_access::policy::{Origin, PolicyChange};
use brazier_access::{AccessPolicy, PolicyHandle};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::audit::AccessRecord;
use crate::authorization;
use crate::storage::Storage;

/// The pause before a record is tried again.
const PAUSE: Duration = Duration::from_secs(1);

/// Changes that are still to be recorded. They are few and small, so they may wait without a bound.
pub struct PolicyChanges(UnboundedReceiver<PolicyChange>);

/// A handle for the policies of this server, with `policy` in force, and the changes from then on.
pub fn handle(policy: AccessPolicy) -> (Arc<PolicyHandle>, PolicyChanges) {
    let (sender, receiver): (UnboundedSender<PolicyChange>, _) = unbounded_channel();
    let tell = move |change| {
        // Nobody listens any more when the server ends.
        sender.send(change).ok();
    };
    let handle = Arc::new(authorization::handle(policy).telling(tell));
    (handle, PolicyChanges(receiver))
}

/// Records each change, in their order, for as long as it is polled.
pub async fn record(mut changes: PolicyChanges, storage: Storage) {
    while let Some(change) = changes.0.recv().await {
        let record = of(change);
        while let Err(error) = storage.record_access(record.clone()).await {
            tracing::warn!(%error, "a change of the access policy is not recorded yet");
            tokio::time::sleep(PAUSE).await;
        }
    }
}

fn of(change: PolicyChange) -> AccessRecord {
    let PolicyChange {
        moment,
        origin,
        version,
        before,
        ignored,
    } = change;
    let agent = match origin {
        Origin::File => "system:access-file",
        Origin::Push => "system:operator",
    };
    let before = match before.as_str() {
        "" => "none".to_owned(),
        before => format!("version {before}"),
    };
    let mut reason = format!("version {version} is in force; before it: {before}");
    if !ignored.is_empty() {
        reason.push_str("; assignments that grant nothing: ");
        reason.push_str(&ignored.join(", "));
    }
    AccessRecord {
        recorded: moment,
        agent: agent.to_owned(),
        interaction: "access-policy".to_owned(),
        status: 200,
        reason: Some(reason),
        request_id: uuid::Uuid::new_v4().to_string(),
        ..AccessRecord::default()
    }
}
