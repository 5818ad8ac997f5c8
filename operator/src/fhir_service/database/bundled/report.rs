//! Observation → report. Pure: what conditions and status say of a bundled database is decided here.

use std::time::Duration;

use brazier_crds::{condition::reason, fhir_service::DatabaseStatus};
use k8s_openapi::api::apps::v1::StatefulSet;

use super::{
    Bundled,
    observe::{Observed, primary},
};
use crate::{
    condition::Finding,
    fhir_service::database::report::DatabaseReport,
    pod::{first_problem, ready},
};

/// How soon Patroni's list of those who may take over is read again: it is no object that the operator watches.
const LOOK_FOR_QUORUM: Duration = Duration::from_secs(1);

/// Decides.
pub fn report(database: &Bundled, observed: &Observed) -> DatabaseReport {
    let members = ready(&observed.pods);
    DatabaseReport {
        ready: is_ready(database, observed),
        missing: (members < database.members)
            .then(|| format!("{members} of {} database members are ready", database.members)),
        problem: first_problem(&observed.pods),
        under_way: under_way(database, observed),
        look_again: waits_for_quorum(database, observed).then_some(LOOK_FOR_QUORUM),
        runs: !observed.pods.is_empty(),
        status: DatabaseStatus {
            instances: database.instances,
            ready: members,
            members: format!("{members}/{}", database.instances),
            primary: primary(&observed.pods).map(|primary| primary.name.clone()),
            storage: observed.storage.clone(),
        },
    }
}

fn is_ready(database: &Bundled, observed: &Observed) -> Finding {
    if database.suspended {
        return Finding::no(
            reason::SUSPENDED,
            "the database is stopped: write suspend: false to start it",
        );
    }
    match primary(&observed.pods) {
        Some(primary) if primary.ready => Finding::yes(
            reason::AS_DESIRED,
            format!("{} is the primary and takes connections", primary.name),
        ),
        _ => match first_problem(&observed.pods) {
            Some(problem) => Finding::no(reason::POD_CANNOT_START, problem),
            None => Finding::no(
                reason::WAITING_FOR_PRIMARY,
                "no member of the database is a ready primary yet",
            ),
        },
    }
}

fn under_way(database: &Bundled, observed: &Observed) -> Option<String> {
    if !is_complete(&observed.stateful_set, database.members) {
        return Some("members of the database are being replaced one after the other".to_string());
    }
    waits_for_quorum(database, observed).then(|| {
        format!(
            "{} of {} replicas of the database may take over from the primary yet",
            observed.synchronous_standbys,
            database.members - 1
        )
    })
}

/// Whether every member is of the newest template and ready.
fn is_complete(stateful_set: &StatefulSet, wanted: i32) -> bool {
    let Some(status) = &stateful_set.status else {
        return false;
    };
    status.observed_generation >= stateful_set.metadata.generation
        && status.ready_replicas.unwrap_or_default() == wanted
        && (status.update_revision == status.current_revision
            || status.updated_replicas.unwrap_or_default() == wanted)
}

/// Whether all members are ready and yet the loss of the primary might leave the database without one: a replica may
/// take over only once Patroni lists it among those that acknowledge commits.
fn waits_for_quorum(database: &Bundled, observed: &Observed) -> bool {
    let members = database.members;
    ready(&observed.pods) >= members && observed.synchronous_standbys < members - 1
}
