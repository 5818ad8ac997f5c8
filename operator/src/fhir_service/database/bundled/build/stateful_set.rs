//! The database's members: PostgreSQL run by Patroni, each with a volume of its own that stays when the pod, the
//! StatefulSet or the FhirService goes.
//!
//! Nothing in the pod template depends on the version of the operator or on the servers, so that neither restarts
//! a database (cloudnative-pg 5950, 7516).

use serde_json::{Value, json};

use super::{
    super::{
        Bundled,
        dereference::SETTINGS,
        settings::{MEMORY_LIMIT, Settings},
        user::DatabaseUser,
    },
    parameters::needs_restart,
    patroni::{CERTIFICATE_FOLDER, DATA_FOLDER, FOLDER},
};
use crate::{
    build::pod::{container_security, pod_security, port, spread},
    labels::{self, Component},
    manifest::{DesiredObject, hash},
};

/// User and group `postgres` of the database's image: initdb asks for a user with a name.
pub const POSTGRES: i64 = 999;

/// The StatefulSet that runs the members, one pod and one volume for each.
pub fn members(database: &Bundled) -> DesiredObject {
    let instance = &database.owner.name;
    let selector = labels::selector(instance, Component::Database);
    let mut pod_labels = labels::pod(instance, Component::Database);
    // Patroni finds its members by this label.
    pod_labels["cluster-name"] = json!(database.names.database());
    let at_start: serde_json::Map<String, Value> = database
        .parameters
        .iter()
        .filter(|(name, _)| needs_restart(name))
        .map(|(name, value)| (name.clone(), json!(value)))
        .collect();
    let spec = json!({
        "replicas": database.members,
        "serviceName": database.names.database(),
        // Members join a running cluster in any order; waiting for each other would only take longer.
        "podManagementPolicy": "Parallel",
        "selector": {"matchLabels": selector},
        "revisionHistoryLimit": 3,
        "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
        "template": {
            "metadata": {"labels": pod_labels, "annotations": {"brazier.dev/start-parameters": hash(&json!(at_start))}},
            "spec": {
                "serviceAccountName": database.names.database(),
                "automountServiceAccountToken": true,
                "enableServiceLinks": false,
                "terminationGracePeriodSeconds": 60,
                "securityContext": pod_security(POSTGRES),
                "topologySpreadConstraints": spread(&selector),
                "containers": [container(database)],
                "volumes": volumes(database),
            },
        },
        "volumeClaimTemplates": [volume_claim(database)],
    });
    let settings = Settings {
        parameters: database.parameters.clone(),
        resources: database.resources.clone(),
    };
    let mut metadata = database.owner.metadata(&database.names.database());
    metadata.insert(
        "annotations".into(),
        json!({SETTINGS: json!(settings).to_string()}),
    );
    DesiredObject::new("apps/v1", "StatefulSet", metadata, json!({"spec": spec}))
}

fn container(database: &Bundled) -> Value {
    json!({
        "name": "postgresql",
        "image": database.image,
        "imagePullPolicy": database.pull_policy,
        "command": ["sh", "-c", command()],
        "env": environment(database),
        "ports": [port("postgresql", 5432), port("patroni", 8008)],
        "resources": database.resources.or_defaults(&[("cpu", "100m"), ("memory", "256Mi")], MEMORY_LIMIT),
        "securityContext": container_security(),
        "readinessProbe": probe("/readiness", 3, 3),
        "livenessProbe": probe("/liveness", 10, 6),
        "volumeMounts": [
            {"name": "data", "mountPath": DATA_FOLDER},
            {"name": "configuration", "mountPath": FOLDER, "readOnly": true},
            {"name": "certificate", "mountPath": CERTIFICATE_FOLDER, "readOnly": true},
            {"name": "run", "mountPath": "/run/postgresql"},
            {"name": "temporary", "mountPath": "/tmp"},
            {"name": "shared-memory", "mountPath": "/dev/shm"},
        ],
    })
}

/// Patroni, and once an hour the signal upon which Patroni and PostgreSQL read their files again: a renewed
/// certificate, or configuration of another release, takes effect without a restart.
fn command() -> String {
    format!("while sleep 3600; do kill -HUP 1; done & exec patroni {FOLDER}/patroni.yaml")
}

fn probe(path: &str, period: i32, failures: i32) -> Value {
    json!({
        "httpGet": {"path": path, "port": "patroni", "scheme": "HTTPS"},
        "periodSeconds": period,
        "timeoutSeconds": 5,
        "failureThreshold": failures,
    })
}

fn environment(database: &Bundled) -> Vec<Value> {
    let field =
        |name: &str, path: &str| json!({"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}});
    let secret = |name: &str, user: DatabaseUser, key: &str| {
        let reference = json!({"name": database.names.password(user), "key": key});
        json!({"name": name, "valueFrom": {"secretKeyRef": reference}})
    };
    let plain = |name: &str, value: &str| json!({"name": name, "value": value});
    vec![
        field("POD_IP", "status.podIP"),
        field("PATRONI_NAME", "metadata.name"),
        field("PATRONI_KUBERNETES_NAMESPACE", "metadata.namespace"),
        field("PATRONI_KUBERNETES_POD_IP", "status.podIP"),
        plain("PATRONI_KUBERNETES_USE_ENDPOINTS", "false"),
        plain("PATRONI_POSTGRESQL_CONNECT_ADDRESS", "$(POD_IP):5432"),
        plain("PATRONI_RESTAPI_CONNECT_ADDRESS", "$(POD_IP):8008"),
        secret("PATRONI_SUPERUSER_USERNAME", DatabaseUser::Superuser, "username"),
        secret("PATRONI_SUPERUSER_PASSWORD", DatabaseUser::Superuser, "password"),
        secret(
            "PATRONI_REPLICATION_USERNAME",
            DatabaseUser::Replication,
            "username",
        ),
        secret(
            "PATRONI_REPLICATION_PASSWORD",
            DatabaseUser::Replication,
            "password",
        ),
        secret("PATRONI_REWIND_USERNAME", DatabaseUser::Rewind, "username"),
        secret("PATRONI_REWIND_PASSWORD", DatabaseUser::Rewind, "password"),
        secret("PATRONI_RESTAPI_USERNAME", DatabaseUser::RestApi, "username"),
        secret("PATRONI_RESTAPI_PASSWORD", DatabaseUser::RestApi, "password"),
        secret("BRAZIER_OWNER_PASSWORD", DatabaseUser::Owner, "password"),
        secret("BRAZIER_RUNTIME_PASSWORD", DatabaseUser::Runtime, "password"),
        plain("HOME", "/tmp"),
        plain("LANG", "C.UTF-8"),
    ]
}

fn volumes(database: &Bundled) -> Value {
    json!([
        {"name": "configuration", "configMap": {"name": database.names.configuration(), "defaultMode": 0o550}},
        // PostgreSQL takes a key that root owns and the group may read, and no more.
        {"name": "certificate", "secret": {"secretName": database.names.certificate(), "defaultMode": 0o640}},
        {"name": "run", "emptyDir": {}},
        {"name": "temporary", "emptyDir": {}},
        {"name": "shared-memory", "emptyDir": {"medium": "Memory"}},
    ])
}

fn volume_claim(database: &Bundled) -> Value {
    let mut spec = json!({
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": database.size}},
    });
    if let Some(class) = &database.storage_class_name {
        spec["storageClassName"] = json!(class);
    }
    let labels = labels::selector(&database.owner.name, Component::Database);
    json!({"metadata": {"name": "data", "labels": labels}, "spec": spec})
}
