//! Observation → findings. Pure: every condition of a FhirService is decided here.

use brazier_crds::condition::reason;

use super::super::{observe::Observed, rollout::Migration, validate::ValidatedFhirService};
use crate::{
    condition::Finding,
    pod::{first_problem, ready},
    workload::is_rolled_out,
};

/// What the conditions will say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Findings {
    /// DatabaseReady: whether the database has a primary and accepts connections.
    pub database: Finding,
    /// ServerReady: whether every server that was asked for answers.
    pub server: Finding,
    /// Degraded: whether it serves with less redundancy than was asked for.
    pub degraded: Finding,
    /// Ready: whether it does what its spec asks for.
    pub ready: Finding,
    /// Whether somebody has to act.
    pub stalled: bool,
}

/// Decides every condition of a FhirService from what was seen of it.
pub fn findings(service: &ValidatedFhirService, observed: &Observed) -> Findings {
    let database = observed.database.ready.clone();
    let server = server(service, observed);
    let missing = missing(service, observed);
    let serves = database.is_yes() && observed.server_pods.iter().any(|pod| pod.ready);
    let degraded = match &missing {
        Some(what) if serves => Finding::yes(
            reason::REDUNDANCY_LOST,
            format!("the service answers with reduced redundancy: {what}"),
        ),
        _ => Finding::no(
            reason::AS_DESIRED,
            "redundancy is as specified, or the service is not answering",
        ),
    };
    let ready = ready_finding(service, observed, &database, &server, missing);
    let stalled =
        matches!(observed.migration, Migration::Failed { .. }) || observed.database.refused.is_some();
    Findings {
        database,
        server,
        degraded,
        ready,
        stalled,
    }
}

fn server(service: &ValidatedFhirService, observed: &Observed) -> Finding {
    if service.suspended {
        return Finding::no(
            reason::SUSPENDED,
            "the servers are stopped: write suspend: false to start them",
        );
    }
    match &observed.migration {
        Migration::Failed { job, message } => Finding::no(
            reason::MIGRATION_FAILED,
            format!(
                "the schema migration failed ({message}): read `kubectl logs job/{job}`, fix the problem, then \
                 delete the Job to run it again"
            ),
        ),
        Migration::Running => Finding::no(reason::MIGRATING, "the database schema is being migrated"),
        Migration::WaitingForDatabase => Finding::no(
            reason::WAITING_FOR_PRIMARY,
            "the servers start once the database has a primary",
        ),
        Migration::Done => migrated_server(service, observed),
    }
}

fn migrated_server(service: &ValidatedFhirService, observed: &Observed) -> Finding {
    let (answering, wanted) = (ready(&observed.server_pods), service.replicas);
    if observed
        .server
        .as_ref()
        .is_some_and(|server| is_rolled_out(server, wanted))
    {
        return Finding::yes(reason::AS_DESIRED, format!("{wanted} of {wanted} servers answer"));
    }
    match first_problem(&observed.server_pods) {
        Some(problem) => Finding::no(reason::POD_CANNOT_START, problem),
        None => Finding::no(
            reason::WAITING_FOR_PODS,
            format!("{answering} of {wanted} servers answer"),
        ),
    }
}

/// What is less than was asked for.
fn missing(service: &ValidatedFhirService, observed: &Observed) -> Option<String> {
    let servers = ready(&observed.server_pods);
    let mut parts: Vec<String> = observed.database.missing.iter().cloned().collect();
    if servers < service.replicas {
        parts.push(format!("{servers} of {} servers answer", service.replicas));
    }
    (!parts.is_empty()).then(|| {
        let problems = [
            observed.database.problem.clone(),
            first_problem(&observed.server_pods),
        ];
        parts.extend(problems.into_iter().flatten());
        parts.join("; ")
    })
}

fn ready_finding_while_suspended(observed: &Observed) -> Finding {
    if !observed.database.runs && observed.server_pods.is_empty() {
        Finding::no(
            reason::SUSPENDED,
            "the service is stopped, its data is kept: write suspend: false to start it",
        )
    } else {
        Finding::no(
            reason::SUSPENDED,
            "the service is being stopped; its data is kept",
        )
    }
}

/// Ready: all that the spec asks for is there.
fn ready_finding(
    service: &ValidatedFhirService,
    observed: &Observed,
    database: &Finding,
    server: &Finding,
    missing: Option<String>,
) -> Finding {
    if service.suspended {
        return ready_finding_while_suspended(observed);
    }
    for part in [database, server] {
        if !part.is_yes() {
            return part.clone();
        }
    }
    if let Some(refused) = &observed.database.refused {
        return refused.clone();
    }
    if let Some(missing) = missing {
        return Finding::no(reason::REDUNDANCY_LOST, missing);
    }
    if let Some(under_way) = &observed.database.under_way {
        return Finding::no(reason::IN_PROGRESS, under_way.clone());
    }
    Finding::yes(reason::AS_DESIRED, format!("{} answers", service.names.url()))
}
