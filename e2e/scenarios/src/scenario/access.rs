//! A device message as an Observation, found by search with a service account's token; who is refused and how; an
//! assignment that is taken away; and the trail of all of it.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use reqwest::{Method, StatusCode};
use serde_json::json;

use super::ready;
use crate::{audit_trail, report, tenant::Tenant, wait};

/// How soon a removed assignment must have no effect any more on any replica, in seconds.
const AIM: f64 = 5.0;
const SEARCH: &str = "Observation?code=http://loinc.org|2339-0&subject:Patient.identifier=patient-7";

pub async fn run() -> Result<()> {
    let tenant = Tenant::create("access").await?;
    ready::bring_up(&tenant).await?;
    send_device_message(&tenant).await?;
    let reporting = tenant.token("reporting", &tenant.url("clinic")).await?;
    let observation = found_by_search(&tenant, &reporting).await?;
    refusals(&tenant, &observation).await?;
    removed_assignment(&tenant, &reporting).await
}

async fn send_device_message(tenant: &Tenant) -> Result<()> {
    let message = json!({
        "deviceId": "meter-7", "patientId": "patient-7", "measuredAt": "2026-01-02T03:04:05Z", "glucose": 95,
    });
    let gateway = tenant.token("gateway", &tenant.url("vitals")).await?;
    let connector = tenant.client("vitals", Some(&gateway)).await?;
    let answer = connector.send(Method::POST, "", Some(&message)).await?;
    answer.must_be(StatusCode::OK)?;
    let outcome = &answer.body["messages"][0]["observations"][0]["outcome"];
    ensure!(outcome == "created", "{}", answer.body);
    report::seen("a device message is acknowledged");

    // Those who may read what devices sent may not send by that.
    let reporting = tenant.token("reporting", &tenant.url("vitals")).await?;
    let refused = tenant.client("vitals", Some(&reporting)).await?;
    let answer = refused.send(Method::POST, "", Some(&message)).await?;
    answer.must_be(StatusCode::FORBIDDEN)?;
    let nobody = tenant.client("vitals", None).await?;
    let answer = nobody.send(Method::POST, "", Some(&message)).await?;
    answer.must_be(StatusCode::UNAUTHORIZED)?;
    report::seen("the connector refuses who may not send, and who has no token");
    Ok(())
}

/// Path of the Observation.
async fn found_by_search(tenant: &Tenant, token: &str) -> Result<String> {
    let reader = tenant.client("clinic", Some(token)).await?;
    let answer = reader.get(SEARCH).await?;
    answer.must_be(StatusCode::OK)?;
    let observation = &answer.body["entry"][0]["resource"];
    ensure!(answer.body["total"] == 1, "{}", answer.body);
    ensure!(observation["valueQuantity"]["value"] == 95, "{observation}");
    let agent = agent(tenant, "reporting");
    audit_trail::has(
        tenant,
        "clinic",
        &answer,
        &agent,
        "a reader finds the Observation",
    )
    .await?;
    let id = observation["id"].as_str().context("an Observation without id")?;
    Ok(format!("Observation/{id}"))
}

async fn refusals(tenant: &Tenant, observation: &str) -> Result<()> {
    // The gateway may send to the connector, and nothing at all at the service.
    let url = tenant.url("clinic");
    let gateway = tenant.token("gateway", &url).await?;
    let answer = tenant
        .client("clinic", Some(&gateway))
        .await?
        .get(observation)
        .await?;
    answer.must_be(StatusCode::FORBIDDEN)?;
    ensure!(
        answer.body["resourceType"] == "OperationOutcome",
        "{}",
        answer.body
    );
    audit_trail::has(
        tenant,
        "clinic",
        &answer,
        &agent(tenant, "gateway"),
        "no assignment",
    )
    .await?;

    let answer = tenant.client("clinic", None).await?.get(observation).await?;
    answer.must_be(StatusCode::UNAUTHORIZED)?;
    audit_trail::has(tenant, "clinic", &answer, "anonymous", "no token").await?;

    let elsewhere = tenant.token("reporting", "https://clinic.elsewhere.svc").await?;
    let answer = tenant
        .client("clinic", Some(&elsewhere))
        .await?
        .get(observation)
        .await?;
    answer.must_be(StatusCode::UNAUTHORIZED)?;
    audit_trail::has(
        tenant,
        "clinic",
        &answer,
        "anonymous",
        "a token for another service",
    )
    .await?;

    // A reader may not write.
    let reporting = tenant.token("reporting", &url).await?;
    let patient = json!({"resourceType": "Patient"});
    let reader = tenant.client("clinic", Some(&reporting)).await?;
    let answer = reader.send(Method::POST, "Patient", Some(&patient)).await?;
    answer.must_be(StatusCode::FORBIDDEN)?;
    audit_trail::has(
        tenant,
        "clinic",
        &answer,
        &agent(tenant, "reporting"),
        "a reader who writes",
    )
    .await
}

async fn removed_assignment(tenant: &Tenant, token: &str) -> Result<()> {
    let replicas = tenant.clients_of_replicas("clinic", Some(token)).await?;
    ensure!(replicas.len() == 2, "{} replicas", replicas.len());
    for replica in &replicas {
        let answer = replica.get(SEARCH).await?;
        answer.must_be(StatusCode::OK)?;
    }
    tenant
        .kubectl(&["delete", "roleassignment", "readers", "--wait=false"])
        .await?;
    let begun = Instant::now();
    let mut refused = Vec::new();
    for replica in &replicas {
        let probe = async || {
            let answer = replica.get(SEARCH).await?;
            ensure!(answer.status == StatusCode::FORBIDDEN, "{}", answer.status);
            Ok(answer)
        };
        refused.push(wait::until("a refusal", Duration::from_secs(30), probe).await?.0);
    }
    report::duration(
        "a removed assignment counts on no replica any more",
        begun.elapsed().as_secs_f64(),
        AIM,
    );
    for answer in &refused {
        audit_trail::has(
            tenant,
            "clinic",
            answer,
            &agent(tenant, "reporting"),
            "after that",
        )
        .await?;
    }
    Ok(())
}

fn agent(tenant: &Tenant, account: &str) -> String {
    format!("system:serviceaccount:{}:{account}", tenant.namespace)
}
