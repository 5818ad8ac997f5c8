//! Observation → report. Pure: what conditions and status say of a bundled database is decided here.

use std::time::Duration;

use brazier_crds::{condition::reason, fhir_service::DatabaseStatus};
use k8s_openapi::api::apps::v1::StatefulSet;

use super::{
    Bundled,
    observe::{Observed, primary},
    settings::Check,
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
        refused: refused(database),
        look_again: waits_for_quorum(database, observed).then_some(LOOK_FOR_QUORUM),
        runs: !observed.pods.is_empty(),
        status: DatabaseStatus {
            instances: database.instances,
            ready: members,
            members: format!("{members}/{}", database.instances),
            primary: primary(&observed.pods, &observed.leader).map(|primary| primary.name.clone()),
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
    if !database.can_start {
        return refused(database).unwrap_or_else(|| {
            Finding::no(
                reason::CHECKING_PARAMETERS,
                checking(database).unwrap_or_default(),
            )
        });
    }
    match primary(&observed.pods, &observed.leader) {
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

/// Why the settings that the spec asks for are not applied.
fn refused(database: &Bundled) -> Option<Finding> {
    let Check::Refused(why) = &database.check else {
        return None;
    };
    let so_far = if database.can_start {
        "those of before stay in force"
    } else {
        "the database starts once they are corrected"
    };
    Some(Finding::no(
        reason::PARAMETERS_REFUSED,
        format!("spec.database.bundled.parameters are refused: {why}; {so_far}"),
    ))
}

/// What is being found out about them.
fn checking(database: &Bundled) -> Option<String> {
    let Check::Pending(held_up) = &database.check else {
        return None;
    };
    let job = database.names.check(&database.wanted, &database.image);
    Some(match held_up {
        None => format!("PostgreSQL is asked about the parameters in Job {job}"),
        Some(why) => format!(
            "PostgreSQL could not be asked about the parameters in Job {job}, which is tried again: {why}"
        ),
    })
}

fn under_way(database: &Bundled, observed: &Observed) -> Option<String> {
    if let Some(checking) = checking(database) {
        return Some(checking);
    }
    if !is_complete(observed.stateful_set.as_ref(), database.members) {
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
fn is_complete(stateful_set: Option<&StatefulSet>, wanted: i32) -> bool {
    let Some((stateful_set, status)) = stateful_set.and_then(|set| Some((set, set.status.as_ref()?))) else {
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
        fhir_service::database::bundled::validate::validate,
        fhir_service::database::bundled::{dereference::Found, observe::Leader},
        image::Images,
        manifest::Owner,
        pod::PodSummary,
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
        validate(
            &owner,
            BundledDatabase::default(),
            suspended,
            &images,
            &Found::default(),
        )
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
            stateful_set: Some(serde_json::from_value(json!({"metadata": {}, "status": status})).unwrap()),
            pods: (0..3).map(pod).collect(),
            leader: Leader::Member("ward-db-0".to_string()),
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

    /// The label of the pod that led follows the lock by a second or two.
    #[test]
    fn who_has_lost_the_lead_is_not_called_the_primary() {
        for leader in [Leader::Nobody, Leader::Member("ward-db-1".to_string())] {
            let mut switching = observed(3, 2);
            switching.leader = leader;
            let report = report(&database(false), &switching);
            assert_eq!(report.ready.reason, reason::WAITING_FOR_PRIMARY);
            assert_eq!(report.status.primary, None);
        }
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
    fn refused_settings_are_told_while_those_of_before_serve() {
        let mut database = database(false);
        database.check = Check::Refused("work_mem is too large".to_string());
        let report = report(&database, &observed(3, 2));
        assert!(report.ready.is_yes());
        assert_eq!(
            report.refused.unwrap().message,
            "spec.database.bundled.parameters are refused: work_mem is too large; those of before stay in force"
        );
    }

    #[test]
    fn a_database_that_cannot_start_says_what_it_waits_for() {
        let mut database = database(false);
        (database.check, database.can_start) = (Check::Pending(None), false);
        let report = report(&database, &observed(0, 0));
        assert_eq!(report.ready.reason, reason::CHECKING_PARAMETERS);
        assert_eq!(report.refused, None);
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
