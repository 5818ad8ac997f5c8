//! Observation → findings. Pure: every condition of a FhirService is decided here.

use brazier_crds::condition::reason;
use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};

use super::super::{
    observe::{Observed, primary},
    rollout::Migration,
    validate::ValidatedFhirService,
};
use crate::{
    condition::Finding,
    pod::{PodSummary, first_problem},
};

/// What the conditions will say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Findings {
    /// DatabaseReady
    pub database: Finding,
    /// ServerReady
    pub server: Finding,
    /// Degraded
    pub degraded: Finding,
    /// Ready
    pub ready: Finding,
    /// Whether somebody has to act.
    pub stalled: bool,
}

/// Decides.
pub fn findings(service: &ValidatedFhirService, observed: &Observed) -> Findings {
    let database = database(service, observed);
    let server = server(service, observed);
    let missing = missing(service, observed);
    let serves = database.is_yes() && observed.server_pods.iter().any(|pod| pod.ready);
    let degraded = match &missing {
        Some(what) if serves => Finding::yes(reason::REDUNDANCY_LOST, format!("it serves, but {what}")),
        _ => Finding::no(
            reason::AS_DESIRED,
            "no redundancy is missing from a service that serves",
        ),
    };
    let ready = ready_finding(service, observed, &database, &server, missing);
    let stalled = matches!(observed.migration, Migration::Failed { .. });
    Findings {
        database,
        server,
        degraded,
        ready,
        stalled,
    }
}

/// How many pods are ready.
pub fn ready(pods: &[PodSummary]) -> i32 {
    i32::try_from(pods.iter().filter(|pod| pod.ready).count()).unwrap_or(i32::MAX)
}

fn database(service: &ValidatedFhirService, observed: &Observed) -> Finding {
    if service.suspended {
        return Finding::no(
            reason::SUSPENDED,
            "the database is stopped: write suspend: false to start it",
        );
    }
    match primary(&observed.database_pods) {
        Some(primary) if primary.ready => Finding::yes(
            reason::AS_DESIRED,
            format!("{} is the primary and takes connections", primary.name),
        ),
        _ => match first_problem(&observed.database_pods) {
            Some(problem) => Finding::no(reason::POD_CANNOT_START, problem),
            None => Finding::no(
                reason::WAITING_FOR_PRIMARY,
                "no member of the database is a ready primary yet",
            ),
        },
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
                "the schema could not be brought up to date ({message}): read `kubectl logs job/{job}`, mend what it \
                 names, then delete the Job and it is run again"
            ),
        ),
        Migration::Running => Finding::no(
            reason::MIGRATING,
            "the database schema is being brought up to date",
        ),
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

/// Whether every replica is of the newest template and answers.
fn is_rolled_out(server: &Deployment, wanted: i32) -> bool {
    let Some(status) = &server.status else {
        return false;
    };
    status.observed_generation >= server.metadata.generation
        && status.updated_replicas.unwrap_or_default() == wanted
        && status.available_replicas.unwrap_or_default() >= wanted
        && status.replicas.unwrap_or_default() == wanted
}

/// Whether every member is of the newest template and ready.
fn is_complete(database: &StatefulSet, wanted: i32) -> bool {
    let Some(status) = &database.status else {
        return false;
    };
    status.observed_generation >= database.metadata.generation
        && status.ready_replicas.unwrap_or_default() == wanted
        && (status.update_revision == status.current_revision
            || status.updated_replicas.unwrap_or_default() == wanted)
}

/// What is less than was asked for.
fn missing(service: &ValidatedFhirService, observed: &Observed) -> Option<String> {
    let (members, servers) = (ready(&observed.database_pods), ready(&observed.server_pods));
    let mut parts = Vec::new();
    if members < service.database.members {
        parts.push(format!(
            "{members} of {} database members are ready",
            service.database.members
        ));
    }
    if servers < service.replicas {
        parts.push(format!("{servers} of {} servers answer", service.replicas));
    }
    (!parts.is_empty()).then(|| {
        let problems = [
            first_problem(&observed.database_pods),
            first_problem(&observed.server_pods),
        ];
        parts.extend(problems.into_iter().flatten());
        parts.join("; ")
    })
}

fn ready_finding_while_suspended(observed: &Observed) -> Finding {
    if observed.database_pods.is_empty() && observed.server_pods.is_empty() {
        Finding::no(
            reason::SUSPENDED,
            "it is stopped and its data is kept: write suspend: false to start it",
        )
    } else {
        Finding::no(reason::SUSPENDED, "it is being stopped; its data is kept")
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
    if let Some(missing) = missing {
        return Finding::no(reason::REDUNDANCY_LOST, missing);
    }
    if !is_complete(&observed.database, service.database.members) {
        return Finding::no(
            reason::IN_PROGRESS,
            "members of the database are being replaced one after the other",
        );
    }
    if waits_for_quorum(service, observed) {
        return Finding::no(
            reason::IN_PROGRESS,
            format!(
                "{} of {} replicas of the database may take over from the primary yet",
                observed.synchronous_standbys,
                service.database.members - 1
            ),
        );
    }
    Finding::yes(reason::AS_DESIRED, format!("{} answers", service.names.url()))
}

/// Whether all members are ready and yet the loss of the primary might leave the database without one: a replica may
/// take over only once Patroni lists it among those that acknowledge commits.
pub fn waits_for_quorum(service: &ValidatedFhirService, observed: &Observed) -> bool {
    let members = service.database.members;
    ready(&observed.database_pods) >= members && observed.synchronous_standbys < members - 1
}
