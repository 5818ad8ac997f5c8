//! What the members may do in the cluster: no more than Patroni needs.

use serde_json::json;

use super::super::Bundled;
use crate::manifest::DesiredObject;

/// Patroni keeps its leader lock and its configuration in four ConfigMaps and its members' state on their pods.
pub fn role(database: &Bundled) -> DesiredObject {
    let rules = json!([
        // A request to create has no name yet, and lists are limited by label, which roles cannot express.
        {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["create", "list", "watch"]},
        {
            "apiGroups": [""],
            "resources": ["configmaps"],
            "resourceNames": database.names.patroni_state(),
            "verbs": ["get", "patch", "update", "delete"],
        },
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["list", "watch"]},
        {
            "apiGroups": [""],
            "resources": ["pods"],
            "resourceNames": database.names.pods(database.instances),
            "verbs": ["get", "patch"],
        },
    ]);
    let metadata = database.owner.metadata(&database.names.database());
    DesiredObject::new(
        "rbac.authorization.k8s.io/v1",
        "Role",
        metadata,
        json!({"rules": rules}),
    )
}

/// Gives it to the members' pods.
pub fn role_binding(database: &Bundled) -> DesiredObject {
    let name = database.names.database();
    let body = json!({
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name},
        "subjects": [{"kind": "ServiceAccount", "namespace": database.owner.namespace, "name": name}],
    });
    DesiredObject::new(
        "rbac.authorization.k8s.io/v1",
        "RoleBinding",
        database.owner.metadata(&name),
        body,
    )
}
