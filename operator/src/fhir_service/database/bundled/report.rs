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

/// Decides what is reported of the database from what was seen of it.
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
            format!("{} is the primary and accepts connections", primary.name),
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
            "only {} of {} database replicas can take over from the primary so far",
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

#[cfg(test)]
mod tests {
    use brazier_crds::fhir_service::BundledDatabase;
    use serde_json::json;

    use super::*;
    use crate::{
        fhir_service::database::bundled::validate::validate, image::Images, manifest::Owner, pod::PodSummary,
    };

    fn database(suspended: bool) -> Bundled {
        let owner = Owner {
            kind: "FhirService",
            application: "fhir-service",
            name: "ward".into(),
            namespace: "team-b".into(),
            uid: "1".into(),
        };
        let images = Images {
            server: "server".into(),
            connector: "connector".into(),
            database: "database".into(),
            pull_policy: "Never",
        };
        validate(&owner, BundledDatabase::default(), suspended, &images)
    }

    /// Three members, the first of them the primary, of which `ready` are ready and `standbys` acknowledge commits.
    fn observed(ready: usize, standbys: i32) -> Observed {
        let pod = |ordinal: usize| PodSummary {
            name: format!("ward-db-{ordinal}"),
            uid: ordinal.to_string(),
            address: None,
            container_id: String::new(),
            ready: ordinal < ready,
            role: Some(if ordinal == 0 { "primary" } else { "replica" }.to_string()),
            problem: None,
        };
        let status = json!({"replicas": 3, "readyReplicas": ready, "updatedReplicas": 3});
        Observed {
            stateful_set: serde_json::from_value(json!({"metadata": {}, "status": status})).unwrap(),
            pods: (0..3).map(pod).collect(),
            synchronous_standbys: standbys,
            storage: Some("10Gi".to_string()),
        }
    }

    #[test]
    fn a_whole_database_is_ready_and_nothing_is_left_to_do() {
        let report = report(&database(false), &observed(3, 2));
        assert!(report.ready.is_yes());
        assert_eq!(
            (report.missing, report.under_way, report.look_again),
            (None, None, None)
        );
        assert_eq!(report.status.members, "3/3");
        assert_eq!(report.status.primary.as_deref(), Some("ward-db-0"));
    }

    #[test]
    fn a_lost_replica_is_missing_and_the_database_still_ready() {
        let report = report(&database(false), &observed(2, 2));
        assert!(report.ready.is_yes());
        assert_eq!(
            report.missing.as_deref(),
            Some("2 of 3 database members are ready")
        );
    }

    #[test]
    fn without_a_ready_primary_it_is_not_ready() {
        let report = report(&database(false), &observed(0, 2));
        assert_eq!(report.ready.reason, reason::WAITING_FOR_PRIMARY);
    }

    /// Patroni says so in an object that the operator does not watch.
    #[test]
    fn who_may_not_take_over_yet_is_waited_for_and_looked_for_again() {
        let report = report(&database(false), &observed(3, 1));
        assert_eq!(
            report.under_way.as_deref(),
            Some("only 1 of 2 database replicas can take over from the primary so far")
        );
        assert_eq!(report.look_again, Some(LOOK_FOR_QUORUM));
    }

    #[test]
    fn a_suspended_one_misses_nothing() {
        let mut gone = observed(0, 0);
        gone.pods.clear();
        let report = report(&database(true), &gone);
        assert_eq!(report.ready.reason, reason::SUSPENDED);
        assert_eq!((report.missing, report.runs), (None, false));
    }
}
