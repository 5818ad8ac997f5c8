//! Asks each connector how it is: `GET /status` on its port of metrics.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use futures::StreamExt;
use jiff::Timestamp;
use serde::Deserialize;

use crate::pod::PodSummary;

const TIMEOUT: Duration = Duration::from_secs(2);
const PORT: u16 = 9090;

/// What a connector says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Whether both mappings compile.
    pub mapping_valid: bool,
    /// What is wrong with them.
    #[serde(default)]
    pub mapping_error: Option<MappingError>,
    /// Whether messages can come in.
    pub source_connected: bool,
    /// Whether the destination takes Observations.
    pub destination_ready: bool,
    /// Messages stored since it started.
    #[serde(default)]
    pub processed: i64,
    /// Messages refused since it started.
    #[serde(default)]
    pub rejected: i64,
    /// When the last message came in.
    #[serde(default)]
    pub last_message_time: Option<Timestamp>,
}

/// The place and reason of a mapping that does not compile.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct MappingError {
    /// Which of the two mappings.
    #[serde(default)]
    pub file: Option<String>,
    /// Index of the template.
    #[serde(default)]
    pub template: Option<serde_json::Value>,
    /// The field.
    #[serde(default)]
    pub field: Option<String>,
    /// What is wrong.
    #[serde(default)]
    pub message: String,
}

impl MappingError {
    /// In words.
    pub fn sentence(&self) -> String {
        let mut place = Vec::new();
        place.extend(self.file.clone());
        place.extend(
            self.template
                .as_ref()
                .filter(|one| !one.is_null())
                .map(|index| format!("template {index}")),
        );
        place.extend(self.field.clone());
        if place.is_empty() {
            self.message.clone()
        } else {
            format!("{}: {}", place.join(", "), self.message)
        }
    }
}

/// What the pods answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// The reports, of those that gave one.
    pub reports: Vec<Report>,
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

async fn ask_one(pod: &PodSummary) -> Result<Report, String> {
    let address = pod.address.as_deref().unwrap_or_default();
    request(address)
        .await
        .map_err(|error| format!("pod {}: {}", pod.name, brazier_service::telemetry::chain(&error)))
}

async fn request(address: &str) -> Result<Report, reqwest::Error> {
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
