//! The connector's configuration file with its mappings, and the policy, keys and certificates that it reads beside them.

use brazier_crds::iot_connector::Compatibility;
use serde_json::{Value, json};

use super::super::validate::ValidatedIotConnector;
use crate::build::{Error, configuration::Configuration, configuration_file};

/// Folder in which the connector finds its files.
pub const FOLDER: &str = "/etc/brazier";
/// Folder of the tokens with which it signs in at its destinations.
pub const TOKEN_FOLDER: &str = "/var/run/secrets/brazier";

/// The configuration file and both mappings.
///
/// # Errors
/// If the file cannot be written as YAML.
pub fn files(connector: &ValidatedIotConnector) -> Result<Configuration, Error> {
    let files = json!({
        "connector.yaml": file(connector)?,
        "device.json": connector.device_mapping,
        "fhir.json": connector.fhir_mapping,
    });
    Ok(Configuration::new(&connector.names.configurations(), files))
}

fn file(connector: &ValidatedIotConnector) -> Result<String, Error> {
    let authentication = json!({
        "kubernetes": {
            "issuer": connector.cluster_keys.issuer,
            "jwksFile": format!("{FOLDER}/kubernetes/jwks.json"),
            "audience": connector.names.url(),
        },
        "accessFile": format!("{FOLDER}/access/policy.json"),
    });
    let destinations: Vec<Value> = connector
        .destinations
        .iter()
        .map(|destination| {
            json!({
                "name": destination.name,
                "url": destination.url,
                "caFile": format!("{FOLDER}/destination/ca.crt"),
                "tokenFile": format!("{TOKEN_FOLDER}/{}", destination.name),
                "identityResolution": destination.identity_resolution,
            })
        })
        .collect();
    let document = json!({
        "source": {"http": {
            "listen": "0.0.0.0:8443",
            "tls": {"certificateFile": format!("{FOLDER}/tls/tls.crt"), "keyFile": format!("{FOLDER}/tls/tls.key")},
            "authentication": authentication,
        }},
        "deviceMappingFile": format!("{FOLDER}/mapping/device.json"),
        "fhirMappingFile": format!("{FOLDER}/mapping/fhir.json"),
        "compatibility": match connector.compatibility {
            Compatibility::Strict => "strict",
            Compatibility::IomtFhir => "iomt-fhir",
        },
        "destinations": destinations,
        "listen": {"metrics": "0.0.0.0:9090"},
    });
    configuration_file("connector.yaml", &document)
}

/// The volumes: all files of the connector, and the tokens for its destinations.
pub fn volumes(connector: &ValidatedIotConnector, files: &Configuration) -> Value {
    let sources = json!([
        {"configMap": {"name": files.name(), "items": [
            {"key": "connector.yaml", "path": "connector.yaml"},
            {"key": "device.json", "path": "mapping/device.json"},
            {"key": "fhir.json", "path": "mapping/fhir.json"},
        ]}},
        {"configMap": {"name": connector.names.access(), "items": [
            {"key": "policy.json", "path": "access/policy.json"},
            {"key": "jwks.json", "path": "kubernetes/jwks.json"},
        ]}},
        {"configMap": {"name": connector.names.connection(), "items": [{"key": "ca.crt", "path": "destination/ca.crt"}]}},
        {"secret": {"name": connector.names.certificate(), "items": [
            {"key": "tls.crt", "path": "tls/tls.crt"},
            {"key": "tls.key", "path": "tls/tls.key"},
        ]}},
    ]);
    // A token for each destination, good there and nowhere else.
    let tokens: Vec<Value> = connector
        .destinations
        .iter()
        .map(|to| json!({"serviceAccountToken": {"path": to.name, "audience": to.url, "expirationSeconds": 3600}}))
        .collect();
    json!([
        {"name": "brazier", "projected": {"defaultMode": 0o440, "sources": sources}},
        {"name": "tokens", "projected": {"defaultMode": 0o440, "sources": tokens}},
    ])
}
