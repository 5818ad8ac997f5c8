//! The connectors. They are replaced, without a gap, when their configuration, a mapping or the policy changes, so
//! that what runs is what was asked for; a new one whose mapping does not compile never becomes ready, and the ones
//! with the last good mapping stay in service, since the files of before stay as they were.

use serde_json::{Value, json};

use super::{
    super::validate::ValidatedIotConnector,
    configuration::{self, FOLDER, TOKEN_FOLDER},
};
use crate::{
    build::{
        configuration::Configuration,
        pod::{PROGRAM_USER, container_security, pod_security, port, probe, spread},
    },
    labels::{self, Component},
    manifest::DesiredObject,
};

/// Memory of a connector of which the tenant has set none.
const MEMORY_LIMIT: &str = "512Mi";

/// The Deployment of connectors that read `files`, by whose name its template changes when they do.
pub fn connector(connector: &ValidatedIotConnector, files: &Configuration) -> DesiredObject {
    let name = connector.names.connector();
    let selector = labels::selector(&name, Component::Connector);
    let annotations = json!({"brazier.dev/access": connector.policy.version});
    let spec = json!({
        "replicas": connector.replicas,
        "selector": {"matchLabels": selector},
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
        "revisionHistoryLimit": 3,
        "template": {
            "metadata": {"labels": labels::pod(&name, Component::Connector), "annotations": annotations},
            "spec": {
                "serviceAccountName": name,
                "automountServiceAccountToken": false,
                "enableServiceLinks": false,
                "terminationGracePeriodSeconds": 40,
                "securityContext": pod_security(PROGRAM_USER),
                "topologySpreadConstraints": spread(&selector),
                "containers": [container(connector)],
                "volumes": configuration::volumes(connector, files),
            },
        },
    });
    let metadata = connector.owner.metadata(&name);
    DesiredObject::new("apps/v1", "Deployment", metadata, json!({"spec": spec}))
}

fn container(connector: &ValidatedIotConnector) -> Value {
    json!({
        "name": "connector",
        "image": connector.images.connector,
        "imagePullPolicy": connector.images.pull_policy,
        "args": ["run", "--config", format!("{FOLDER}/connector.yaml")],
        "ports": [port("https", 8443), port("metrics", 9090)],
        "resources": connector.resources.or_defaults(&[("cpu", "50m"), ("memory", "32Mi")], MEMORY_LIMIT),
        "securityContext": container_security(),
        "startupProbe": probe("/livez", 1, 60),
        "readinessProbe": probe("/readyz", 2, 2),
        "livenessProbe": probe("/livez", 10, 3),
        "lifecycle": {"preStop": {"sleep": {"seconds": 5}}},
        "volumeMounts": [
            {"name": "brazier", "mountPath": FOLDER, "readOnly": true},
            {"name": "tokens", "mountPath": TOKEN_FOLDER, "readOnly": true},
        ],
    })
}
