//! Access rules: RoleAssignments → policy document → every ready replica. FhirService, IotConnector and RoleAssignment
//! all need a part of it.
//!
//! For a FhirService it goes before everything else of a reconcile and does not depend on it: whatever keeps a service
//! from being as its spec wants it, an assignment that was taken away has to be gone.

pub mod enforcement;
pub mod expiry;
pub mod policy;
pub mod push;

use brazier_access::policy::PolicyDocument;
use brazier_crds::{condition::reason, role_assignment::ScopeKind};
use serde_json::json;

use self::enforcement::{Progress, ScopeKey};
use crate::{
    apply,
    cluster_keys::KeySet,
    condition::Finding,
    context::Context,
    labels::Component,
    manifest::{DesiredObject, Owner},
    pod,
};

pub use enforcement::Enforcement;

/// The servers that a policy is for.
#[derive(Clone, Debug)]
pub struct Servers {
    /// ConfigMap in which they find the policy when they start.
    pub config_map: String,
    /// The name that their certificate is for.
    pub host: String,
}

/// Writes the policy where servers read it when they start, and pushes it to those that run.
///
/// # Errors
/// If a request to the API server fails. A replica that does not answer is told in what is returned.
pub async fn enforce(
    owner: &Owner,
    servers: &Servers,
    policy: &PolicyDocument,
    keys: Option<&KeySet>,
    context: &Context,
) -> Result<Progress, apply::Error> {
    let map = config_map(owner, &servers.config_map, policy, keys);
    let written = apply::apply(&context.client, owner, &map).await;
    // Those that run are told whatever became of the ConfigMap.
    let pods = pod::list(&context.client, &owner.namespace, &owner.name, Component::Server).await?;
    let progress = push::push(
        context,
        &scope(owner, ScopeKind::FhirService),
        &servers.host,
        &pods,
        policy,
    )
    .await;
    context.metrics.replicas_behind(context.enforcement.behind());
    written?;
    Ok(progress)
}

/// AccessEnforced: whether every ready server enforces the newest policy.
pub fn finding(progress: &Progress) -> Finding {
    let Progress {
        ready,
        enforcing,
        problem,
        ..
    } = progress;
    if *ready == 0 {
        return Finding::unknown(reason::NO_REPLICAS, "no server is ready");
    }
    if enforcing == ready {
        return Finding::yes(
            reason::AS_DESIRED,
            "every ready server enforces the newest RoleAssignments",
        );
    }
    let why = problem.as_deref().unwrap_or("they have not answered yet");
    Finding::no(
        reason::PUSH_FAILED,
        format!("{enforcing} of {ready} servers enforce the newest RoleAssignments: {why}"),
    )
}

/// The ConfigMap with the policy and the cluster's keys, as servers and connectors read them.
pub fn config_map(
    owner: &Owner,
    name: &str,
    policy: &PolicyDocument,
    keys: Option<&KeySet>,
) -> DesiredObject {
    let keys = keys.map_or(r#"{"keys":[]}"#, |keys| keys.jwks.as_str());
    let data = json!({"policy.json": json!(policy).to_string(), "jwks.json": keys});
    DesiredObject::new("v1", "ConfigMap", owner.metadata(name), json!({"data": data}))
}

/// Under which answers are remembered.
pub fn scope(owner: &Owner, kind: ScopeKind) -> ScopeKey {
    ScopeKey {
        kind,
        namespace: owner.namespace.clone(),
        name: owner.name.clone(),
    }
}
