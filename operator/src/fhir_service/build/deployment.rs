//! The servers: stateless, replaced one by one without a gap, spread over nodes.

use serde_json::{Value, json};

use super::{
    super::validate::ValidatedFhirService,
    configuration::{self, FOLDER, Program, ServerConfiguration},
};
use crate::{
    build::pod::{PROGRAM_USER, container_security, pod_security, port, probe, spread},
    labels::{self, Component},
    manifest::DesiredObject,
};

/// Memory of a server of which the tenant has set none. The server finds out for itself what its container may use, and shares that
/// out among its requests.
const MEMORY_LIMIT: &str = "1Gi";

/// The Deployment that runs the servers. Its template changes with the name of their configuration.
pub fn server(service: &ValidatedFhirService, configuration: &ServerConfiguration) -> DesiredObject {
    let instance = &service.owner.name;
    let selector = labels::selector(instance, Component::Server);
    let spec = json!({
        "replicas": service.replicas,
        "selector": {"matchLabels": selector},
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
        "revisionHistoryLimit": 3,
        "progressDeadlineSeconds": 600,
        "template": {
            "metadata": {"labels": labels::pod(instance, Component::Server)},
            "spec": {
                "serviceAccountName": service.names.server(),
                "automountServiceAccountToken": false,
                "enableServiceLinks": false,
                "terminationGracePeriodSeconds": 40,
                "securityContext": pod_security(PROGRAM_USER),
                "topologySpreadConstraints": spread(&selector),
                "containers": [container(service)],
                "volumes": [configuration::volume(service, Program::Serve, configuration.serve.name())],
            },
        },
    });
    let metadata = service.owner.metadata(&service.names.server());
    DesiredObject::new("apps/v1", "Deployment", metadata, json!({"spec": spec}))
}

fn container(service: &ValidatedFhirService) -> Value {
    json!({
        "name": "server",
        "image": service.images.server,
        "imagePullPolicy": service.images.pull_policy,
        "args": ["serve", "--config", format!("{FOLDER}/server.yaml")],
        "ports": [port("https", 8443), port("admin", 8444), port("metrics", 9090)],
        "resources": service.resources.or_defaults(&[("cpu", "100m"), ("memory", "64Mi")], MEMORY_LIMIT),
        "securityContext": container_security(),
        "startupProbe": probe("/livez", 1, 120),
        "readinessProbe": probe("/readyz", 2, 2),
        "livenessProbe": probe("/livez", 10, 3),
        // The Service takes the pod out while it still answers; only then is it told to end.
        "lifecycle": {"preStop": {"sleep": {"seconds": 5}}},
        "volumeMounts": [{"name": "brazier", "mountPath": FOLDER, "readOnly": true}],
    })
}
