//! Clients that write without a pause, remember every acknowledgement, and check afterwards that nothing acknowledged
//! is lost.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use futures::{StreamExt, TryStreamExt};
use reqwest::StatusCode;
use serde_json::json;
use tokio::task::JoinHandle;

use crate::{fhir_client::FhirClient, tenant::Tenant};

const CLIENTS: usize = 4;
/// A client that has no answer by then asks again.
const PATIENCE: Duration = Duration::from_secs(3);

/// An acknowledged write: when, and the id of the resource.
type Acknowledgement = (Instant, String);

/// The clients, at work.
pub struct Writers {
    acknowledged: Arc<Mutex<Vec<Acknowledgement>>>,
    stop: Arc<AtomicBool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Writers {
    /// They begin to create Patients.
    ///
    /// # Errors
    /// If the service cannot be reached.
    pub async fn start(tenant: &Tenant, service: &str, token: &str) -> Result<Writers> {
        let (acknowledged, stop) = (Arc::default(), Arc::default());
        let mut writers = Writers {
            acknowledged,
            stop,
            tasks: Vec::new(),
        };
        for number in 0..CLIENTS {
            let client = tenant.client(service, Some(token)).await?;
            let (acknowledged, stop) = (writers.acknowledged.clone(), writers.stop.clone());
            writers
                .tasks
                .push(tokio::spawn(write(client, number, acknowledged, stop)));
        }
        Ok(writers)
    }

    /// How many writes are acknowledged.
    pub fn count(&self) -> usize {
        self.list().len()
    }

    /// The longest time without any acknowledgement that did not end before `since`.
    pub fn longest_gap(&self, since: Instant) -> Duration {
        let mut times: Vec<Instant> = self.list().into_iter().map(|(time, _)| time).collect();
        times.push(Instant::now());
        times.sort_unstable();
        times
            .windows(2)
            .filter(|pair| pair[1] >= since)
            .map(|pair| pair[1] - pair[0])
            .max()
            .unwrap_or_default()
    }

    /// They stop; every acknowledged resource is read back.
    ///
    /// # Errors
    /// If one is not there.
    pub async fn stop_and_check(self, reader: &FhirClient) -> Result<usize> {
        self.stop.store(true, Ordering::Relaxed);
        let acknowledged = self.acknowledged.clone();
        for task in self.tasks {
            task.await?;
        }
        let ids: Vec<String> = acknowledged
            .lock()
            .map(|all| all.iter().map(|(_, id)| id.clone()).collect())
            .unwrap_or_default();
        futures::stream::iter(&ids)
            .map(|id| async move {
                let answer = reader.get(&format!("Patient/{id}")).await?;
                ensure!(
                    answer.status == StatusCode::OK,
                    "Patient/{id} was acknowledged and is lost: {}",
                    answer.status
                );
                Ok(())
            })
            .buffer_unordered(8)
            .try_collect::<()>()
            .await?;
        Ok(ids.len())
    }

    fn list(&self) -> Vec<Acknowledgement> {
        self.acknowledged
            .lock()
            .map(|all| all.clone())
            .unwrap_or_default()
    }
}

async fn write(
    client: FhirClient,
    number: usize,
    acknowledged: Arc<Mutex<Vec<Acknowledgement>>>,
    stop: Arc<AtomicBool>,
) {
    let mut count = 0;
    while !stop.load(Ordering::Relaxed) {
        count += 1;
        let identifier = json!([{"system": "urn:scenario", "value": format!("{number}-{count}")}]);
        let patient = json!({"resourceType": "Patient", "identifier": identifier});
        let answer = tokio::time::timeout(PATIENCE, client.create(&patient)).await;
        match answer {
            Ok(Ok(id)) => {
                if let Ok(mut all) = acknowledged.lock() {
                    all.push((Instant::now(), id));
                }
            }
            Ok(Err(_)) => tokio::time::sleep(Duration::from_millis(50)).await,
            Err(_) => {}
        }
    }
}
