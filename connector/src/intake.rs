//! Where a source hands in what it took: the pipeline with the mappings that are in service at that moment.

use std::sync::Arc;

use crate::fhir_service::{FhirError, FhirService};
use crate::mappings::MappingFiles;
use crate::pipeline::{MessageAnswer, Pipeline, ReadMessage};

/// Why messages cannot be taken now. The sender keeps them and tries again.
#[derive(Debug, thiserror::Error)]
pub enum NotNow {
    /// There has not been a mapping that compiles yet.
    #[error("no mapping is in service; see /status of the connector")]
    NoMapping,
    /// A FHIR service is not available.
    #[error(transparent)]
    Fhir(#[from] FhirError),
}

/// Takes messages from a source.
pub struct Intake<S> {
    mappings: Arc<MappingFiles>,
    pipeline: Pipeline<S>,
}

impl<S: FhirService> Intake<S> {
    /// Takes messages through this pipeline.
    pub fn new(mappings: Arc<MappingFiles>, pipeline: Pipeline<S>) -> Self {
        Self { mappings, pipeline }
    }

    /// Takes the messages of one batch, in their order. One answer for each.
    pub async fn take(&self, messages: &[ReadMessage]) -> Result<Vec<MessageAnswer>, NotNow> {
        let mappings = self.mappings.in_service().ok_or(NotNow::NoMapping)?;
        Ok(self.pipeline.process(&mappings, messages).await?)
    }
}
