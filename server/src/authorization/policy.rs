//! A policy, and the decisions it makes.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use serde::Deserialize;

use super::DataAction;
use super::data_action::DataActions;
use crate::authentication::Principal;
use crate::resource::ResourceType;

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

/// Whom an assignment names.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", deny_unknown_fields)]
pub(super) enum Grantee {
    /// A Kubernetes service account.
    ServiceAccount { namespace: String, name: String },
    /// A person, by the issuer's claim for users.
    User { issuer: String, name: String },
    /// Everyone whom the issuer counts to a group.
    Group { issuer: String, name: String },
    /// An application that acts for itself or for somebody.
    Client { issuer: String, id: String },
}

/// What an assignment allows to those it names.
#[derive(Debug, Clone)]
pub(super) struct Grant {
    pub(super) data_actions: DataActions,
    /// Only these types, when present.
    pub(super) resource_types: Option<Vec<ResourceType>>,
    /// No longer from this moment on.
    pub(super) expires: Option<Timestamp>,
}

/// What the policy says about one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It may go ahead.
    Allowed,
    /// For requests over several types: it may go ahead for these types, sorted and not empty; the others must look
    /// as if they held nothing.
    AllowedFor(Vec<ResourceType>),
    /// It may not.
    Refused {
        /// Why, for the answer and the audit trail; names the principal, the data action and the type.
        reason: String,
    },
}

impl AccessPolicy {
    pub(super) fn new(version: String, grants: HashMap<Grantee, Vec<Grant>>) -> AccessPolicy {
        let rule = Rule::Assignments(grants);
        AccessPolicy { version, rule }
    }

    /// The policy before any was loaded: everything is refused.
    pub fn deny_all() -> AccessPolicy {
        AccessPolicy::new(String::new(), HashMap::new())
    }

    /// The policy of a server without authentication: everything is allowed to everybody.
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

    /// Whether `principal` may do `action` at the moment `now`: to resources of one type, or for `None` to resources of
    /// any type (searches and histories of the whole system).
    pub fn decide(
        &self,
        principal: &Principal,
        action: DataAction,
        resource_type: Option<ResourceType>,
        now: Timestamp,
    ) -> Decision {
        let grants = match &self.rule {
            Rule::Everything => return Decision::Allowed,
            Rule::Assignments(grants) => grants,
        };
        let mut limited_to = BTreeSet::new();
        for grantee in grantees(principal) {
            let applying = grants.get(&grantee).into_iter().flatten();
            for grant in applying.filter(|grant| grant.applies(action, now)) {
                match (&grant.resource_types, resource_type) {
                    (None, _) => return Decision::Allowed,
                    (Some(types), Some(asked)) if types.contains(&asked) => return Decision::Allowed,
                    (Some(_), Some(_)) => {}
                    (Some(types), None) => limited_to.extend(types),
                }
            }
        }
        if limited_to.is_empty() {
            return refused(principal, action, resource_type);
        }
        Decision::AllowedFor(limited_to.into_iter().collect())
    }
}

impl Grant {
    fn applies(&self, action: DataAction, now: Timestamp) -> bool {
        self.data_actions.contains(action) && self.expires.is_none_or(|expires| now < expires)
    }
}

/// The names under which assignments may speak of `principal`.
fn grantees(principal: &Principal) -> Vec<Grantee> {
    let service_account = principal
        .service_account()
        .map(|account| Grantee::ServiceAccount {
            namespace: account.namespace.clone(),
            name: account.name.clone(),
        });
    let Some(issuer) = principal.issuer() else {
        return service_account.into_iter().collect();
    };
    let user = principal.user().map(|name| Grantee::User {
        issuer: issuer.to_owned(),
        name: name.to_owned(),
    });
    let client = principal.client().map(|id| Grantee::Client {
        issuer: issuer.to_owned(),
        id: id.to_owned(),
    });
    let groups = principal.groups().iter().map(|name| Grantee::Group {
        issuer: issuer.to_owned(),
        name: name.clone(),
    });
    let named = service_account.into_iter().chain(user).chain(client);
    named.chain(groups).collect()
}

fn refused(principal: &Principal, action: DataAction, resource_type: Option<ResourceType>) -> Decision {
    let what = resource_type.map(|resource_type| format!(" of {resource_type}"));
    let reason = format!(
        "no role assignment allows {} to {action}{}",
        principal.name(),
        what.map_or(String::new(), |what| format!(" resources{what}")),
    );
    Decision::Refused { reason }
}
