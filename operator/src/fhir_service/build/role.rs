//! What the pods may do in the cluster: the servers nothing, the database no more than Patroni needs.

use serde_json::json;

use super::super::validate::ValidatedFhirService;
use crate::manifest::DesiredObject;

/// An account that hands out no token by itself.
pub fn service_account(service: &ValidatedFhirService, name: String) -> DesiredObject {
    let body = json!({"automountServiceAccountToken": false});
    DesiredObject::new("v1", "ServiceAccount", service.owner.metadata(&name), body)
}

/// Patroni keeps its leader lock and its configuration in four ConfigMaps and its members' state on their pods.
pub fn patroni_role(service: &ValidatedFhirService) -> DesiredObject {
    let rules = json!([
        // A request to create has no name yet, and lists are limited by label, which roles cannot express.
        {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["create", "list", "watch"]},
        {
            "apiGroups": [""],
            "resources": ["configmaps"],
            "resourceNames": service.names.patroni_state(),
            "verbs": ["get", "patch", "update", "delete"],
        },
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["list", "watch"]},
        {
            "apiGroups": [""],
            "resources": ["pods"],
            "resourceNames": service.names.database_pods(service.database.instances),
            "verbs": ["get", "patch"],
        },
    ]);
    let metadata = service.owner.metadata(&service.names.database());
    DesiredObject::new(
        "rbac.authorization.k8s.io/v1",
        "Role",
        metadata,
        json!({"rules": rules}),
    )
}

/// Gives it to the database's pods.
pub fn patroni_role_binding(service: &ValidatedFhirService) -> DesiredObject {
    let name = service.names.database();
    let body = json!({
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name},
        "subjects": [{"kind": "ServiceAccount", "namespace": service.owner.namespace, "name": name}],
    });
    DesiredObject::new(
        "rbac.authorization.k8s.io/v1",
        "RoleBinding",
        service.owner.metadata(&name),
        body,
    )
}
