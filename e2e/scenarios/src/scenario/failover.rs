//! The primary crashes, is deleted, is lost with its node, while clients write. No acknowledged write may be lost;
//! the longest time without an acknowledgement is printed beside what the project aims at.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::writers::Writers;
use crate::{
    cluster::{self, Embedded},
    database, report,
    tenant::{Tenant, name_of},
    wait,
};

const OBJECTS: [&str; 2] = ["fhirservice/clinic", "roleassignment/writers"];

pub async fn run() -> Result<()> {
    let tenant = Tenant::create("failover").await?;
    tenant.apply_sample("clinic.yaml").await?;
    tenant.apply_sample("access.yaml").await?;
    tenant.wait_ready(&OBJECTS).await?;

    fault(&tenant, "postmaster killed", 5.0, async |primary| {
        let kill = "kill -9 $(head -n 1 /var/lib/postgresql/data/pgdata/postmaster.pid)";
        tenant
            .kubectl(&["exec", primary, "--container=postgresql", "--", "sh", "-c", kill])
            .await
            .map(drop)
    })
    .await?;
    fault(&tenant, "primary's pod deleted at once", 30.0, async |primary| {
        tenant
            .kubectl(&["delete", "pod", primary, "--force", "--grace-period=0"])
            .await
            .map(drop)
    })
    .await?;
    match cluster::embedded().await {
        Some(cluster) => lost_node(&tenant, &cluster).await,
        None => {
            report::seen("a lost node: left out, since only the embedded cluster can lose one");
            Ok(())
        }
    }
}

async fn lost_node(tenant: &Tenant, cluster: &Embedded) -> Result<()> {
    whole(tenant).await?;
    let primary = database::primary(tenant, "clinic").await?;
    let members = database::members(tenant, "clinic").await?;
    let node = members
        .iter()
        .find(|pod| name_of(pod).as_deref() == Some(&primary))
        .and_then(|pod| pod["spec"]["nodeName"].as_str())
        .context("the primary is on no node")?
        .to_string();
    let token = tenant.token("intake", &tenant.url("clinic")).await?;
    let writers = Writers::start(tenant, "clinic", &token).await?;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let begun = Instant::now();
    cluster.lose(&node).await?;
    let outcome = another_primary(tenant, &primary).await;
    tokio::time::sleep(Duration::from_secs(10)).await;
    let gap = writers.longest_gap(begun);
    cluster.bring_back(&node).await?;
    outcome?;
    report::duration(
        "primary's node lost: longest time without an acknowledgement",
        gap.as_secs_f64(),
        30.0,
    );
    whole(tenant).await?;
    let reader = tenant.client("clinic", Some(&token)).await?;
    let count = writers.stop_and_check(&reader).await?;
    report::seen(format!(
        "the node is back, all is Ready, and {count} acknowledged writes are there"
    ));
    Ok(())
}

/// Does harm to the primary while clients write.
async fn fault(
    tenant: &Tenant,
    what: &str,
    aim: f64,
    harm: impl AsyncFnOnce(&str) -> Result<()>,
) -> Result<()> {
    whole(tenant).await?;
    let token = tenant.token("intake", &tenant.url("clinic")).await?;
    let writers = Writers::start(tenant, "clinic", &token).await?;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let (primary, before) = (database::primary(tenant, "clinic").await?, writers.count());
    let begun = Instant::now();
    harm(&primary).await?;
    another_primary(tenant, &primary).await?;
    whole(tenant).await?;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let gap = writers.longest_gap(begun);
    report::duration(
        &format!("{what}: longest time without an acknowledgement"),
        gap.as_secs_f64(),
        aim,
    );
    let reader = tenant.client("clinic", Some(&token)).await?;
    let count = writers.stop_and_check(&reader).await?;
    report::seen(format!(
        "{what}: {count} acknowledged writes are there, {} of them from after it",
        count - before
    ));
    Ok(())
}

/// Everything is Ready, and any member of the database may be lost. Right after a fault Ready may not know of it yet.
async fn whole(tenant: &Tenant) -> Result<()> {
    database::wait_for_quorum(tenant, "clinic").await?;
    tenant.wait_ready(&OBJECTS).await
}

async fn another_primary(tenant: &Tenant, old: &str) -> Result<()> {
    let probe = async || {
        for pod in database::members(tenant, "clinic").await? {
            let name = name_of(&pod).unwrap_or_default();
            if pod["metadata"]["labels"]["role"] == "primary" && name != old {
                return Ok(name);
            }
        }
        bail!("{old} is still the primary")
    };
    let (new, after) = wait::until("another primary", Duration::from_secs(90), probe).await?;
    report::seen(format!("{new} is the primary {:.1} s later", after.as_secs_f64()));
    Ok(())
}
