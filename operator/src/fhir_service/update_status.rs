//! What was seen → status. The conditions are computed by plain functions; only the last step writes.

pub mod finding;

use brazier_crds::{FhirService, FhirServiceStatus, condition, fhir_service::DatabaseStatus};
use jiff::Timestamp;
use kube::{core::DeserializeGuard, runtime::controller::Action};

use self::finding::Findings;
use super::{
    observe::{self, Observed},
    validate::ValidatedFhirService,
};
use crate::{
    condition::{Conditions, Finding},
    context::Context,
    error::Error,
    labels::{self, Component},
    status,
};

/// Writes the status, if it says something new.
///
/// # Errors
/// If the request fails.
pub async fn update_status(
    context: &Context,
    service: &FhirService,
    validated: &ValidatedFhirService,
    observed: &Observed,
) -> Result<(), Error> {
    let status = compute(service, validated, observed, Timestamp::now());
    status::write(context, service, service.status.as_ref(), &status).await
}

/// The status that the observation amounts to.
pub fn compute(
    service: &FhirService,
    validated: &ValidatedFhirService,
    observed: &Observed,
    now: Timestamp,
) -> FhirServiceStatus {
    let before = service.status.clone().unwrap_or_default();
    let Findings {
        database,
        server,
        degraded,
        ready,
        stalled,
    } = finding::findings(validated, observed);
    let conditions = Conditions::new(&before.conditions, service.metadata.generation, now)
        .with_ready(&ready, stalled)
        .with(condition::DATABASE_READY, &database)
        .with(condition::SERVER_READY, &server)
        .with(condition::DEGRADED, &degraded)
        .finish();
    let instances = validated.database.instances;
    let ready_members = finding::ready(&observed.database_pods);
    let server_status = observed.server.as_ref().and_then(|server| server.status.as_ref());
    let server_pod = observed
        .server
        .as_ref()
        .and_then(|server| server.spec.as_ref()?.template.spec.as_ref());
    FhirServiceStatus {
        conditions,
        observed_generation: service.metadata.generation,
        url: Some(validated.names.url()),
        version: server_pod.and_then(|pod| pod.containers.first()?.image.clone()),
        replicas: Some(
            server_status
                .and_then(|status| status.replicas)
                .unwrap_or_default(),
        ),
        selector: Some(labels::selector_text(&validated.owner.name, Component::Server)),
        database: Some(DatabaseStatus {
            instances,
            ready: ready_members,
            members: format!("{ready_members}/{instances}"),
            primary: observe::primary(&observed.database_pods).map(|primary| primary.name.clone()),
            storage: observed.storage.clone(),
        }),
    }
}

/// Tells in the status that a reconcile failed. What could not be looked at is kept as it was.
pub async fn report_error(context: &Context, service: &FhirService, error: &Error) {
    let before = service.status.clone().unwrap_or_default();
    if !error.category().is_stalled() && before.observed_generation == service.metadata.generation {
        // It passes by itself, and says nothing about what was seen before.
        return;
    }
    let ready = Finding::no(error.reason(), error.message());
    let conditions = Conditions::new(&before.conditions, service.metadata.generation, Timestamp::now())
        .with_ready(&ready, error.category().is_stalled())
        .keeping(&[
            condition::DATABASE_READY,
            condition::SERVER_READY,
            condition::DEGRADED,
        ])
        .finish();
    let status = FhirServiceStatus {
        conditions,
        observed_generation: service.metadata.generation,
        ..before
    };
    if let Err(error) = status::write(context, service, service.status.as_ref(), &status).await {
        tracing::warn!(error = %brazier_service::telemetry::chain(&error), "failed to write the status of a failure");
    }
}

/// An object that does not fit its type, as one from before an upgrade may: it is told, and the others go on.
///
/// # Errors
/// Always, with what does not fit.
pub async fn report_unreadable(
    context: &Context,
    object: &DeserializeGuard<FhirService>,
    message: &str,
) -> Result<Action, Error> {
    let error = Error::Unreadable {
        what: super::key(object),
        message: message.to_string(),
    };
    status::write_unreadable::<FhirService>(context, object, &error).await;
    Err(error)
}
