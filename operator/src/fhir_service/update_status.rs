//! What was seen → status. The conditions are computed by plain functions; only the last step writes.

pub mod finding;

use brazier_crds::{FhirService, FhirServiceStatus, condition};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;

use self::finding::Findings;
use super::{observe::Observed, validate::ValidatedFhirService};
use crate::{
    access::{self, enforcement::Progress},
    condition::Conditions,
    context::Context,
    labels::{self, Component},
    status::{self, Conditioned, Error},
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
    progress: &Progress,
) -> Result<(), Error> {
    let status = compute(service, validated, observed, progress, Timestamp::now());
    status::write(context, service, &status).await
}

/// The status that the observation amounts to.
pub fn compute(
    service: &FhirService,
    validated: &ValidatedFhirService,
    observed: &Observed,
    progress: &Progress,
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
        .with(condition::ACCESS_ENFORCED, &access::finding(progress))
        .finish();
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
        database: Some(observed.database.status.clone()),
    }
}

impl Conditioned for FhirServiceStatus {
    fn conditions(&self) -> &[Condition] {
        &self.conditions
    }

    fn observed_generation(&self) -> Option<i64> {
        self.observed_generation
    }

    fn with_conditions(self, conditions: Vec<Condition>, generation: Option<i64>) -> Self {
        FhirServiceStatus {
            conditions,
            observed_generation: generation,
            ..self
        }
    }
}
