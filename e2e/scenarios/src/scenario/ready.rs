//! From one `kubectl apply` to Ready: three database members, two servers, a connector, access rules.

use std::time::Instant;

use anyhow::Result;

use crate::{report, tenant::Tenant};

/// How long the project wants it to take at most, in seconds.
const AIM: f64 = 60.0;

/// Every object of the samples.
pub const OBJECTS: [&str; 6] = [
    "fhirservice/clinic",
    "iotconnector/vitals",
    "roleassignment/readers",
    "roleassignment/writers",
    "roleassignment/definitions",
    "roleassignment/devices",
];

pub async fn run() -> Result<()> {
    for round in 1..=3 {
        let tenant = Tenant::create(&format!("ready-{round}")).await?;
        let begun = Instant::now();
        bring_up(&tenant).await?;
        report::duration("kubectl apply to all Ready", begun.elapsed().as_secs_f64(), AIM);
        take_down(&tenant).await?;
    }
    Ok(())
}

/// So that the next round has the machine to itself; the namespace itself takes its time.
async fn take_down(tenant: &Tenant) -> Result<()> {
    tenant
        .kubectl(&[
            "delete",
            "fhirservice/clinic",
            "iotconnector/vitals",
            "--timeout=120s",
        ])
        .await?;
    tenant
        .kubectl(&["wait", "--for=delete", "pod", "--all", "--timeout=120s"])
        .await
        .map(drop)
}

/// Applies the samples and waits until all of them are Ready.
///
/// # Errors
/// If one is not.
pub async fn bring_up(tenant: &Tenant) -> Result<()> {
    for file in ["clinic.yaml", "access.yaml", "connector.yaml"] {
        tenant.apply_sample(file).await?;
    }
    tenant.wait_ready(&OBJECTS).await
}
