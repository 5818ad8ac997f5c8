//! How far an assignment has come, by what replicas have answered. It asks nobody: the object in the scope has.

use brazier_crds::RoleAssignment;
use kube::ResourceExt;

use super::dereference::Dereferenced;
use crate::access::{
    Enforcement,
    enforcement::{Progress, ScopeKey, hash},
    policy,
};

/// How far an assignment has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Its time is over.
    Expired,
    /// What it is about does not exist.
    NoScope,
    /// The scope accepts no tokens of an issuer by whom a principal is named.
    Untrusted(String),
    /// It is not in the policy yet.
    NotCompiled,
    /// It is in the policy, which has come so far.
    Compiled(Progress),
}

/// How far one that has not expired has come; `None` if what its status says is still all that is known.
pub fn observe(
    assignment: &RoleAssignment,
    found: &Dereferenced,
    enforcement: &Enforcement,
) -> Option<Standing> {
    if !found.scope_exists {
        return Some(Standing::NoScope);
    }
    if let Some(issuer) = &found.untrusted {
        return Some(Standing::Untrusted(issuer.clone()));
    }
    let scope = ScopeKey {
        kind: assignment.spec.scope.kind,
        namespace: assignment.namespace().unwrap_or_default(),
        name: assignment.spec.scope.name.clone(),
    };
    match enforcement.progress(&scope) {
        Some(progress)
            if progress
                .assignments
                .contains(&hash(&policy::assignment(assignment))) =>
        {
            Some(Standing::Compiled(progress))
        }
        Some(_) => Some(Standing::NotCompiled),
        // This operator has just started and pushed nothing yet: what the one before it saw still holds.
        None if was_enforced(assignment) => None,
        None => Some(Standing::NotCompiled),
    }
}

fn was_enforced(assignment: &RoleAssignment) -> bool {
    assignment.status.as_ref().is_some_and(|status| {
        status.observed_generation == assignment.metadata.generation && status.enforced_by.is_some()
    })
}
