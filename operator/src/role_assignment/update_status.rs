//! How far an assignment has come → status. The status is computed by plain functions; only the last step writes.

use brazier_crds::{
    RoleAssignment, RoleAssignmentStatus,
    condition::{self, reason},
};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;

use super::observe::Standing;
use crate::{
    access::enforcement::Progress,
    condition::{Conditions, Finding},
    context::Context,
    status::{self, Conditioned, Error},
};

/// Writes the status, if it says something new.
///
/// # Errors
/// If the request fails.
pub async fn update_status(
    context: &Context,
    assignment: &RoleAssignment,
    standing: &Standing,
    now: Timestamp,
) -> Result<(), Error> {
    status::write(context, assignment, &compute(assignment, standing, now)).await
}

/// The status that it amounts to.
pub fn compute(assignment: &RoleAssignment, standing: &Standing, now: Timestamp) -> RoleAssignmentStatus {
    let before = assignment.status.clone().unwrap_or_default();
    let scope = &assignment.spec.scope;
    let name = format!("{:?} {}", scope.kind, scope.name);
    let (finding, stalled, enforced_by) = match standing {
        Standing::Expired => (
            Finding::no(
                reason::EXPIRED,
                "spec.expires has passed: write a later time, or delete this assignment",
            ),
            true,
            None,
        ),
        Standing::NoScope => (
            Finding::no(
                reason::SCOPE_NOT_FOUND,
                format!(
                    "{name} does not exist in this namespace: create it, or delete this RoleAssignment and create one \
                     with the right spec.scope"
                ),
            ),
            true,
            None,
        ),
        Standing::Untrusted(issuer) => (
            Finding::no(
                reason::ISSUER_NOT_TRUSTED,
                format!(
                    "{name} accepts no tokens of {issuer}: correct its spec.authentication, or delete this RoleAssignment \
                     and create one with other principals"
                ),
            ),
            true,
            None,
        ),
        Standing::NotCompiled => (
            Finding::no(
                reason::IN_PROGRESS,
                format!("the policy of {name} does not contain this assignment yet"),
            ),
            false,
            None,
        ),
        Standing::Compiled(progress) => {
            let by = format!("{}/{}", progress.enforcing, progress.ready);
            (enforced(&name, progress), false, Some(by))
        }
    };
    let conditions = Conditions::new(&before.conditions, assignment.metadata.generation, now)
        .with_ready(&finding, stalled)
        .with(condition::ENFORCED, &finding)
        .finish();
    RoleAssignmentStatus {
        conditions,
        observed_generation: assignment.metadata.generation,
        enforced_by,
    }
}

fn enforced(name: &str, progress: &Progress) -> Finding {
    let Progress {
        ready,
        enforcing,
        problem,
        ..
    } = progress;
    if *ready == 0 {
        return Finding::no(
            reason::NO_REPLICAS,
            format!("{name} has no ready replica that could enforce it"),
        );
    }
    if enforcing < ready {
        let problem = problem
            .as_ref()
            .map(|problem| format!(": {problem}"))
            .unwrap_or_default();
        return Finding::no(
            reason::WAITING_FOR_REPLICAS,
            format!(
                "{enforcing} of {ready} ready replicas of {name} have answered that they enforce it{problem}"
            ),
        );
    }
    Finding::yes(
        reason::AS_DESIRED,
        format!("all {ready} ready replicas of {name} enforce it"),
    )
}

impl Conditioned for RoleAssignmentStatus {
    fn conditions(&self) -> &[Condition] {
        &self.conditions
    }

    fn observed_generation(&self) -> Option<i64> {
        self.observed_generation
    }

    fn with_conditions(self, conditions: Vec<Condition>, generation: Option<i64>) -> Self {
        RoleAssignmentStatus {
            conditions,
            observed_generation: generation,
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assignment() -> RoleAssignment {
        serde_json::from_value(serde_json::json!({
            "apiVersion": "brazier.dev/v1alpha1",
            "kind": "RoleAssignment",
            "metadata": {"name": "nurses", "namespace": "team-b", "generation": 4},
            "spec": {
                "scope": {"kind": "FhirService", "name": "ward"},
                "role": "FhirDataReader",
                "principals": [{"serviceAccount": {"name": "desk"}}]
            }
        }))
        .unwrap()
    }

    fn enforced(standing: &Standing) -> (String, String, Option<String>) {
        let status = compute(&assignment(), standing, Timestamp::UNIX_EPOCH);
        let one = status
            .conditions
            .iter()
            .find(|one| one.type_ == "Enforced")
            .unwrap();
        assert_eq!(one.observed_generation, Some(4));
        (one.status.clone(), one.message.clone(), status.enforced_by)
    }

    fn compiled(enforcing: usize, ready: usize, problem: Option<&str>) -> Standing {
        let problem = problem.map(String::from);
        Standing::Compiled(Progress {
            ready,
            enforcing,
            problem,
            ..Progress::default()
        })
    }

    #[test]
    fn nobody_enforces_while_no_replica_is_ready() {
        let (status, message, by) = enforced(&compiled(0, 0, None));
        assert_eq!((status.as_str(), by.as_deref()), ("False", Some("0/0")));
        assert_eq!(
            message,
            "FhirService ward has no ready replica that could enforce it"
        );
    }

    #[test]
    fn one_replica_that_did_not_answer_is_enough_to_say_no() {
        let (status, message, by) = enforced(&compiled(1, 2, Some("pod ward-1: it did not answer")));
        assert_eq!((status.as_str(), by.as_deref()), ("False", Some("1/2")));
        assert!(
            message.ends_with("enforce it: pod ward-1: it did not answer"),
            "{message}"
        );
    }

    #[test]
    fn all_replicas_enforce() {
        assert_eq!(enforced(&compiled(2, 2, None)).0, "True");
    }

    #[test]
    fn a_scope_that_does_not_exist_is_told_with_what_to_do() {
        let status = compute(&assignment(), &Standing::NoScope, Timestamp::UNIX_EPOCH);
        let stalled = status
            .conditions
            .iter()
            .find(|one| one.type_ == "Stalled")
            .unwrap();
        assert_eq!(stalled.status, "True");
        assert_eq!(
            stalled.message,
            "FhirService ward does not exist in this namespace: create it, or delete this RoleAssignment and create one \
             with the right spec.scope"
        );
    }
}
