//! RoleAssignments → the policy document that servers and connectors enforce. Pure.

use brazier_access::{
    DataAction, DataActionPattern,
    policy::{Assignment, Condition, Grantee, PolicyDocument},
};
use brazier_crds::{
    IotConnector, RoleAssignment,
    role_assignment::{Principal, RoleAssignmentSpec},
};
use jiff::Timestamp;
use kube::ResourceExt;
use serde_json::json;

use crate::manifest::hash;

/// What a connector may do in its destination, without a RoleAssignment.
const CONNECTOR_ACTIONS: [DataAction; 4] = [
    DataAction::Read,
    DataAction::Search,
    DataAction::Create,
    DataAction::Update,
];
/// The resource types that it may do it with.
const CONNECTOR_RESOURCE_TYPES: [&str; 4] = ["Device", "Encounter", "Observation", "Patient"];

/// Compiles the assignments on one object, and those that `connectors` have by themselves. A connector signs in as the
/// ServiceAccount of its name: only those whose account is their own may be among them.
pub fn compile(
    assignments: &[RoleAssignment],
    connectors: &[IotConnector],
    now: Timestamp,
) -> PolicyDocument {
    let explicit = assignments
        .iter()
        .filter(|assignment| !is_expired(&assignment.spec, now))
        .map(assignment);
    let implicit = connectors.iter().map(connector_assignment);
    let mut assignments: Vec<Assignment> = explicit.chain(implicit).collect();
    assignments.sort_by(|one, other| one.name.cmp(&other.name));
    PolicyDocument {
        version: hash(&json!(assignments)),
        assignments,
    }
}

/// Whether an assignment has ended.
pub fn is_expired(spec: &RoleAssignmentSpec, now: Timestamp) -> bool {
    spec.expires.as_ref().is_some_and(|expires| expires.0 <= now)
}

/// One RoleAssignment as the policy has it.
pub fn assignment(assignment: &RoleAssignment) -> Assignment {
    let spec = &assignment.spec;
    let namespace = assignment.namespace().unwrap_or_default();
    Assignment {
        name: assignment.name_any(),
        principals: spec
            .principals
            .iter()
            .filter_map(|one| principal(one, &namespace))
            .collect(),
        data_actions: patterns(data_actions(spec)),
        condition: spec.condition.as_ref().map(|condition| Condition {
            resource_types: sorted(condition.resource_types.clone()),
        }),
        expires: spec.expires.as_ref().map(|expires| expires.0),
    }
}

fn connector_assignment(connector: &IotConnector) -> Assignment {
    Assignment {
        // No RoleAssignment can have this name, for the slash.
        name: format!("iotconnector/{}", connector.name_any()),
        principals: vec![Grantee::ServiceAccount {
            namespace: connector.namespace().unwrap_or_default(),
            name: connector.name_any(),
        }],
        data_actions: patterns(CONNECTOR_ACTIONS),
        condition: Some(Condition {
            resource_types: CONNECTOR_RESOURCE_TYPES.map(String::from).to_vec(),
        }),
        expires: None,
    }
}

fn data_actions(spec: &RoleAssignmentSpec) -> Vec<DataAction> {
    let allowed: Vec<DataAction> = match (&spec.role, &spec.custom) {
        (Some(role), _) => role.data_actions(),
        (None, Some(custom)) => custom
            .data_actions
            .iter()
            .flat_map(|pattern| pattern.expand())
            .collect(),
        (None, None) => Vec::new(),
    };
    let denied: Vec<DataAction> = spec
        .custom
        .iter()
        .filter(|_| spec.role.is_none())
        .flat_map(|custom| &custom.not_data_actions)
        .flat_map(|pattern| pattern.expand())
        .collect();
    sorted(
        allowed
            .into_iter()
            .filter(|action| !denied.contains(action))
            .collect(),
    )
}

fn patterns(actions: impl IntoIterator<Item = DataAction>) -> Vec<DataActionPattern> {
    actions.into_iter().map(DataActionPattern::One).collect()
}

fn principal(principal: &Principal, namespace: &str) -> Option<Grantee> {
    let Principal {
        service_account,
        user,
        group,
        client,
    } = principal;
    if let Some(account) = service_account {
        return Some(Grantee::ServiceAccount {
            namespace: account.namespace.clone().unwrap_or_else(|| namespace.to_string()),
            name: account.name.clone(),
        });
    }
    if let Some(user) = user {
        return Some(Grantee::User {
            issuer: user.issuer.clone(),
            name: user.name.clone(),
        });
    }
    if let Some(group) = group {
        return Some(Grantee::Group {
            issuer: group.issuer.clone(),
            name: group.name.clone(),
        });
    }
    client.as_ref().map(|client| Grantee::Client {
        issuer: client.issuer.clone(),
        id: client.id.clone(),
        include_users: client.include_users,
    })
}

fn sorted<T: Ord>(mut items: Vec<T>) -> Vec<T> {
    items.sort();
    items.dedup();
    items
}
