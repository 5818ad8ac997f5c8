//! RoleAssignment: its effect is made by the object in its scope, whose reconcile compiles and pushes the policy;
//! what is left is to say how far that has come.

pub mod update_status;

use std::{sync::Arc, time::Duration};

use brazier_crds::{
    FhirService, IotConnector, RoleAssignment,
    role_assignment::{Scope, ScopeKind},
};
use jiff::Timestamp;
use kube::{
    Api, Resource, ResourceExt,
    core::{DeserializeGuard, NamespaceResourceScope},
    runtime::controller::Action,
};
use serde::de::DeserializeOwned;

use self::update_status::Standing;
use crate::{
    access::{
        enforcement::{self, ScopeKey},
        policy,
    },
    context::Context,
    error::Error,
    requeue, status,
};

/// Says how far one RoleAssignment has come.
///
/// # Errors
/// If a request fails.
pub async fn reconcile(
    object: Arc<DeserializeGuard<RoleAssignment>>,
    context: Arc<Context>,
) -> Result<Action, Error> {
    let assignment = match &object.0 {
        Ok(assignment) => assignment,
        Err(invalid) => {
            let error = Error::Unreadable {
                what: key(&*object),
                message: invalid.error.clone(),
            };
            status::write_unreadable::<RoleAssignment>(&context, &object, &error).await;
            return Err(error);
        }
    };
    if assignment.metadata.deletion_timestamp.is_some() {
        return Ok(Action::await_change());
    }
    let now = Timestamp::now();
    let Some(standing) = standing(assignment, &context, now).await? else {
        return Ok(requeue::settled(until_expiry(assignment, now)));
    };
    let status = update_status::compute(assignment, &standing, now);
    status::write(&context, assignment, assignment.status.as_ref(), &status).await?;
    context.backoff.forget(&key(assignment));
    Ok(requeue::settled(until_expiry(assignment, now)))
}

/// How far it has come; `None` if what the status says is still all that is known.
async fn standing(
    assignment: &RoleAssignment,
    context: &Context,
    now: Timestamp,
) -> Result<Option<Standing>, Error> {
    if policy::is_expired(&assignment.spec, now) {
        return Ok(Some(Standing::Expired));
    }
    let namespace = assignment.namespace().unwrap_or_default();
    let Scope { kind, name } = &assignment.spec.scope;
    let exists = match kind {
        ScopeKind::FhirService => exists::<FhirService>(context, &namespace, name).await?,
        ScopeKind::IotConnector => exists::<IotConnector>(context, &namespace, name).await?,
    };
    if !exists {
        return Ok(Some(Standing::NoScope));
    }
    let scope = ScopeKey {
        kind: *kind,
        namespace,
        name: name.clone(),
    };
    let hash = enforcement::hash(&policy::assignment(assignment));
    Ok(match context.enforcement.progress(&scope) {
        Some(progress) if progress.assignments.contains(&hash) => Some(Standing::Compiled(progress)),
        Some(_) => Some(Standing::NotCompiled),
        // This operator has just started and pushed nothing yet: what the one before it saw still holds.
        None if was_enforced(assignment) => None,
        None => Some(Standing::NotCompiled),
    })
}

fn was_enforced(assignment: &RoleAssignment) -> bool {
    assignment.status.as_ref().is_some_and(|status| {
        status.observed_generation == assignment.metadata.generation && status.enforced_by.is_some()
    })
}

async fn exists<K>(context: &Context, namespace: &str, name: &str) -> Result<bool, Error>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>
        + Clone
        + DeserializeOwned
        + std::fmt::Debug,
{
    let api: Api<DeserializeGuard<K>> = Api::namespaced(context.client.clone(), namespace);
    let what = format!("{} {name}", K::kind(&()));
    let live = api
        .get_metadata_opt(name)
        .await
        .map_err(|source| Error::Read { what, source })?;
    Ok(live.is_some())
}

fn until_expiry(assignment: &RoleAssignment, now: Timestamp) -> Option<Duration> {
    let expires = assignment.spec.expires.as_ref()?;
    Duration::try_from(expires.0.duration_since(now))
        .ok()
        .filter(|left| !left.is_zero())
}

/// Under which the backoff counts errors.
pub fn key(object: &impl Resource<DynamicType = ()>) -> String {
    format!(
        "RoleAssignment/{}/{}",
        object.meta().namespace.as_deref().unwrap_or_default(),
        object.name_any()
    )
}
