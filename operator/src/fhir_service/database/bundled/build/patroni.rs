//! Patroni's configuration: what each member reads from a file, what all of them share, and the script that makes
//! database and roles when the cluster is made.

use serde_json::{Value, json};

use super::{
    super::{Bundled, DATABASE, user::DatabaseUser},
    parameters,
};
use crate::{
    labels::{self, Component},
    manifest::DesiredObject,
};

/// Folder of Patroni's files in the pod.
pub const FOLDER: &str = "/etc/patroni";
/// Folder of the certificate in the pod.
pub const CERTIFICATE_FOLDER: &str = "/etc/brazier/tls";
/// Where the volume is.
pub const DATA_FOLDER: &str = "/var/lib/postgresql/data";

/// Run once by the member that makes the cluster, with the connection of the superuser. Passwords come from the
/// environment, so that they are in no file and on no command line.
const POST_BOOTSTRAP: &str = r#"#!/bin/sh
# Makes the database, the role that owns its tables and the role that servers use. Patroni runs it once, when the
# cluster is made, and starts over if it fails.
set -eu
exec psql -X --quiet --set ON_ERROR_STOP=1 --dbname "$1" <<'SQL'
\getenv owner_password BRAZIER_OWNER_PASSWORD
\getenv runtime_password BRAZIER_RUNTIME_PASSWORD
CREATE ROLE fhir_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE fhir_runtime LOGIN PASSWORD :'runtime_password';
CREATE DATABASE fhir OWNER fhir_owner TEMPLATE template0;
REVOKE ALL ON DATABASE fhir FROM PUBLIC;
GRANT CONNECT ON DATABASE fhir TO fhir_runtime;
\connect fhir
ALTER SCHEMA public OWNER TO fhir_owner;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
SQL
"#;

/// The ConfigMap with the file and the script.
pub fn config_map(database: &Bundled) -> DesiredObject {
    // Written as JSON, which is YAML too: Patroni's reader takes a bare `on` for a boolean.
    let data = json!({
        "patroni.yaml": format!("{:#}\n", configuration(database)),
        "post_bootstrap.sh": POST_BOOTSTRAP,
    });
    let metadata = database.owner.metadata(&database.names.configuration());
    DesiredObject::new("v1", "ConfigMap", metadata, json!({"data": data}))
}

fn configuration(database: &Bundled) -> Value {
    let (certificate, key, authority) = (
        format!("{CERTIFICATE_FOLDER}/tls.crt"),
        format!("{CERTIFICATE_FOLDER}/tls.key"),
        format!("{CERTIFICATE_FOLDER}/ca.crt"),
    );
    // Members are called by address, which is in no certificate: the authority is checked here, and the password
    // exchange is bound to the channel, so nobody can stand in between.
    let peer = json!({"sslmode": "verify-ca", "sslrootcert": authority, "channel_binding": "require"});
    json!({
        "scope": database.names.database(),
        "restapi": {"listen": "0.0.0.0:8008", "certfile": certificate, "keyfile": key},
        "ctl": {"insecure": true, "certfile": certificate, "keyfile": key, "cacert": authority},
        "watchdog": {"mode": "off"},
        "kubernetes": {
            "use_endpoints": false,
            "labels": labels::selector(&database.owner.name, Component::Database),
            "scope_label": "cluster-name",
            "role_label": "role",
        },
        "bootstrap": {
            "dcs": shared_configuration(database),
            "initdb": ["data-checksums", {"encoding": "UTF8"}, {"locale": "C.UTF-8"}],
            "post_bootstrap": format!("{FOLDER}/post_bootstrap.sh"),
        },
        "postgresql": {
            "listen": "0.0.0.0:5432",
            "data_dir": format!("{DATA_FOLDER}/pgdata"),
            "bin_dir": "/usr/lib/postgresql/17/bin",
            "pgpass": "/tmp/pgpass",
            // The superuser comes in by the socket alone, replication by TLS even from the member itself.
            "use_unix_socket": true,
            "use_unix_socket_repl": false,
            "remove_data_directory_on_rewind_failure": true,
            "remove_data_directory_on_diverged_timelines": true,
            "basebackup": [{"checkpoint": "fast"}],
            "authentication": {"replication": peer, "rewind": peer},
            "parameters": {
                "unix_socket_directories": "/run/postgresql",
                "ssl": "on",
                "ssl_cert_file": certificate,
                "ssl_key_file": key,
                "ssl_min_protocol_version": "TLSv1.3",
                "password_encryption": "scram-sha-256",
            },
            "pg_hba": access_rules(),
        },
    })
}

/// pg_hba: every connection is encrypted and by password, and each user gets to what it is for.
fn access_rules() -> Vec<String> {
    let user = DatabaseUser::username;
    let (superuser, replication, rewind) = (
        user(DatabaseUser::Superuser),
        user(DatabaseUser::Replication),
        user(DatabaseUser::Rewind),
    );
    let (owner, runtime) = (user(DatabaseUser::Owner), user(DatabaseUser::Runtime));
    vec![
        format!("local all {superuser} scram-sha-256"),
        format!("hostssl replication {replication} all scram-sha-256"),
        format!("hostssl postgres {rewind} all scram-sha-256"),
        format!("hostssl {DATABASE} {owner},{runtime} all scram-sha-256"),
    ]
}

/// What all members share. Patroni takes it from `bootstrap` when the cluster is made, and from its `config`
/// ConfigMap ever after, where the operator keeps it as it is here.
pub fn shared_configuration(database: &Bundled) -> Value {
    json!({
        // loop_wait + 2 · retry_timeout ≤ ttl; 20 is the least that Patroni allows. A crash of PostgreSQL is seen when
        // the loop comes round.
        "ttl": 20,
        "loop_wait": 3,
        "retry_timeout": 5,
        // A primary that crashed is not waited for when a replica can take over.
        "primary_start_timeout": 0,
        "maximum_lag_on_failover": 1_048_576,
        // A commit waits for any one replica, so any one member may be lost.
        "synchronous_mode": if database.instances > 1 { json!("quorum") } else { json!(false) },
        // The database stays writable while the Kubernetes API is down and all members see each other.
        "failsafe_mode": true,
        "postgresql": {
            "use_pg_rewind": true,
            "use_slots": true,
            "parameters": parameters::all(database),
        },
    })
}
