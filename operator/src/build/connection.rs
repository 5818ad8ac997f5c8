//! What clients need to reach an object, and the right to read it.

use brazier_access::policy::{Grantee, PolicyDocument};
use serde_json::{Value, json};

use crate::manifest::{DesiredObject, Owner};

/// The ConfigMap `name` with the URL and the certificates to trust (PEM).
pub fn config_map(owner: &Owner, name: &str, url: &str, authority_bundle: &str) -> DesiredObject {
    let data = json!({"url": url, "ca.crt": authority_bundle});
    DesiredObject::new("v1", "ConfigMap", owner.metadata(name), json!({"data": data}))
}

/// May read this one object, of the plural `plural`, and its connection.
pub fn role(owner: &Owner, name: &str, plural: &str) -> DesiredObject {
    let rule = |group: &str, resource: &str, name: &str| json!({"apiGroups": [group], "resources": [resource], "resourceNames": [name], "verbs": ["get"]});
    let rules = json!([
        rule("brazier.dev", plural, &owner.name),
        rule("", "configmaps", name)
    ]);
    DesiredObject::new(
        "rbac.authorization.k8s.io/v1",
        "Role",
        owner.metadata(name),
        json!({"rules": rules}),
    )
}

/// Gives that role to every service account of the policy, if there is any.
pub fn role_binding(owner: &Owner, name: &str, policy: &PolicyDocument) -> Option<DesiredObject> {
    let mut accounts: Vec<(&String, &String)> = policy
        .assignments
        .iter()
        .flat_map(|assignment| &assignment.principals)
        .filter_map(|principal| match principal {
            Grantee::ServiceAccount { namespace, name } => Some((namespace, name)),
            Grantee::User { .. } | Grantee::Group { .. } | Grantee::Client { .. } => None,
        })
        .collect();
    accounts.sort();
    accounts.dedup();
    if accounts.is_empty() {
        return None;
    }
    let subjects: Vec<Value> = accounts
        .into_iter()
        .map(|(namespace, name)| json!({"kind": "ServiceAccount", "namespace": namespace, "name": name}))
        .collect();
    let role = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name});
    Some(DesiredObject::new(
        "rbac.authorization.k8s.io/v1",
        "RoleBinding",
        owner.metadata(name),
        json!({"roleRef": role, "subjects": subjects}),
    ))
}
