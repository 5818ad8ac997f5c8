//! The Job in which PostgreSQL is asked about settings before they are applied: the database's own image and its own
//! program, with an empty database of the pod's own. Nothing is started with them.

use serde_json::{Map, Value, json};

use super::{
    super::{Bundled, settings::ASKED},
    parameters,
};
use crate::{
    build::pod::{container_security, pod_security},
    labels::{self, Component},
    manifest::DesiredObject,
};

/// Exit code of the script when PostgreSQL does not take the settings: asking again would not help.
pub const REFUSED: i32 = 64;

/// Makes an empty database, adds the settings to its configuration and asks for the values of `$ASKED`. What PostgreSQL
/// says is written to `$ANSWER`, which Kubernetes keeps with the pod.
pub const SCRIPT: &str = r#"set -u
folder=$(mktemp -d)
if ! initdb --no-sync --no-instructions --locale=C -A trust -U postgres -D "$folder/data" >"$folder/said" 2>&1; then
  tail -c 1000 "$folder/said" >"$ANSWER"
  exit 1
fi
printf '%s' "$SETTINGS" >>"$folder/data/postgresql.conf"
values=
for name in $ASKED; do
  if ! value=$(postgres -D "$folder/data" -c log_line_prefix= -C "$name" 2>"$folder/said"); then
    head -c 3000 "$folder/said" >"$ANSWER"
    exit 64
  fi
  values="$values$name=$value
"
done
printf '%s' "$values" >"$ANSWER"
"#;

/// The Job that asks about the settings that the spec wants.
pub fn job(database: &Bundled) -> DesiredObject {
    let plain = |name: &str, value: &str| json!({"name": name, "value": value});
    let template = json!({
        "metadata": {"labels": labels::pod(&database.owner.name, Component::ParameterCheck)},
        "spec": {
            "restartPolicy": "Never",
            "serviceAccountName": database.names.database(),
            "automountServiceAccountToken": false,
            "enableServiceLinks": false,
            "securityContext": pod_security(super::stateful_set::POSTGRES),
            "containers": [{
                "name": "check",
                "image": database.image,
                "imagePullPolicy": database.pull_policy,
                "command": ["sh", "-c", SCRIPT],
                "env": [
                    plain("PATH", "/usr/lib/postgresql/17/bin:/usr/local/bin:/usr/bin:/bin"),
                    plain("LC_ALL", "C"),
                    plain("ASKED", &ASKED.join(" ")),
                    plain("ANSWER", "/dev/termination-log"),
                    plain("SETTINGS", &settings_file(&parameters::with(&database.wanted.parameters))),
                ],
                "resources": {"requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}},
                "securityContext": container_security(),
                "volumeMounts": [{"name": "temporary", "mountPath": "/tmp"}],
            }],
            "volumes": [{"name": "temporary", "emptyDir": {}}],
        },
    });
    let spec = json!({
        "backoffLimit": 3,
        "podFailurePolicy": {"rules": [
            {"action": "FailJob", "onExitCodes": {"containerName": "check", "operator": "In", "values": [REFUSED]}},
        ]},
        // Gone after a while, so that what could not be asked is asked again.
        "ttlSecondsAfterFinished": 600,
        "template": template,
    });
    let metadata = database
        .owner
        .metadata(&database.names.check(&database.wanted, &database.image));
    DesiredObject::new("batch/v1", "Job", metadata, json!({"spec": spec}))
}

/// Settings as PostgreSQL's configuration file has them
/// (<https://www.postgresql.org/docs/17/config-setting.html#CONFIG-SETTING-CONFIGURATION-FILE>).
pub fn settings_file(parameters: &Map<String, Value>) -> String {
    let lines = parameters.iter().map(|(name, value)| {
        let value = value.as_str().unwrap_or_default();
        format!("{name} = '{}'\n", value.replace('\\', "\\\\").replace('\'', "''"))
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_ends_its_quotes() {
        let parameters =
            parameters::with(&[("work_mem".to_string(), r"1' \'; fsync = off".to_string())].into());
        let file = settings_file(&parameters);
        assert!(file.contains(r"work_mem = '1'' \\''; fsync = off'"), "{file}");
    }
}
