//! Asks each connector how it is: `GET /status` on its port of metrics.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use brazier_service::status::{ConnectorStatus, MappingError};
use futures::StreamExt;

use crate::pod::PodSummary;

const TIMEOUT: Duration = Duration::from_secs(2);
const PORT: u16 = 9090;

/// The place and reason of a mapping that does not compile, in words.
pub fn sentence(error: &MappingError) -> String {
    let file = Some(error.file.clone()).filter(|file| !file.is_empty());
    let template = error.template.map(|index| format!("template {index}"));
    let field = Some(error.field.clone()).filter(|field| !field.is_empty());
    let place: Vec<String> = [file, template, field].into_iter().flatten().collect();
    if place.is_empty() {
        error.message.clone()
    } else {
        format!("{}: {}", place.join(", "), error.message)
    }
}

/// What the pods answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// The reports, of those that gave one.
    pub reports: Vec<ConnectorStatus>,
    /// Why one gave none.
    pub problem: Option<String>,
}

/// Asks the pods, ready or not: one whose mapping does not compile is not ready, and says why.
pub async fn ask(pods: &[PodSummary]) -> Answers {
    let asking: Vec<_> = pods
        .iter()
        .filter(|pod| pod.address.is_some())
        .map(ask_one)
        .collect();
    let mut answers = Answers::default();
    for answer in futures::stream::iter(asking)
        .buffered(16)
        .collect::<Vec<_>>()
        .await
    {
        match answer {
            Ok(report) => answers.reports.push(report),
            Err(problem) => answers.problem = Some(problem),
        }
    }
    answers
}

async fn ask_one(pod: &PodSummary) -> Result<ConnectorStatus, String> {
    let address = pod.address.as_deref().unwrap_or_default();
    request(address)
        .await
        .map_err(|error| format!("pod {}: {}", pod.name, brazier_service::telemetry::chain(&error)))
}

async fn request(address: &str) -> Result<ConnectorStatus, reqwest::Error> {
    let host = address.parse::<IpAddr>().map_or_else(
        |_| address.to_string(),
        |ip| SocketAddr::new(ip, PORT).to_string(),
    );
    // No certificate is checked on this port, and the system of the operator's image has none to trust.
    let client = reqwest::Client::builder()
        .tls_certs_only([])
        .no_proxy()
        .timeout(TIMEOUT)
        .build()?;
    client
        .get(format!("http://{host}/status"))
        .send()
        .await?
        .error_for_status()?
        .json()
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_connector_writes_is_read() {
        let written = include_str!("../../../service/tests/connector_status.json");
        let status: ConnectorStatus = serde_json::from_str(written).expect("as the connector writes it");
        assert!(!status.mapping_valid && status.source_connected && !status.destination_ready);
        assert_eq!((status.processed, status.rejected), (12, 3));
        let last = status.last_message_time.map(|time| time.to_string());
        assert_eq!(last.as_deref(), Some("2024-01-01T10:00:01.5Z"));
        let error = status.mapping_error.as_ref().map(sentence);
        assert_eq!(
            error.as_deref(),
            Some(
                "/etc/brazier/mapping/device.json, template 1, values[0].valueExpression: unknown function \"nope\""
            )
        );
    }
}
