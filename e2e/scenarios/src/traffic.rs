//! Connections between pods, tried from inside of them: what the cluster's network makes of NetworkPolicies.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::{database, kubectl, tenant::Tenant, wait};

/// A pod of the scenarios that belongs to no service.
const STRANGER: &str = "stranger";

/// Where it takes connections.
const PORT: u16 = 8080;

/// How long a cluster may take to enforce a new policy; after that it enforces none.
const PATIENCE: Duration = Duration::from_secs(10);

/// Starts a pod in the tenant's namespace that is no part of any service, takes connections and can make some. It runs
/// Python from the image of the tenant's database.
///
/// # Errors
/// If it does not come up.
pub async fn start_stranger(tenant: &Tenant, service: &str) -> Result<()> {
    let members = database::members(tenant, service).await?;
    let image = members
        .first()
        .and_then(|member| member["spec"]["containers"][0]["image"].as_str())
        .context("the database has no pod")?;
    let pod = serde_json::json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": STRANGER, "namespace": tenant.namespace, "labels": {"app": STRANGER}},
        "spec": {
            "automountServiceAccountToken": false,
            "securityContext": {"runAsNonRoot": true, "runAsUser": 65532, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [{
                "name": STRANGER,
                "image": image,
                "command": ["python3", "-m", "http.server", PORT.to_string()],
                "workingDir": "/tmp",
                "readinessProbe": {"tcpSocket": {"port": PORT}, "periodSeconds": 1},
                "securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}},
            }],
            "terminationGracePeriodSeconds": 0,
        },
    });
    kubectl::apply(&pod.to_string()).await?;
    tenant.wait_ready(&[&format!("pod/{STRANGER}")]).await
}

/// Whether the cluster enforces NetworkPolicies: one that lets nobody through to the stranger is tried from `client`.
///
/// # Errors
/// If the stranger cannot be reached although no policy forbids it.
pub async fn is_policed(tenant: &Tenant, client: &Value) -> Result<bool> {
    let stranger = kubectl::json(&["get", "pod", STRANGER, "--namespace", &tenant.namespace]).await?;
    let reached = async || match connects(client, &stranger, PORT).await? {
        true => Ok(()),
        false => bail!("no policy forbids it"),
    };
    wait::until("a connection to the stranger", PATIENCE, reached).await?;
    kubectl::apply(&format!(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: {STRANGER}, namespace: {}}}\n\
         spec: {{podSelector: {{matchLabels: {{app: {STRANGER}}}}}, policyTypes: [Ingress]}}\n",
        tenant.namespace
    ))
    .await?;
    let begun = Instant::now();
    let mut refusals = 0;
    while begun.elapsed() < PATIENCE {
        // One connection may fail by itself.
        refusals = match connects(client, &stranger, PORT).await? {
            true => 0,
            false => refusals + 1,
        };
        if refusals == 3 {
            return Ok(true);
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(false)
}

/// Whether connections can be tried from a pod: servers have nothing in their images to do it with.
pub fn can_try(client: &Value) -> bool {
    let labels = &client["metadata"]["labels"];
    labels["app"] == STRANGER || labels["app.kubernetes.io/component"] == "database"
}

/// Whether `port` of `pod` takes a connection from `client`.
///
/// # Errors
/// If it cannot be tried.
pub async fn connects(client: &Value, pod: &Value, port: u16) -> Result<bool> {
    let namespace = client["metadata"]["namespace"]
        .as_str()
        .context("the client has no namespace")?;
    let name = client["metadata"]["name"]
        .as_str()
        .context("the client has no name")?;
    let address = pod["status"]["podIP"]
        .as_str()
        .context("the pod has no address")?;
    let script = r#"timeout 3 bash -c "</dev/tcp/$0/$1" 2>/dev/null && echo open || echo closed"#;
    let port = port.to_string();
    let command = ["--", "bash", "-c", script, address, &port];
    let arguments = [["exec", "--namespace", namespace, name].as_slice(), &command].concat();
    Ok(kubectl::run(&arguments).await?.trim() == "open")
}
