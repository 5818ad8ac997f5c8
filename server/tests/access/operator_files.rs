//! The operator writes the files that the server reads: its snapshots of them must be files that we understand.

use std::path::{Path, PathBuf};

use brazier_access::AccessPolicy;
use brazier_server::authorization;
use brazier_server::configuration::{Configuration, ConfigurationError, Problem};
use serde_json::Value;

/// The content of a snapshot of the operator's tests, without its head.
fn snapshot(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../operator/tests/snapshots");
    let text = std::fs::read_to_string(folder.join(format!("fhir_service_objects__{name}.snap"))).unwrap();
    let (_before, after) = text.strip_prefix("---\n").unwrap().split_once("\n---\n").unwrap();
    after.to_owned()
}

fn written(folder: &Path, name: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, snapshot(name)).unwrap();
    path
}

/// The fields whose files are missing here. Anything else that is wrong with the file ends the test.
fn missing_files<T: std::fmt::Debug>(read: Result<T, ConfigurationError>) -> Vec<String> {
    let problems: Vec<Problem> = match read.unwrap_err() {
        ConfigurationError::Invalid { problems, .. } => problems,
        other => panic!("{other}"),
    };
    for problem in &problems {
        assert!(
            problem.message.contains("failed to read /etc/brazier/"),
            "{problem}"
        );
    }
    problems.into_iter().map(|problem| problem.field).collect()
}

#[test]
fn the_configuration_for_serving_is_understood() {
    let folder = tempfile::tempdir().unwrap();
    let file = written(folder.path(), "server.yaml");
    assert_eq!(
        missing_files(Configuration::load(&file)),
        [
            "tls",
            "admin.clientCaFile",
            "database.passwordFile",
            "database.caFile",
            "authentication.kubernetes.jwksFile",
            "authentication.issuers[0].caFile",
        ]
    );
}

#[test]
fn the_configuration_for_migrating_is_understood() {
    let folder = tempfile::tempdir().unwrap();
    let file = written(folder.path(), "migrate.yaml");
    let fields = missing_files(Configuration::load_for_migration(&file));
    assert_eq!(fields, ["database.passwordFile", "database.caFile"]);
}

#[test]
fn every_assignment_of_the_policy_counts() {
    let policy: Value = serde_yaml_ng::from_str(&snapshot("policy")).unwrap();
    let parsed = AccessPolicy::parse(policy.to_string().as_bytes(), authorization::check).unwrap();
    assert_eq!(parsed.policy.version(), policy["version"]);
    assert_eq!(parsed.ignored, []);
}
