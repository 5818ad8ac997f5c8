//! What happens to the messages of one request, from top to bottom: normalize → take out what cannot be used → group → resolve
//! identities → write. Everything is stored when it returns; if a FHIR service is not available nothing may be acknowledged.

mod answer;
mod deliver;

use std::sync::Arc;

use crate::device_message::{DeviceMessage, MessageError};
use crate::fhir_client::FhirError;
use crate::fhir_mapping::FhirTemplate;
use crate::mappings::{MappingFiles, Mappings};
use crate::measurement_group::{MeasurementGroup, by_period, by_subject};
use crate::metrics::{Failure, Metrics};
use crate::normalize::normalize;
use crate::observation::usable;
pub use answer::{MessageAnswer, StoredObservation};
pub use deliver::Delivery;

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

/// Takes messages to the FHIR services.
pub struct Pipeline {
    mappings: Arc<MappingFiles>,
    destinations: Vec<Arc<Delivery>>,
    metrics: Arc<Metrics>,
}

/// A group that is ready to become part of an Observation.
struct Prepared<'m> {
    message: usize,
    /// The device template of each of its measurements.
    device_templates: Vec<usize>,
    template: &'m FhirTemplate,
    group: MeasurementGroup,
}

impl Pipeline {
    /// Takes messages to these destinations, each of them all messages.
    pub fn new(mappings: Arc<MappingFiles>, destinations: Vec<Arc<Delivery>>, metrics: Arc<Metrics>) -> Self {
        Self {
            mappings,
            destinations,
            metrics,
        }
    }

    /// Takes the messages of one request, in their order. One answer for each.
    pub async fn process(&self, texts: &[Result<String, String>]) -> Result<Vec<MessageAnswer>, NotNow> {
        let mappings = self.mappings.in_service().ok_or(NotNow::NoMapping)?;
        let mut answers: Vec<MessageAnswer> = Vec::with_capacity(texts.len());
        let mut prepared = Vec::new();
        for (index, text) in texts.iter().enumerate() {
            let mut answer = MessageAnswer::of(index);
            match text {
                Ok(text) => self.prepare(index, text, &mappings, &mut answer, &mut prepared),
                Err(reason) => self.fail(&mut answer, Failure::Message, reason),
            }
            answers.push(answer);
        }
        for destination in &self.destinations {
            for (group, result) in destination
                .deliver(&prepared, mappings.fhir.compatibility)
                .await?
            {
                let Some(answer) = prepared
                    .get(group)
                    .and_then(|group| answers.get_mut(group.message))
                else {
                    continue;
                };
                let Some(Prepared {
                    device_templates,
                    group,
                    ..
                }) = prepared.get(group)
                else {
                    continue;
                };
                match result {
                    Ok(stored) => {
                        self.metrics.stored(&stored.destination, stored.outcome);
                        answer.observations.push(stored);
                    }
                    Err(error) => {
                        for template in device_templates {
                            self.metrics.failed(error.failure());
                            tracing::warn!(
                                template,
                                failure = error.failure().name(),
                                destination = destination.name(),
                                "a measurement was not stored"
                            );
                            let (type_name, destination) = (&group.subject.type_name, destination.name());
                            answer.not_stored(*template, type_name, Some(destination), &error.to_string());
                        }
                    }
                }
            }
        }
        self.metrics.acknowledged(&answers);
        Ok(answers)
    }

    /// Normalizes and groups one message. Pure, but for counting.
    fn prepare<'m>(
        &self,
        index: usize,
        text: &str,
        mappings: &'m Mappings,
        answer: &mut MessageAnswer,
        prepared: &mut Vec<Prepared<'m>>,
    ) {
        let message: Result<DeviceMessage, MessageError> =
            DeviceMessage::read(text, mappings.device.compatibility);
        let message = match message {
            Ok(message) => message,
            Err(error) => return self.fail(answer, Failure::Message, &error.to_string()),
        };
        let normalized = normalize(&message, &mappings.device);
        answer.measurements = normalized.measurements.len();
        for error in &normalized.errors {
            self.metrics.failed(Failure::Normalization);
            let (template, field) = (error.template, error.field.as_str());
            tracing::warn!(template, field, line = error.line, column = error.column, cause = %error.cause, "a measurement could not be extracted");
            answer.not_extracted(error);
        }
        for (subject, of_subject) in
            by_subject(normalized.measurements.iter().map(|(_, measurement)| measurement))
        {
            let device_template = |position: usize| {
                let measurement = normalized.measurements.get(position);
                measurement.map_or(0, |(template, _)| *template)
            };
            let Some(template) = mappings.fhir.template(&subject.type_name) else {
                for template in of_subject.iter().map(|(position, _)| device_template(*position)) {
                    self.metrics.failed(Failure::FhirMapping);
                    tracing::warn!(
                        template,
                        "a measurement's type has no template in the FHIR mapping"
                    );
                    answer.no_template(template, &subject.type_name);
                }
                continue;
            };
            let compatibility = mappings.fhir.compatibility;
            let (of_subject, refused) = usable(&of_subject, template, compatibility);
            for (position, error) in refused {
                let template = device_template(position);
                self.metrics.failed(Failure::Observation);
                tracing::warn!(template, "a measurement cannot become part of an Observation");
                answer.not_stored(template, &subject.type_name, None, &error.to_string());
            }
            let groups = by_period(&subject, &of_subject, template, compatibility).into_iter();
            prepared.extend(groups.map(|group| Prepared {
                message: index,
                device_templates: group.members.iter().copied().map(device_template).collect(),
                template,
                group,
            }));
        }
    }

    fn fail(&self, answer: &mut MessageAnswer, failure: Failure, message: &str) {
        self.metrics.failed(failure);
        tracing::warn!(failure = failure.name(), "a message could not be read");
        answer.unreadable(message);
    }
}
