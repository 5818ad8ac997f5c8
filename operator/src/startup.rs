//! Waits until the API server serves the three kinds: a chart may start the operator before its definitions are in
//! force.

use std::time::Duration;

use brazier_crds::{FhirService, GROUP, IotConnector, RoleAssignment};
use kube::{Client, Resource};

/// Returns once all of them are served.
pub async fn wait_for_kinds(client: &Client) {
    let version = format!("{GROUP}/v1alpha1");
    let wanted = [
        FhirService::plural(&()),
        IotConnector::plural(&()),
        RoleAssignment::plural(&()),
    ];
    loop {
        match client.list_api_group_resources(&version).await {
            Ok(list) => {
                let missing: Vec<&str> = wanted
                    .iter()
                    .map(AsRef::as_ref)
                    .filter(|plural| !list.resources.iter().any(|one| one.name == *plural))
                    .collect();
                if missing.is_empty() {
                    return;
                }
                tracing::info!(?missing, "waiting for the definitions of Brazier");
            }
            Err(error) => tracing::info!(%error, "waiting for the definitions of Brazier"),
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
}
