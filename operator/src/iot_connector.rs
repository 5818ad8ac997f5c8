//! IotConnector: the driver, with the same stages as FhirService.

pub mod build;
pub mod connector_status;
pub mod dereference;
pub mod update_status;
pub mod validate;

use std::{sync::Arc, time::Duration};

use brazier_crds::{IotConnector, role_assignment::ScopeKind};
use jiff::Timestamp;
use k8s_openapi::api::apps::v1::Deployment;
use kube::{ResourceExt, core::DeserializeGuard, runtime::controller::Action};

use self::validate::{Surroundings, ValidatedIotConnector};
use crate::{
    access::enforcement::{self, Progress, ScopeKey},
    apply,
    context::Context,
    credential,
    error::Error,
    labels::Component,
    pod, requeue, status,
};

/// How soon connectors that have not reported well are asked again, and how soon those that have.
const ASK_AGAIN: Duration = Duration::from_secs(3);
const ASK: Duration = Duration::from_secs(30);

/// Brings one IotConnector closer to its spec, and says when to look again.
///
/// # Errors
/// If it could not go on; the status already tells of it.
pub async fn reconcile(
    object: Arc<DeserializeGuard<IotConnector>>,
    context: Arc<Context>,
) -> Result<Action, Error> {
    let connector = match &object.0 {
        Ok(connector) => connector,
        Err(invalid) => {
            let error = Error::Unreadable {
                what: key(&*object),
                message: invalid.error.clone(),
            };
            status::write_unreadable::<IotConnector>(&context, &object, &error).await;
            return Err(error);
        }
    };
    if connector.metadata.deletion_timestamp.is_some() {
        context.enforcement.forget(&scope(connector));
        return Ok(Action::await_change());
    }
    match run(connector, &context).await {
        Ok(action) => {
            context.backoff.forget(&key(connector));
            Ok(action)
        }
        Err(error) => {
            update_status::report_error(&context, connector, &error).await;
            Err(error)
        }
    }
}

/// The stages.
async fn run(connector: &IotConnector, context: &Context) -> Result<Action, Error> {
    let found = dereference::dereference(&context.client, connector).await?;
    let validated = validate::validate(connector, &found, surroundings(context))?;
    let certificate_good_for = credential::ensure_certificate(
        &context.client,
        &context.authority,
        &validated.owner,
        &validated.certificate(),
        &validated.certificate_names(&context.cluster_domain),
    )
    .await?;
    let objects = build::build(&validated).map_err(|error| Error::Unreadable {
        what: format!("configuration of IotConnector {}", connector.name_any()),
        message: error.to_string(),
    })?;
    apply::apply_all(&context.client, &validated.owner, &objects.foundation).await?;
    for (resource, name) in &objects.unwanted {
        apply::delete(&context.client, &validated.owner, resource, name).await?;
    }
    let applied = apply::apply(&context.client, &validated.owner, &objects.deployment).await?;
    let deployment: Deployment = serde_json::from_value(applied).map_err(|error| Error::Unreadable {
        what: "Deployment".to_string(),
        message: error.to_string(),
    })?;
    let owner = &validated.owner;
    let pods = pod::list(
        &context.client,
        &owner.namespace,
        &owner.name,
        Component::Connector,
    )
    .await?;
    let answers = connector_status::ask(&pods).await;
    context
        .enforcement
        .publish(&scope(connector), progress(&validated, &deployment));
    let seen = update_status::Seen {
        deployment: &deployment,
        pods: &pods,
        answers: &answers,
    };
    let ready = update_status::update_status(context, connector, &validated, &seen).await?;
    let ask = if ready { ASK } else { ASK_AGAIN };
    let certificate = Duration::try_from(certificate_good_for).unwrap_or_default();
    Ok(requeue::settled(Some(ask.min(certificate))))
}

/// Connectors read their policy when they start, and are replaced when it changes: those of the newest template
/// enforce it.
fn progress(connector: &ValidatedIotConnector, deployment: &Deployment) -> Progress {
    let current = update_status::is_observed(deployment);
    let status = deployment.status.clone().unwrap_or_default();
    let count = |number: Option<i32>| usize::try_from(number.unwrap_or_default()).unwrap_or_default();
    let (running, updated) = (count(status.replicas), count(status.updated_replicas));
    let available = count(status.available_replicas);
    Progress {
        assignments: enforcement::hashes(&connector.policy),
        ready: running.max(available),
        enforcing: if current { updated.min(available) } else { 0 },
        problem: None,
    }
}

fn surroundings(context: &Context) -> Surroundings {
    Surroundings {
        images: context.images.clone(),
        authority_bundle: context.authority.bundle.clone(),
        cluster_keys: context.cluster_keys.borrow().clone(),
        now: Timestamp::now(),
    }
}

fn scope(connector: &IotConnector) -> ScopeKey {
    ScopeKey {
        kind: ScopeKind::IotConnector,
        namespace: connector.namespace().unwrap_or_default(),
        name: connector.name_any(),
    }
}

/// Under which the backoff counts errors.
pub fn key(object: &impl kube::Resource<DynamicType = ()>) -> String {
    format!(
        "IotConnector/{}/{}",
        object.meta().namespace.as_deref().unwrap_or_default(),
        object.name_any()
    )
}
