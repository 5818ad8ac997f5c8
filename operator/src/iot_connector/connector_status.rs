//! Asks each connector how it is: `GET /status` on its port of metrics.

use std::{net::IpAddr, time::Duration};

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

/// The reports of those pods that answer, whether they are ready or not: one whose mapping does not compile is not
/// ready, and says why. Pods without an address or an answer have no report.
pub async fn ask(pods: &[PodSummary]) -> Vec<Report> {
    let addresses = pods
        .iter()
        .filter_map(|pod| pod.address.as_deref()?.parse::<IpAddr>().ok());
    let asking: Vec<_> = addresses.map(ask_one).collect();
    let reports: Vec<Option<Report>> = futures::stream::iter(asking).buffered(16).collect().await;
    reports.into_iter().flatten().collect()
}

async fn ask_one(address: IpAddr) -> Option<Report> {
    let answer = request(address).await;
    answer
        .inspect_err(|error| tracing::debug!(%address, %error, "a connector did not report"))
        .ok()
}

async fn request(address: IpAddr) -> Result<Report, reqwest::Error> {
    let client = reqwest::Client::builder().no_proxy().timeout(TIMEOUT).build()?;
    let host = std::net::SocketAddr::new(address, PORT);
    client
        .get(format!("http://{host}/status"))
        .send()
        .await?
        .error_for_status()?
        .json()
        .await
}
