//! Observation → findings. Pure: every condition of an IotConnector is decided here.

use brazier_crds::condition::reason;
use brazier_service::status::ConnectorStatus;

use super::super::{
    connector_status::{Answers, sentence},
    observe::Observed,
    validate::ValidatedIotConnector,
};
use crate::{condition::Finding, pod::first_problem, workload::is_rolled_out};

/// What the conditions will say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Findings {
    /// MappingValid: whether both mappings compile and are in service.
    pub mapping: Finding,
    /// SourceConnected: whether device messages can come in.
    pub source: Finding,
    /// DestinationReady: whether every destination accepts Observations.
    pub destination: Finding,
    /// Ready: whether it does what its spec asks for.
    pub ready: Finding,
    /// Whether somebody has to act.
    pub stalled: bool,
}

/// Decides every condition of an IotConnector from what was seen of it.
pub fn findings(connector: &ValidatedIotConnector, observed: &Observed) -> Findings {
    let answers = &observed.answers;
    let mapping = mapping(answers);
    let source = part(
        answers,
        |report| report.source_connected,
        "the connectors can receive device messages",
        "its source",
    );
    let destination = part(
        answers,
        |report| report.destination_ready,
        "every destination accepts Observations",
        "its destination",
    );
    Findings {
        ready: ready(connector, observed, [&mapping, &source, &destination]),
        stalled: mapping.holds == Some(false),
        mapping,
        source,
        destination,
    }
}

/// One whose mapping does not compile is enough to say so: it is the newest.
fn mapping(answers: &Answers) -> Finding {
    if let Some(bad) = answers.reports.iter().find(|report| !report.mapping_valid) {
        let error = bad.mapping_error.as_ref().map(sentence);
        let message = error.unwrap_or_else(|| "a mapping does not compile".to_string());
        return Finding::no(
            reason::MAPPING_INVALID,
            format!("{message}; the last good mapping stays in service until this is fixed"),
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

fn part(answers: &Answers, holds: impl Fn(&ConnectorStatus) -> bool, good: &str, what: &str) -> Finding {
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
                "a connector reports that {what} does not answer: read the connector's log and check that the \
                 service it names is Ready"
            ),
        )
    }
}

fn ready(connector: &ValidatedIotConnector, observed: &Observed, parts: [&Finding; 3]) -> Finding {
    if connector.replicas == 0 {
        return Finding::no(
            reason::NO_REPLICAS,
            "spec.replicas is 0: set it to at least 1 to receive messages",
        );
    }
    if let Some(part) = parts.into_iter().find(|part| part.holds == Some(false)) {
        return part.clone();
    }
    if !is_rolled_out(&observed.deployment, connector.replicas) {
        let answering = observed.pods.iter().filter(|pod| pod.ready).count();
        return match first_problem(&observed.pods) {
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
            format!("{} accepts device messages", connector.names.url()),
        ),
    }
}
