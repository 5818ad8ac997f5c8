//! What clients need to reach the service, and the right to read it.

use serde_json::json;

use super::super::validate::ValidatedFhirService;
use crate::{access::policy::PolicyPrincipal, manifest::DesiredObject};

/// The ConfigMap with the URL and the certificates to trust.
pub fn config_map(service: &ValidatedFhirService) -> DesiredObject {
    let data = json!({"url": service.names.url(), "ca.crt": service.authority_bundle});
    DesiredObject::new(
        "v1",
        "ConfigMap",
        service.owner.metadata(&service.names.connection()),
        json!({"data": data}),
    )
}

/// May read this one service and its connection.
pub fn role(service: &ValidatedFhirService) -> DesiredObject {
    let rules = json!([
        {
            "apiGroups": ["brazier.dev"],
            "resources": ["fhirservices"],
            "resourceNames": [service.owner.name],
            "verbs": ["get"],
        },
        {
            "apiGroups": [""],
            "resources": ["configmaps"],
            "resourceNames": [service.names.connection()],
            "verbs": ["get"],
        },
    ]);
    let metadata = service.owner.metadata(&service.names.connection());
    DesiredObject::new(
        "rbac.authorization.k8s.io/v1",
        "Role",
        metadata,
        json!({"rules": rules}),
    )
}

/// Gives that role to every service account with an assignment, if there is any.
pub fn role_binding(service: &ValidatedFhirService) -> Option<DesiredObject> {
    let mut accounts: Vec<(&String, &String)> = service
        .policy
        .assignments
        .iter()
        .flat_map(|assignment| &assignment.principals)
        .filter_map(|principal| match principal {
            PolicyPrincipal::ServiceAccount { namespace, name } => Some((namespace, name)),
            PolicyPrincipal::User { .. } | PolicyPrincipal::Group { .. } | PolicyPrincipal::Client { .. } => {
                None
            }
        })
        .collect();
    accounts.sort();
    accounts.dedup();
    if accounts.is_empty() {
        return None;
    }
    let subjects: Vec<_> = accounts
        .into_iter()
        .map(|(namespace, name)| json!({"kind": "ServiceAccount", "namespace": namespace, "name": name}))
        .collect();
    let name = service.names.connection();
    let role = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name});
    let body = json!({"roleRef": role, "subjects": subjects});
    Some(DesiredObject::new(
        "rbac.authorization.k8s.io/v1",
        "RoleBinding",
        service.owner.metadata(&name),
        body,
    ))
}
