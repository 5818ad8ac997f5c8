//! A FHIR service in memory that can be held up, or taken away for a while.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::sync::watch;

use crate::fhir_service::in_memory::InMemoryFhirService;
use crate::fhir_service::{FhirError, FhirService, Identifier, Precondition, Stored, Updated};
use crate::json::Json;

/// Does what the service in memory does, when it may.
pub struct HeldFhirService {
    service: InMemoryFhirService,
    held: watch::Sender<bool>,
    away: AtomicBool,
    busy: AtomicUsize,
    refusals: AtomicUsize,
}

impl Default for HeldFhirService {
    fn default() -> Self {
        Self {
            service: InMemoryFhirService::default(),
            held: watch::Sender::new(false),
            away: AtomicBool::new(false),
            busy: AtomicUsize::new(0),
            refusals: AtomicUsize::new(0),
        }
    }
}

impl HeldFhirService {
    /// Answers nobody from now on.
    pub fn hold(&self) {
        self.held.send_replace(true);
    }

    /// Answers everybody again.
    pub fn release(&self) {
        self.held.send_replace(false);
    }

    /// Is not available from now on.
    pub fn go_away(&self) {
        self.away.store(true, Ordering::SeqCst);
    }

    /// Is available again.
    pub fn come_back(&self) {
        self.away.store(false, Ordering::SeqCst);
    }

    /// How many requests wait for an answer.
    pub fn busy(&self) -> usize {
        self.busy.load(Ordering::SeqCst)
    }

    /// How many requests found it away.
    pub fn refusals(&self) -> usize {
        self.refusals.load(Ordering::SeqCst)
    }

    /// The values of the Observations, in order; one that is stored twice is there twice.
    pub fn values(&self) -> Vec<usize> {
        let observations = self.service.resources("Observation");
        let value = |observation: &Json| {
            let value = observation.member("valueQuantity")?.member("value")?;
            value.to_string().parse().ok()
        };
        let mut values: Vec<usize> = observations.iter().filter_map(value).collect();
        values.sort_unstable();
        values
    }

    async fn enter(&self) -> Result<(), FhirError> {
        let _counted = Counted::new(&self.busy);
        let mut held = self.held.subscribe();
        // The sender lives as long as this service.
        held.wait_for(|held| !held)
            .await
            .map_err(|error| self.unavailable(&error.to_string()))?;
        if self.away.load(Ordering::SeqCst) {
            self.refusals.fetch_add(1, Ordering::SeqCst);
            return Err(self.unavailable("it is away"));
        }
        Ok(())
    }

    fn unavailable(&self, reason: &str) -> FhirError {
        FhirError::unavailable(self.name(), reason)
    }
}

/// Counted while it lives, also when whoever waits is cut off.
struct Counted<'c>(&'c AtomicUsize);

impl<'c> Counted<'c> {
    fn new(count: &'c AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl FhirService for HeldFhirService {
    fn name(&self) -> &str {
        self.service.name()
    }

    fn base(&self) -> Option<&str> {
        self.service.base()
    }

    async fn read(&self, resource_type: &str, id: &str) -> Result<Option<Stored>, FhirError> {
        self.enter().await?;
        self.service.read(resource_type, id).await
    }

    async fn find(&self, resource_type: &str, identifier: Identifier<'_>) -> Result<Vec<Json>, FhirError> {
        self.enter().await?;
        self.service.find(resource_type, identifier).await
    }

    async fn update(
        &self,
        resource_type: &str,
        id: &str,
        resource: &Json,
        precondition: Precondition,
    ) -> Result<Updated, FhirError> {
        self.enter().await?;
        self.service
            .update(resource_type, id, resource, precondition)
            .await
    }
}
