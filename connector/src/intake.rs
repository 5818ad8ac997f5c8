//! Where a source hands in what it took: the pipeline with the mappings that are in service at that moment.

use std::sync::Arc;
use std::time::Duration;

use crate::acknowledgement::MessageAnswer;
use crate::device_message::ReadMessage;
use crate::fhir_service::{FhirError, FhirService};
use crate::mapping::in_service::MappingFiles;
use crate::pipeline::Pipeline;

/// Takes batches of messages from a source.
pub trait Intake: Send + Sync + 'static {
    /// Takes the messages of one batch, in their order, and returns when everything that can be stored is stored: one answer for each
    /// message. A batch may be handed in any number of times; what is stored already stays as it is.
    fn take(
        &self,
        messages: &[ReadMessage],
    ) -> impl Future<Output = Result<Vec<MessageAnswer>, NotNow>> + Send;
}

/// Why a batch cannot be taken now. Nothing of it may be acknowledged; it can be handed in again.
#[derive(Debug, thiserror::Error)]
pub enum NotNow {
    /// There has not been a mapping that compiles yet.
    #[error("no mapping is in service; see /status of the connector")]
    NoMapping,
    /// A FHIR service is not available.
    #[error(transparent)]
    Fhir(#[from] FhirError),
}

impl NotNow {
    /// How long whoever is not available wants to be left alone, if it said so.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::NoMapping => None,
            Self::Fhir(error) => error.retry_after(),
        }
    }
}

/// The pipeline with the mappings in service.
pub struct MappedPipeline<S> {
    mappings: Arc<MappingFiles>,
    pipeline: Pipeline<S>,
}

impl<S> MappedPipeline<S> {
    /// Takes messages through this pipeline.
    pub fn new(mappings: Arc<MappingFiles>, pipeline: Pipeline<S>) -> Self {
        Self { mappings, pipeline }
    }
}

impl<S: FhirService + 'static> Intake for MappedPipeline<S> {
    async fn take(&self, messages: &[ReadMessage]) -> Result<Vec<MessageAnswer>, NotNow> {
        let mappings = self.mappings.in_service().ok_or(NotNow::NoMapping)?;
        Ok(self.pipeline.process(&mappings, messages).await?)
    }
}
