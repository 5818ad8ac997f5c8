//! The Job that brings the database schema up to date, before servers of a new image start. Its name holds a hash
//! of the image, so another image means another Job, and one that is done is never run again.

use serde_json::json;

use super::{
    super::validate::ValidatedFhirService,
    configuration::{self, FOLDER, Program},
};
use crate::{
    build::pod::{PROGRAM_USER, container_security, pod_security},
    labels::{self, Component},
    manifest::{DesiredObject, hash},
};

/// The Job that migrates the database schema to the servers' image.
pub fn job(service: &ValidatedFhirService) -> DesiredObject {
    let config_map = service.names.migration_configuration();
    let template = json!({
        "metadata": {"labels": labels::pod(&service.owner.name, Component::Migration)},
        "spec": {
            "restartPolicy": "Never",
            "serviceAccountName": service.names.server(),
            "automountServiceAccountToken": false,
            "enableServiceLinks": false,
            "securityContext": pod_security(PROGRAM_USER),
            "containers": [{
                "name": "migrate",
                "image": service.images.server,
                "imagePullPolicy": service.images.pull_policy,
                "args": ["migrate", "--config", format!("{FOLDER}/migrate.yaml")],
                "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "512Mi"}},
                "securityContext": container_security(),
                "volumeMounts": [{"name": "brazier", "mountPath": FOLDER, "readOnly": true}],
            }],
            "volumes": [configuration::volume(service, Program::Migrate, &config_map)],
        },
    });
    let name = format!(
        "{}{}",
        service.names.migrations(),
        &hash(&json!(service.images.server))[..10]
    );
    let spec = json!({"backoffLimit": 6, "template": template});
    DesiredObject::new(
        "batch/v1",
        "Job",
        service.owner.metadata(&name),
        json!({"spec": spec}),
    )
}
