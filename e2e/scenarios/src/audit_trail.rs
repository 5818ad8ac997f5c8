//! The audit trail of a FhirService, read where it is kept.

use std::time::Duration;

use anyhow::{Result, ensure};

use crate::{database, fhir_client::Answer, report, tenant::Tenant, wait};

/// Checks that an answer is recorded, once, with its status and the agent.
///
/// # Errors
/// If it is not.
pub async fn has(tenant: &Tenant, service: &str, answer: &Answer, agent: &str, what: &str) -> Result<()> {
    ensure!(!answer.request_id.is_empty(), "the answer has no X-Request-Id");
    let sql = format!(
        "SELECT status, agent, interaction FROM fhir.access_record WHERE request_id = '{}'",
        answer.request_id
    );
    let expected = format!("{}|{agent}|", answer.status.as_u16());
    let probe = async || {
        let primary = database::primary(tenant, service).await?;
        let rows = database::query(tenant, &primary, "fhir", &sql).await?;
        ensure!(rows.len() == 1, "{} records of {}", rows.len(), answer.request_id);
        ensure!(
            rows[0].starts_with(&expected),
            "{} instead of {expected}",
            rows[0]
        );
        Ok(())
    };
    wait::until("the record", Duration::from_secs(5), probe).await?;
    report::seen(format!(
        "{what}: {} and recorded as {agent}",
        answer.status.as_u16()
    ));
    Ok(())
}
