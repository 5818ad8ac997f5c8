//! A policy, and the decisions it makes.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::decision::{Criterion, Decision};
use super::document::{Assignment, Condition, DocumentError, Grantee, Ignored, PolicyDocument};
use crate::data_action::{DataAction, DataActionPattern, DataActions};
use crate::principal::Principal;

/// Whether a condition is one that the program which enforces the policy can keep to; if not, why.
pub type ConditionCheck = fn(&Condition) -> Result<(), String>;

/// Who may do what. Immutable; a change is a new policy in the [`PolicyHandle`](super::PolicyHandle).
#[derive(Debug)]
pub struct AccessPolicy {
    version: String,
    rule: Rule,
}

#[derive(Debug)]
enum Rule {
    Assignments(HashMap<Grantee, Vec<Grant>>),
    Everything,
}

/// What an assignment allows to those it names.
#[derive(Debug, Clone)]
struct Grant {
    data_actions: DataActions,
    /// Only resources that meet it, when present.
    condition: Option<Arc<Condition>>,
    /// No longer from this moment on.
    expires: Option<Timestamp>,
}

/// A policy, and what of its document could not be honoured.
#[derive(Debug)]
pub struct Parsed {
    /// The policy of all assignments that were understood.
    pub policy: AccessPolicy,
    /// The assignments that grant nothing.
    pub ignored: Vec<Ignored>,
}

impl AccessPolicy {
    /// Reads a policy document. An assignment that is not understood, or whose condition does not pass `check`, grants
    /// nothing.
    ///
    /// # Errors
    /// When it is no policy document.
    pub fn parse(document: &[u8], check: ConditionCheck) -> Result<Parsed, DocumentError> {
        let (PolicyDocument { version, assignments }, mut ignored) = PolicyDocument::read(document)?;
        let mut grants: HashMap<Grantee, Vec<Grant>> = HashMap::new();
        for assignment in assignments {
            if let Some(Err(reason)) = assignment.condition.as_ref().map(check) {
                let assignment = assignment.name;
                ignored.push(Ignored { assignment, reason });
                continue;
            }
            let (grantees, grant) = grant(assignment);
            for grantee in grantees {
                grants.entry(grantee).or_default().push(grant.clone());
            }
        }
        let rule = Rule::Assignments(grants);
        let policy = AccessPolicy { version, rule };
        Ok(Parsed { policy, ignored })
    }

    /// The policy before any was loaded: everything is refused.
    pub fn deny_all() -> AccessPolicy {
        AccessPolicy {
            version: String::new(),
            rule: Rule::Assignments(HashMap::new()),
        }
    }

    /// The policy where there is no authentication: everything is allowed to everybody.
    pub fn allow_all() -> AccessPolicy {
        AccessPolicy {
            version: "unrestricted".to_owned(),
            rule: Rule::Everything,
        }
    }

    /// The version that the document calls itself; empty for [`deny_all`](Self::deny_all).
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Whether everything is allowed to everybody.
    pub fn is_unrestricted(&self) -> bool {
        matches!(self.rule, Rule::Everything)
    }

    /// Whether `principal` may do `action` at the moment `now`: to resources of one type, or for `None` to resources of
    /// any type (searches and histories of the whole system).
    pub fn decide(
        &self,
        principal: &Principal,
        action: DataAction,
        resource_type: Option<&str>,
        now: Timestamp,
    ) -> Decision {
        let grants = match &self.rule {
            Rule::Everything => return Decision::Allowed,
            Rule::Assignments(grants) => grants,
        };
        let mut conditions = Vec::new();
        for grantee in principal.grantees() {
            let applying = grants.get(grantee).into_iter().flatten();
            for grant in applying.filter(|grant| grant.applies(action, now)) {
                let Some(condition) = &grant.condition else {
                    return Decision::Allowed;
                };
                match resource_type {
                    Some(asked) if !condition.admits_type(asked) => {}
                    Some(_) if condition.asks_for_type_alone() => return Decision::Allowed,
                    None if condition.admits_nothing() => {}
                    Some(_) | None => conditions.push(Arc::clone(condition)),
                }
            }
        }
        match Criterion::any_of(conditions) {
            Some(criterion) => Decision::AllowedWithin(criterion),
            None => refused(principal, action, resource_type),
        }
    }
}

fn grant(assignment: Assignment) -> (Vec<Grantee>, Grant) {
    let patterns = assignment.data_actions.into_iter();
    let grant = Grant {
        data_actions: patterns.flat_map(DataActionPattern::expand).collect(),
        condition: assignment.condition.map(Arc::new),
        expires: assignment.expires,
    };
    (assignment.principals, grant)
}

impl Grant {
    fn applies(&self, action: DataAction, now: Timestamp) -> bool {
        self.data_actions.contains(action) && self.expires.is_none_or(|expires| now < expires)
    }
}

fn refused(principal: &Principal, action: DataAction, resource_type: Option<&str>) -> Decision {
    let what = resource_type.map(|resource_type| format!(" resources of {resource_type}"));
    let reason = format!(
        "no role assignment allows {} to {action}{}",
        principal.name(),
        what.unwrap_or_default(),
    );
    Decision::Refused { reason }
}
