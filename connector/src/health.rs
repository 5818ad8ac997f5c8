//! How the connector is: readiness and metrics for the probes, and `/status` for the operator, on the same port.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use brazier_service::probes::{self, Probed};
use brazier_service::status::{ConnectorStatus, MappingError};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::fhir_service::FhirService;
use crate::fhir_service::client::FhirClient;
use crate::json_answer::json_answer;
use crate::mapping::in_service::{MappingFiles, MappingProblem};
use crate::metrics::Metrics;

/// How often a destination is asked whether it is there.
const INTERVAL: Duration = Duration::from_secs(10);
/// The same while it is not.
const INTERVAL_WHILE_ABSENT: Duration = Duration::from_secs(1);

/// How the connector is.
pub struct Health {
    mappings: Arc<MappingFiles>,
    metrics: Arc<Metrics>,
    destinations: Vec<Followed>,
    connected: watch::Receiver<bool>,
    /// Cancelled when no new messages are wanted.
    ending: CancellationToken,
}

/// A destination, and why it was not there when it was asked last.
struct Followed {
    client: Arc<FhirClient>,
    absent: ArcSwapOption<String>,
}

impl Followed {
    fn of(client: Arc<FhirClient>) -> Self {
        let absent = format!("the FHIR service {} has not been asked yet", client.name());
        Self {
            client,
            absent: ArcSwapOption::from_pointee(absent),
        }
    }

    /// Why nothing can be stored there, if that is known.
    fn trouble(&self) -> Option<String> {
        let absent = self.absent.load_full().map(|reason| (*reason).clone());
        absent.or_else(|| self.client.trouble().map(|trouble| trouble.to_string()))
    }
}

impl Health {
    /// Not ready yet, and not ready any more once `ending` is cancelled. `connected` says whether the source takes messages.
    pub fn new(
        mappings: Arc<MappingFiles>,
        metrics: Arc<Metrics>,
        destinations: Vec<Arc<FhirClient>>,
        connected: watch::Receiver<bool>,
        ending: CancellationToken,
    ) -> Self {
        Self {
            mappings,
            metrics,
            destinations: destinations.into_iter().map(Followed::of).collect(),
            connected,
            ending,
        }
    }

    /// Asks the destinations from time to time.
    pub async fn follow_destinations(&self) {
        futures::future::join_all(self.destinations.iter().map(follow)).await;
    }

    /// Why nothing can be stored in one of the destinations, if that is known.
    fn trouble(&self) -> Option<String> {
        self.destinations.iter().find_map(Followed::trouble)
    }

    fn connected(&self) -> bool {
        *self.connected.borrow() && !self.ending.is_cancelled()
    }

    fn status(&self) -> ConnectorStatus {
        let mapping_error = self.mappings.problem().map(said);
        ConnectorStatus {
            mapping_valid: mapping_error.is_none(),
            mapping_error,
            source_connected: self.connected(),
            destination_ready: self.trouble().is_none(),
            processed: self.metrics.processed(),
            rejected: self.metrics.rejected(),
            last_message_time: self.metrics.last_message(),
        }
    }
}

impl Probed for Health {
    async fn ready(&self) -> Result<(), String> {
        if self.mappings.in_service().is_none() {
            return Err("no mapping is in service; see /status".to_owned());
        }
        if !self.connected() {
            return Err("the source takes no messages".to_owned());
        }
        match self.trouble() {
            Some(trouble) => Err(format!("{trouble}; no message can be stored")),
            None => Ok(()),
        }
    }

    fn metrics(&self) -> Result<String, std::fmt::Error> {
        self.metrics.text()
    }
}

/// What is said of a mapping file that does not compile.
fn said(problem: MappingProblem) -> MappingError {
    let MappingProblem { file, error } = problem;
    MappingError {
        file: file.display().to_string(),
        template: error.template,
        field: error.field,
        line: error.line,
        column: error.column,
        message: error.message,
    }
}

async fn follow(destination: &Followed) {
    let mut there = false;
    loop {
        let answer = destination.client.ping().await;
        let was_there = std::mem::replace(&mut there, answer.is_ok());
        match &answer {
            Ok(()) if !was_there => {
                tracing::info!(
                    destination = destination.client.name(),
                    "the FHIR service answers"
                )
            }
            Err(error) if was_there => tracing::warn!(%error, "the FHIR service does not answer"),
            _ => {}
        }
        let absent = answer.err().map(|error| Arc::new(error.to_string()));
        destination.absent.store(absent);
        tokio::time::sleep(if there { INTERVAL } else { INTERVAL_WHILE_ABSENT }).await;
    }
}

/// `/livez`, `/readyz`, `/metrics` and `/status`.
pub fn router(health: Arc<Health>) -> Router {
    let probes = probes::router(Arc::clone(&health), health.ending.clone());
    let status = Router::new().route("/status", get(status)).with_state(health);
    probes.merge(status)
}

async fn status(State(health): State<Arc<Health>>) -> Response {
    json_answer(StatusCode::OK, "application/json", &health.status())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::file;

    #[test]
    fn what_the_operator_reads_is_what_is_written() {
        let error = file::MappingError {
            template: Some(1),
            field: "values[0].valueExpression".to_owned(),
            line: 12,
            column: 30,
            message: "unknown function \"nope\"".to_owned(),
        };
        let status = ConnectorStatus {
            mapping_valid: false,
            mapping_error: Some(said(MappingProblem {
                file: "/etc/brazier/mapping/device.json".into(),
                error,
            })),
            source_connected: true,
            destination_ready: false,
            processed: 12,
            rejected: 3,
            last_message_time: Some("2024-01-01T10:00:01.5Z".parse().unwrap()),
        };
        let written = serde_json::to_string(&status).unwrap();
        let read = include_str!("../../service/tests/connector_status.json");
        assert_eq!(written, read.trim_end());
    }
}
