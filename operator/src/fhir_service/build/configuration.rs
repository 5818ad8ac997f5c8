//! The server's configuration file, and the volume with all files that it reads.

use serde_json::{Value, json};

use super::super::{names::DatabaseUser, validate::ValidatedFhirService};
use crate::manifest::DesiredObject;

/// Folder in which the server finds its files.
pub const FOLDER: &str = "/etc/brazier";

/// The two configuration files of the server program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerConfiguration {
    /// Read by `serve`.
    pub serve: String,
    /// Read by `migrate`: the same as the owner of the tables.
    pub migrate: String,
}

/// Writes them.
///
/// # Errors
/// If they cannot be written as YAML.
pub fn server(service: &ValidatedFhirService) -> Result<ServerConfiguration, serde_yaml_ng::Error> {
    let serve = document(service, DatabaseUser::Runtime);
    let mut migrate = document(service, DatabaseUser::Owner);
    migrate["database"]["runtimeRole"] = json!(DatabaseUser::Runtime.username());
    Ok(ServerConfiguration {
        serve: serde_yaml_ng::to_string(&serve)?,
        migrate: serde_yaml_ng::to_string(&migrate)?,
    })
}

fn document(service: &ValidatedFhirService, user: DatabaseUser) -> Value {
    let url = service.names.url();
    let mut authentication = json!({"issuers": issuers(service)});
    if let Some(keys) = &service.cluster_keys {
        authentication["kubernetes"] = json!({
            "issuer": keys.issuer,
            "jwksFile": format!("{FOLDER}/kubernetes/jwks.json"),
            "audience": url,
        });
    }
    json!({
        "baseUrl": url,
        "listen": {"fhir": "0.0.0.0:8443", "admin": "0.0.0.0:8444", "metrics": "0.0.0.0:9090"},
        "tls": {"certificateFile": format!("{FOLDER}/tls/tls.crt"), "keyFile": format!("{FOLDER}/tls/tls.key")},
        "admin": {"clientCaFile": format!("{FOLDER}/admin-ca/ca.crt"), "clientName": crate::labels::OPERATOR_NAME},
        "database": {
            "host": service.names.database_host(),
            "port": 5432,
            "name": super::patroni::DATABASE,
            "user": user.username(),
            "passwordFile": format!("{FOLDER}/db/password"),
            "caFile": format!("{FOLDER}/db/ca.crt"),
            "maxConnections": connections(service.replicas),
        },
        "accessFile": format!("{FOLDER}/access/policy.json"),
        "authentication": authentication,
        "updateCreate": service.update_create,
    })
}

/// Connections of each server, so that all of them together leave room in the database's 200.
fn connections(replicas: i32) -> i32 {
    (160 / replicas.max(1)).clamp(2, 16)
}

fn issuers(service: &ValidatedFhirService) -> Vec<Value> {
    let documents = service.issuers.iter().enumerate().map(|(index, issuer)| {
        let mut document =
            json!({"issuer": issuer.issuer, "audiences": issuer.audiences, "jwksUri": issuer.jwks_uri});
        if issuer.ca_bundle.is_some() {
            document["caFile"] = json!(format!("{FOLDER}/{}", issuer_bundle_path(index)));
        }
        document
    });
    documents.collect()
}

/// Where the certificate bundle of an issuer is, below the folder.
pub fn issuer_bundle_path(index: usize) -> String {
    format!("issuers/{index}/ca.crt")
}

/// The ConfigMap with both files.
pub fn config_map(service: &ValidatedFhirService, configuration: &ServerConfiguration) -> DesiredObject {
    let data = json!({"server.yaml": configuration.serve, "migrate.yaml": configuration.migrate});
    let metadata = service.owner.metadata(&service.names.server_configuration());
    DesiredObject::new("v1", "ConfigMap", metadata, json!({"data": data}))
}

/// The volume with all files of the server program, for one of its two database users.
pub fn volume(service: &ValidatedFhirService, user: DatabaseUser) -> Value {
    let names = &service.names;
    let configuration = match user {
        DatabaseUser::Owner => json!({"key": "migrate.yaml", "path": "migrate.yaml"}),
        _ => json!({"key": "server.yaml", "path": "server.yaml"}),
    };
    let mut sources = vec![
        json!({"configMap": {"name": names.server_configuration(), "items": [configuration]}}),
        json!({"secret": {"name": names.password(user), "items": [{"key": "password", "path": "db/password"}]}}),
        json!({"configMap": {"name": names.connection(), "items": [
            {"key": "ca.crt", "path": "db/ca.crt"},
            {"key": "ca.crt", "path": "admin-ca/ca.crt"},
        ]}}),
        json!({"configMap": {"name": names.access(), "items": [
            {"key": "policy.json", "path": "access/policy.json"},
            {"key": "jwks.json", "path": "kubernetes/jwks.json"},
        ]}}),
        json!({"secret": {"name": names.server_certificate(), "items": [
            {"key": "tls.crt", "path": "tls/tls.crt"},
            {"key": "tls.key", "path": "tls/tls.key"},
        ]}}),
    ];
    for (index, issuer) in service.issuers.iter().enumerate() {
        if let Some(bundle) = &issuer.ca_bundle {
            let item = json!({"key": bundle.key, "path": issuer_bundle_path(index)});
            sources.push(json!({"configMap": {"name": bundle.name, "items": [item]}}));
        }
    }
    json!({"name": "brazier", "projected": {"defaultMode": 0o440, "sources": sources}})
}
