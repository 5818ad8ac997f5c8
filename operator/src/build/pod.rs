//! What all pods that the operator makes have in common: they are restricted, spread and probed alike.

use serde_json::{Value, json};

/// User and group of the programs of Brazier, which need no name in the image.
pub const PROGRAM_USER: i64 = 65532;

/// Security context of every pod. Volumes belong to the group of the user; the recursive change of owner is left out
/// on later starts, since PostgreSQL refuses a data directory that others may enter.
pub fn pod_security(user: i64) -> Value {
    json!({
        "runAsNonRoot": true,
        "runAsUser": user,
        "runAsGroup": user,
        "fsGroup": user,
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
    })
}

/// Security context of every container.
pub fn container_security() -> Value {
    json!({
        "allowPrivilegeEscalation": false,
        "readOnlyRootFilesystem": true,
        "capabilities": {"drop": ["ALL"]},
    })
}

/// A port of a container. The protocol is said, since a list of ports knows its items by number and protocol.
pub fn port(name: &str, number: u16) -> Value {
    json!({"name": name, "containerPort": number, "protocol": "TCP"})
}

/// A probe of one of Brazier's programs, on its port of metrics and health.
pub fn probe(path: &str, period: i32, failures: i32) -> Value {
    json!({
        "httpGet": {"path": path, "port": 9090},
        "periodSeconds": period,
        "timeoutSeconds": 3,
        "failureThreshold": failures,
    })
}

/// As evenly over nodes as the cluster allows.
pub fn spread(selector: &Value) -> Value {
    json!([{
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": selector},
    }])
}
