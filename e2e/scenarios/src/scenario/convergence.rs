//! The operator is killed again and again, some moments after it took the lease, while services are made, changed and
//! deleted. In the end all is as asked for, nothing is left over, and in an idle minute nothing is written.

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Context, Result, bail, ensure};

use crate::{
    kubectl, release, report,
    tenant::{self, Tenant},
    wait,
};

/// Every kind that the operator writes, but for the lease that it renews.
const WRITTEN: &str = "fhirservices,iotconnectors,roleassignments,configmaps,secrets,services,serviceaccounts,deployments,\
                       statefulsets,jobs,networkpolicies,poddisruptionbudgets,roles,rolebindings";

pub async fn run() -> Result<()> {
    let tenant = Tenant::create("convergence").await?;
    let mut kills = Kills {
        tenant: &tenant,
        count: 0,
    };

    tenant.apply_small_service("ward", "").await?;
    tenant
        .apply_small_service("doomed", ", deletionPolicy: Delete")
        .await?;
    tenant.assign("reporting", "FhirDataReader", "ward").await?;
    kills.one().await?;
    kills.one().await?;
    tenant
        .wait_ready(&["fhirservice/ward", "fhirservice/doomed"])
        .await?;

    tenant
        .kubectl(&[
            "patch",
            "fhirservice",
            "ward",
            "--type=merge",
            "--patch={\"spec\":{\"replicas\":2}}",
        ])
        .await?;
    tenant
        .kubectl(&["delete", "fhirservice", "doomed", "--wait=false"])
        .await?;
    kills.one().await?;
    kills.one().await?;
    tenant.assign("intake", "FhirDataWriter", "ward").await?;
    tenant
        .kubectl(&["delete", "roleassignment", "reporting-ward", "--wait=false"])
        .await?;
    kills.one().await?;

    let gone = ["wait", "--for=delete", "fhirservice/doomed", "--timeout=180s"];
    tenant.kubectl(&gone).await?;
    tenant
        .wait_ready(&["fhirservice/ward", "roleassignment/intake-ward"])
        .await?;
    let ready = "--output=jsonpath={.status.readyReplicas}";
    let replicas = tenant.kubectl(&["get", "deployment", "ward", ready]).await?;
    ensure!(replicas == "2", "{replicas} servers instead of 2");
    report::seen(format!("after {} kills all is as asked for", kills.count));
    nothing_left(&tenant, "doomed").await?;
    idle_minute().await
}

struct Kills<'a> {
    tenant: &'a Tenant,
    count: usize,
}

impl Kills<'_> {
    /// Kills the operator at a random moment within three seconds after it began to work.
    async fn one(&mut self) -> Result<()> {
        let leader = leader().await?;
        tokio::time::sleep(Duration::from_millis(fastrand::u64(..3000))).await;
        let namespace = format!("--namespace={}", release::NAMESPACE);
        kubectl::run(&[
            "delete",
            "pod",
            &leader,
            &namespace,
            "--force",
            "--grace-period=0",
        ])
        .await?;
        self.count += 1;
        let objects = self.tenant.list(&["deployments,statefulsets"]).await?.len();
        report::seen(format!("{leader} is killed, with {objects} workloads made"));
        Ok(())
    }
}

/// The pod that holds the lease and lives.
async fn leader() -> Result<String> {
    let namespace = format!("--namespace={}", release::NAMESPACE);
    let probe = async || {
        let lease = kubectl::json(&["get", "lease", "brazier-operator", &namespace]).await?;
        let holder = lease["spec"]["holderIdentity"]
            .as_str()
            .unwrap_or_default()
            .to_string();
        let pods = kubectl::list(&["pods", &namespace]).await?;
        if pods.iter().any(|pod| pod["metadata"]["name"] == holder.as_str()) {
            return Ok(holder);
        }
        bail!("{holder} holds the lease and is gone")
    };
    Ok(
        wait::until("an operator that leads", Duration::from_secs(60), probe)
            .await?
            .0,
    )
}

/// Nothing of a service that was deleted with its data is there.
///
/// # Errors
/// If something is.
pub async fn nothing_left(tenant: &Tenant, service: &str) -> Result<()> {
    let kinds = format!("{WRITTEN},pods,persistentvolumeclaims,replicasets,endpointslices");
    let prefix = format!("{service}-");
    let probe = async || {
        let objects = tenant.list(&[&kinds]).await?;
        let left: Vec<String> = objects
            .iter()
            .map(|one| (&one["kind"], one["metadata"]["name"].as_str().unwrap_or_default()))
            .filter(|(_, name)| {
                *name == service || name.starts_with(&prefix) || name.contains(&format!("-{prefix}"))
            })
            .map(|(kind, name)| format!("{kind} {name}"))
            .collect();
        ensure!(left.is_empty(), "left over: {}", left.join(", "));
        let volumes = kubectl::list(&["persistentvolumes"]).await?;
        let of_service = volumes.iter().filter(|one| {
            one["spec"]["claimRef"]["namespace"] == tenant.namespace.as_str()
                && one["spec"]["claimRef"]["name"]
                    .as_str()
                    .is_some_and(|name| name.contains(&prefix))
        });
        ensure!(of_service.count() == 0, "volumes are left over");
        Ok(())
    };
    wait::until("nothing left", Duration::from_secs(60), probe).await?;
    report::seen(format!("nothing of {service} is left over"));
    Ok(())
}

/// With nothing to do, nothing that the operator writes changes.
async fn idle_minute() -> Result<()> {
    // What the scenarios before have left is still being taken down, which the operator has a part in.
    tenant::wait_removed().await?;
    let mut last = BTreeMap::new();
    let settled = async || {
        tokio::time::sleep(Duration::from_secs(5)).await;
        let now = versions().await?;
        let quiet = now == last;
        last = now;
        ensure!(quiet, "something still changes");
        Ok(())
    };
    wait::until("quiet", Duration::from_secs(60), settled).await?;
    tokio::time::sleep(Duration::from_secs(60)).await;
    let now = versions().await?;
    let changed: Vec<&String> = now
        .iter()
        .filter(|(name, version)| last.get(*name) != Some(version))
        .map(|(name, _)| name)
        .collect();
    ensure!(
        changed.is_empty() && now.len() == last.len(),
        "written in an idle minute: {changed:?}"
    );
    report::seen(format!(
        "an idle minute: none of {} objects and events was written",
        now.len()
    ));
    Ok(())
}

/// The version of everything that the operator writes.
async fn versions() -> Result<BTreeMap<String, String>> {
    let mut objects = kubectl::list(&[
        WRITTEN,
        "--all-namespaces",
        "--selector=app.kubernetes.io/managed-by=brazier",
    ])
    .await?;
    objects.extend(kubectl::list(&["fhirservices,iotconnectors,roleassignments", "--all-namespaces"]).await?);
    let events = kubectl::list(&["events.events.k8s.io", "--all-namespaces"]).await?;
    objects.extend(events.into_iter().filter(|event| {
        let reporter = event["reportingController"].as_str().unwrap_or_default();
        reporter.contains("brazier")
    }));
    objects
        .iter()
        .map(|one| {
            let metadata = &one["metadata"];
            let version = metadata["resourceVersion"]
                .as_str()
                .context("an object without a version")?;
            let name = format!("{} {}/{}", one["kind"], metadata["namespace"], metadata["name"]);
            Ok((name, version.to_string()))
        })
        .collect()
}
