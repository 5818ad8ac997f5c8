//! The database of a FhirService, looked at from inside its pods.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::{
    kubectl,
    tenant::{Tenant, name_of},
    wait,
};

/// Asks a member as the superuser and gives the rows, columns separated by `|`.
///
/// # Errors
/// If the pod or PostgreSQL refuses.
pub async fn query(tenant: &Tenant, pod: &str, database: &str, sql: &str) -> Result<Vec<String>> {
    let command = r#"PGPASSWORD=$PATRONI_SUPERUSER_PASSWORD exec psql -h /run/postgresql -U postgres -d "$0" -XAtqc "$1""#;
    let arguments = [
        "exec",
        pod,
        "--container=postgresql",
        "--",
        "sh",
        "-c",
        command,
        database,
        sql,
    ];
    let rows = tenant.kubectl(&arguments).await?;
    Ok(rows.lines().map(str::to_string).collect())
}

/// The pod that Patroni calls the primary and that is ready.
///
/// # Errors
/// If there is none.
pub async fn primary(tenant: &Tenant, service: &str) -> Result<String> {
    let pods = members(tenant, service).await?;
    pods.iter()
        .find(|pod| pod["metadata"]["labels"]["role"] == "primary" && is_ready(pod))
        .and_then(name_of)
        .context("no member is a ready primary")
}

/// The pods of the database.
///
/// # Errors
/// If kubectl fails.
pub async fn members(tenant: &Tenant, service: &str) -> Result<Vec<Value>> {
    let selector =
        format!("--selector=app.kubernetes.io/instance={service},app.kubernetes.io/component=database");
    tenant.list(&["pods", &selector]).await
}

/// Waits until commits are acknowledged by every other member, as Patroni has noted: from then on any member may be lost.
///
/// # Errors
/// If that does not come about.
pub async fn wait_for_quorum(tenant: &Tenant, service: &str) -> Result<()> {
    let probe = async || {
        let primary = primary(tenant, service).await?;
        let name = format!("{service}-db-sync");
        let map = kubectl::json(&["get", "configmap", &name, "--namespace", &tenant.namespace]).await?;
        let noted = &map["metadata"]["annotations"];
        ensure!(
            noted["leader"] == primary.as_str(),
            "the quorum is not that of {primary}"
        );
        let standbys = noted["sync_standby"].as_str().unwrap_or_default();
        for member in members(tenant, service).await?.iter().filter_map(name_of) {
            let acknowledges = member == primary || standbys.split(',').any(|standby| standby == member);
            ensure!(acknowledges, "{member} is not in the quorum");
        }
        Ok(())
    };
    wait::until("the quorum of all members", Duration::from_secs(120), probe).await?;
    Ok(())
}

fn is_ready(pod: &Value) -> bool {
    let conditions = pod["status"]["conditions"].as_array();
    conditions
        .into_iter()
        .flatten()
        .any(|one| one["type"] == "Ready" && one["status"] == "True")
}
