//! The configuration files of the server and of its migration, and the volume with all files that they read.

use serde_json::{Value, json};

use super::super::{database::connection::Login, validate::ValidatedFhirService};
use crate::{
    build::{Error, configuration::Configuration, configuration_file},
    manifest::DesiredObject,
};

/// Folder in which the server finds its files.
pub const FOLDER: &str = "/etc/brazier";

/// The two configuration files of the server program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerConfiguration {
    /// Read by `serve` when it starts; servers of before keep theirs.
    pub serve: Configuration,
    /// Read by `migrate`: the same as the owner of the tables.
    pub migrate: String,
}

/// A program of the server's image, which reads one of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// Answers the requests of FHIR clients.
    Serve,
    /// Brings the schema up to date.
    Migrate,
}

impl Program {
    /// As whom it signs in at the database.
    fn login(self, service: &ValidatedFhirService) -> &Login {
        match self {
            Program::Serve => &service.connection.runtime,
            Program::Migrate => &service.connection.owner,
        }
    }

    /// Name of its configuration file.
    fn file(self) -> &'static str {
        match self {
            Program::Serve => "server.yaml",
            Program::Migrate => "migrate.yaml",
        }
    }
}

/// Writes them.
///
/// # Errors
/// If they cannot be written as YAML.
pub fn server(service: &ValidatedFhirService) -> Result<ServerConfiguration, Error> {
    let serve = document(service, Program::Serve);
    let mut migrate = document(service, Program::Migrate);
    migrate["database"]["runtimeRole"] = json!(service.connection.runtime.username);
    let file = Program::Serve.file();
    let serve = json!({file: configuration_file(file, &serve)?});
    Ok(ServerConfiguration {
        serve: Configuration::new(&service.names.server_configurations(), serve),
        migrate: configuration_file(Program::Migrate.file(), &migrate)?,
    })
}

fn document(service: &ValidatedFhirService, program: Program) -> Value {
    let database = &service.connection;
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
            "host": database.host,
            "port": database.port,
            "name": database.database,
            "user": program.login(service).username,
            "passwordFile": format!("{FOLDER}/db/password"),
            "caFile": format!("{FOLDER}/db/ca.crt"),
            "maxConnections": connections(database.most_connections, service.replicas),
        },
        "accessFile": format!("{FOLDER}/access/policy.json"),
        "authentication": authentication,
        "updateCreate": service.update_create,
    })
}

/// Connections of each server, of those that all of them together may hold open.
fn connections(all: i32, replicas: i32) -> i32 {
    (all / replicas.max(1)).clamp(2, 16)
}

fn issuers(service: &ValidatedFhirService) -> Vec<Value> {
    let documents = service.issuers.iter().enumerate().map(|(index, issuer)| {
        let mut document = json!({"issuer": issuer.issuer, "audiences": issuer.audiences});
        if let Some(uri) = &issuer.jwks_uri {
            document["jwksUri"] = json!(uri);
        }
        if !issuer.claims.is_empty() {
            document["claims"] = json!(issuer.claims);
        }
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

/// The ConfigMap of the migration. It changes as it is, unlike the servers': a Job that tries again is to read what is wanted
/// now, and its template can never name another.
pub fn migration_config_map(
    service: &ValidatedFhirService,
    configuration: &ServerConfiguration,
) -> DesiredObject {
    let file = Program::Migrate.file();
    let data = json!({file: configuration.migrate});
    let metadata = service.owner.metadata(&service.names.migration_configuration());
    DesiredObject::new("v1", "ConfigMap", metadata, json!({"data": data}))
}

/// The volume with all files that a program reads; its configuration file is in the ConfigMap `config_map`.
pub fn volume(service: &ValidatedFhirService, program: Program, config_map: &str) -> Value {
    let names = &service.names;
    let configuration = json!({"key": program.file(), "path": program.file()});
    let mut sources = vec![
        json!({"configMap": {"name": config_map, "items": [configuration]}}),
        json!({"secret": {"name": program.login(service).secret, "items": [{"key": "password", "path": "db/password"}]}}),
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
