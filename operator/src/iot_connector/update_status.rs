//! What was seen → status. The conditions are computed by plain functions; only the last step writes.

use brazier_crds::{
    IotConnector, IotConnectorStatus,
    condition::{self, reason},
};
use jiff::Timestamp;
use k8s_openapi::{api::apps::v1::Deployment, apimachinery::pkg::apis::meta::v1::Time};

use super::{
    connector_status::{Answers, Report},
    validate::ValidatedIotConnector,
};
use crate::{
    condition::{Conditions, Finding},
    context::Context,
    error::Error,
    labels::{self, Component},
    pod::{PodSummary, first_problem},
    status,
};

/// What was seen.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// The connectors' Deployment.
    pub deployment: &'a Deployment,
    /// Its pods.
    pub pods: &'a [PodSummary],
    /// What the pods say.
    pub answers: &'a Answers,
}

/// Writes the status, if it says something new, and says whether the connector is ready.
///
/// # Errors
/// If the request fails.
pub async fn update_status(
    context: &Context,
    connector: &IotConnector,
    validated: &ValidatedIotConnector,
    seen: &Seen<'_>,
) -> Result<bool, Error> {
    let (status, ready) = compute(connector, validated, seen, Timestamp::now());
    status::write(context, connector, connector.status.as_ref(), &status).await?;
    Ok(ready)
}

/// The status that the observation amounts to, and whether it is Ready.
pub fn compute(
    connector: &IotConnector,
    validated: &ValidatedIotConnector,
    seen: &Seen<'_>,
    now: Timestamp,
) -> (IotConnectorStatus, bool) {
    let before = connector.status.clone().unwrap_or_default();
    let mapping = mapping(seen.answers);
    let source = part(
        seen.answers,
        |report| report.source_connected,
        "device messages can come in",
        "its source",
    );
    let destination = part(
        seen.answers,
        |report| report.destination_ready,
        "the destination takes Observations",
        "its destination",
    );
    let ready = ready(validated, seen, [&mapping, &source, &destination]);
    let stalled = mapping.holds == Some(false);
    let conditions = Conditions::new(&before.conditions, connector.metadata.generation, now)
        .with_ready(&ready, stalled)
        .with(condition::MAPPING_VALID, &mapping)
        .with(condition::SOURCE_CONNECTED, &source)
        .with(condition::DESTINATION_READY, &destination)
        .finish();
    let replicas = seen.deployment.status.as_ref().and_then(|status| status.replicas);
    let last = seen
        .answers
        .reports
        .iter()
        .filter_map(|report| report.last_message_time)
        .max();
    let last = last
        .and_then(|last| Timestamp::from_second(last.as_second()).ok())
        .map(Time);
    let sum = |count: fn(&Report) -> i64, before: Option<i64>| {
        if seen.answers.reports.is_empty() {
            before
        } else {
            Some(seen.answers.reports.iter().map(count).sum())
        }
    };
    let status = IotConnectorStatus {
        conditions,
        observed_generation: connector.metadata.generation,
        replicas: Some(replicas.unwrap_or_default()),
        selector: Some(labels::selector_text(validated.name(), Component::Connector)),
        endpoint: Some(validated.url()),
        processed: sum(|report| report.processed, before.processed),
        rejected: sum(|report| report.rejected, before.rejected),
        last_message_time: last.or(before.last_message_time),
    };
    (status, ready.is_yes())
}

/// One whose mapping does not compile is enough to say so: it is the newest.
fn mapping(answers: &Answers) -> Finding {
    if let Some(bad) = answers.reports.iter().find(|report| !report.mapping_valid) {
        let error = bad
            .mapping_error
            .as_ref()
            .map(super::connector_status::MappingError::sentence);
        let message = error.unwrap_or_else(|| "a mapping does not compile".to_string());
        return Finding::no(
            reason::MAPPING_INVALID,
            format!("{message}; the last good mapping stays in service until this is mended"),
        );
    }
    if answers.reports.is_empty() {
        return not_reported(answers);
    }
    Finding::yes(reason::AS_DESIRED, "both mappings compile and are in service")
}

fn not_reported(answers: &Answers) -> Finding {
    let problem = answers
        .problem
        .as_ref()
        .map(|problem| format!(": {problem}"))
        .unwrap_or_default();
    Finding::unknown(
        reason::NOT_REPORTED,
        format!("no connector has reported yet{problem}"),
    )
}

fn part(answers: &Answers, holds: impl Fn(&Report) -> bool, good: &str, what: &str) -> Finding {
    if answers.reports.is_empty() {
        return not_reported(answers);
    }
    // Those of an older template may still be there and well; it takes all of them.
    if answers.reports.iter().all(holds) {
        Finding::yes(reason::AS_DESIRED, good)
    } else {
        Finding::no(
            reason::NOT_CONNECTED,
            format!(
                "a connector says that {what} does not answer: look at its log, and whether what it names is Ready"
            ),
        )
    }
}

fn ready(connector: &ValidatedIotConnector, seen: &Seen<'_>, parts: [&Finding; 3]) -> Finding {
    if connector.replicas == 0 {
        return Finding::no(
            reason::NO_REPLICAS,
            "spec.replicas is 0: write at least 1 to take messages",
        );
    }
    if let Some(part) = parts.into_iter().find(|part| part.holds == Some(false)) {
        return part.clone();
    }
    if !is_rolled_out(seen.deployment, connector.replicas) {
        let answering = seen.pods.iter().filter(|pod| pod.ready).count();
        return match first_problem(seen.pods) {
            Some(problem) => Finding::no(reason::POD_CANNOT_START, problem),
            None => Finding::no(
                reason::WAITING_FOR_PODS,
                format!("{answering} of {} connectors are ready", connector.replicas),
            ),
        };
    }
    match parts.into_iter().find(|part| !part.is_yes()) {
        Some(part) => Finding::no(part.reason, part.message.clone()),
        None => Finding::yes(
            reason::AS_DESIRED,
            format!("{} takes device messages", connector.url()),
        ),
    }
}

/// Whether the Deployment's status is about its newest template.
pub fn is_observed(deployment: &Deployment) -> bool {
    deployment
        .status
        .as_ref()
        .is_some_and(|status| status.observed_generation >= deployment.metadata.generation)
}

fn is_rolled_out(deployment: &Deployment, wanted: i32) -> bool {
    let status = deployment.status.clone().unwrap_or_default();
    is_observed(deployment)
        && status.updated_replicas.unwrap_or_default() == wanted
        && status.available_replicas.unwrap_or_default() >= wanted
        && status.replicas.unwrap_or_default() == wanted
}

/// Tells in the status that a reconcile failed. What could not be looked at is kept as it was.
pub async fn report_error(context: &Context, connector: &IotConnector, error: &Error) {
    let before = connector.status.clone().unwrap_or_default();
    if !error.category().is_stalled() && before.observed_generation == connector.metadata.generation {
        // It passes by itself, and says nothing about what was seen before.
        return;
    }
    let ready = Finding::no(error.reason(), error.message());
    let conditions = Conditions::new(
        &before.conditions,
        connector.metadata.generation,
        Timestamp::now(),
    )
    .with_ready(&ready, error.category().is_stalled())
    .keeping(&[
        condition::MAPPING_VALID,
        condition::SOURCE_CONNECTED,
        condition::DESTINATION_READY,
    ])
    .finish();
    let status = IotConnectorStatus {
        conditions,
        observed_generation: connector.metadata.generation,
        ..before
    };
    if let Err(error) = status::write(context, connector, connector.status.as_ref(), &status).await {
        tracing::warn!(error = %brazier_service::telemetry::chain(&error), "failed to write the status of a failure");
    }
}
