//! What stays of a deleted service, and that it has its data again when it is made again; and a service that was told
//! to take its data along.

use anyhow::{Result, ensure};
use reqwest::StatusCode;
use serde_json::json;

use super::convergence::nothing_left;
use crate::{
    report,
    tenant::{Tenant, name_of},
};

const OBJECTS: [&str; 2] = ["fhirservice/clinic", "roleassignment/writers"];

pub async fn run() -> Result<()> {
    let tenant = Tenant::create("deletion").await?;
    tenant.apply_sample("access.yaml").await?;
    tenant.apply_sample("clinic.yaml").await?;
    tenant.wait_ready(&OBJECTS).await?;
    let token = tenant.token("intake", &tenant.url("clinic")).await?;
    let patient = json!({"resourceType": "Patient", "name": [{"family": "Ostrowski"}]});
    let id = tenant
        .client("clinic", Some(&token))
        .await?
        .create(&patient)
        .await?;
    let path = format!("Patient/{id}");
    let before = tenant
        .client("clinic", Some(&token))
        .await?
        .get(&path)
        .await?
        .body;

    tenant
        .kubectl(&["delete", "fhirservice", "clinic", "--timeout=120s"])
        .await?;
    let pods_end = [
        "wait",
        "--for=delete",
        "pod",
        "--selector=app.kubernetes.io/instance=clinic",
        "--timeout=120s",
    ];
    tenant.kubectl(&pods_end).await?;
    let claims = tenant.list(&["persistentvolumeclaims"]).await?;
    ensure!(claims.len() == 3, "{} volumes are left of 3", claims.len());
    report::seen(format!(
        "deleted; its volumes stay: {}",
        claims.iter().filter_map(name_of).collect::<Vec<_>>().join(", ")
    ));

    tenant.apply_sample("clinic.yaml").await?;
    tenant.wait_ready(&OBJECTS).await?;
    let answer = tenant.client("clinic", Some(&token)).await?.get(&path).await?;
    answer.must_be(StatusCode::OK)?;
    ensure!(answer.body == before, "{} instead of {before}", answer.body);
    report::seen("made again under its name, it has its data");

    let patch = "--patch={\"spec\":{\"deletionPolicy\":\"Delete\"}}";
    tenant
        .kubectl(&["patch", "fhirservice", "clinic", "--type=merge", patch])
        .await?;
    tenant
        .kubectl(&["delete", "fhirservice", "clinic", "--timeout=180s"])
        .await?;
    nothing_left(&tenant, "clinic").await
}
