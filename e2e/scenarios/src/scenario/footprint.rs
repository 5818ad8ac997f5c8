//! What an idle server and an idle operator hold in memory, as the kubelet measures it.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::{kubectl, release, report, tenant::Tenant};

/// The most that either may hold when idle, in MiB.
const LIMIT_MIB: f64 = 64.0;

pub async fn run() -> Result<()> {
    let tenant = Tenant::create("footprint").await?;
    tenant.apply_small_service("clinic", "").await?;
    tenant.wait_ready(&["fhirservice/clinic"]).await?;
    // The kubelet measures every ten seconds or so.
    tokio::time::sleep(Duration::from_secs(30)).await;
    let servers = format!("--namespace={}", tenant.namespace);
    let operators = format!("--namespace={}", release::NAMESPACE);
    for (what, namespace, selector, container) in [
        (
            "server",
            &servers,
            "--selector=app.kubernetes.io/component=server",
            "server",
        ),
        (
            "operator",
            &operators,
            "--selector=app.kubernetes.io/name=brazier-operator",
            "operator",
        ),
    ] {
        for pod in kubectl::list(&["pods", namespace, selector]).await? {
            let used = working_set(&pod, container).await? / 1_048_576.0;
            report::seen(format!(
                "an idle {what}: {used:.1} MiB working set, of {LIMIT_MIB} MiB (ratio {:.2})",
                used / LIMIT_MIB
            ));
            ensure!(used < LIMIT_MIB, "an idle {what} holds {used:.1} MiB");
        }
    }
    Ok(())
}

/// Bytes that a container holds and that cannot be taken from it without effort: its working set.
async fn working_set(pod: &Value, container: &str) -> Result<f64> {
    let node = pod["spec"]["nodeName"].as_str().context("a pod on no node")?;
    let path = format!("/api/v1/nodes/{node}/proxy/stats/summary");
    let summary: Value = serde_json::from_str(&kubectl::run(&["get", "--raw", &path]).await?)?;
    let pods = summary["pods"].as_array().context("no pods are measured")?;
    let measured = pods
        .iter()
        .find(|one| one["podRef"]["uid"] == pod["metadata"]["uid"])
        .with_context(|| format!("{} is not measured", pod["metadata"]["name"]))?;
    let containers = measured["containers"].as_array().into_iter().flatten();
    containers
        .into_iter()
        .find(|one| one["name"] == container)
        .and_then(|one| one["memory"]["workingSetBytes"].as_f64())
        .with_context(|| format!("container {container} is not measured"))
}
