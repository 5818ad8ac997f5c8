//! What was seen → status. The conditions are computed by plain functions; only the last step writes.

pub mod finding;

use brazier_crds::{IotConnector, IotConnectorStatus, condition};
use brazier_service::status::ConnectorStatus;
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};

use self::finding::Findings;
use super::{observe::Observed, validate::ValidatedIotConnector};
use crate::{
    condition::Conditions,
    context::Context,
    labels::{self, Component},
    status::{self, Conditioned, Error},
};

/// Writes the status, if it says something new, and says whether the connector is ready.
///
/// # Errors
/// If the request fails.
pub async fn update_status(
    context: &Context,
    connector: &IotConnector,
    validated: &ValidatedIotConnector,
    observed: &Observed,
) -> Result<bool, Error> {
    let (status, ready) = compute(connector, validated, observed, Timestamp::now());
    status::write(context, connector, &status).await?;
    Ok(ready)
}

/// The status that the observation amounts to, and whether it is Ready.
pub fn compute(
    connector: &IotConnector,
    validated: &ValidatedIotConnector,
    observed: &Observed,
    now: Timestamp,
) -> (IotConnectorStatus, bool) {
    let before = connector.status.clone().unwrap_or_default();
    let Findings {
        mapping,
        source,
        destination,
        ready,
        stalled,
    } = finding::findings(validated, observed);
    let conditions = Conditions::new(&before.conditions, connector.metadata.generation, now)
        .with_ready(&ready, stalled)
        .with(condition::MAPPING_VALID, &mapping)
        .with(condition::SOURCE_CONNECTED, &source)
        .with(condition::DESTINATION_READY, &destination)
        .finish();
    let deployment = observed.deployment.status.as_ref();
    let reports = &observed.answers.reports;
    let last = reports.iter().filter_map(|report| report.last_message_time).max();
    let last = last
        .and_then(|last| Timestamp::from_second(last.as_second()).ok())
        .map(Time);
    let sum = |count: fn(&ConnectorStatus) -> u64, before: Option<i64>| {
        if reports.is_empty() {
            before
        } else {
            let sum = reports.iter().map(count).sum::<u64>();
            Some(i64::try_from(sum).unwrap_or(i64::MAX))
        }
    };
    let status = IotConnectorStatus {
        conditions,
        observed_generation: connector.metadata.generation,
        replicas: Some(deployment.and_then(|status| status.replicas).unwrap_or_default()),
        selector: Some(labels::selector_text(&validated.owner.name, Component::Connector)),
        endpoint: Some(validated.names.url()),
        processed: sum(|report| report.processed, before.processed),
        rejected: sum(|report| report.rejected, before.rejected),
        last_message_time: last.or(before.last_message_time),
    };
    (status, ready.is_yes())
}

impl Conditioned for IotConnectorStatus {
    fn conditions(&self) -> &[Condition] {
        &self.conditions
    }

    fn observed_generation(&self) -> Option<i64> {
        self.observed_generation
    }

    fn with_conditions(self, conditions: Vec<Condition>, generation: Option<i64>) -> Self {
        IotConnectorStatus {
            conditions,
            observed_generation: generation,
            ..self
        }
    }
}
