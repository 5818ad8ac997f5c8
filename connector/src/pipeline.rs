//! What happens to messages, from top to bottom: normalize → take out what cannot be used → group → resolve identities → write →
//! say what became of each. Everything is stored when it returns; if a FHIR service is not available nothing may be acknowledged.
//! `run` and `map` both go through here.

mod answer;
mod deliver;

use std::sync::Arc;

use crate::device_mapping::DeviceMapping;
use crate::device_message::ReadMessage;
use crate::fhir_mapping::FhirTemplate;
use crate::fhir_service::{FhirError, FhirService};
use crate::mappings::Mappings;
use crate::measurement::Measurement;
use crate::measurement_group::{MeasurementGroup, by_period, by_subject};
use crate::metrics::Metrics;
use crate::normalize::normalize;
use crate::observation::usable;
pub use answer::{ErrorAnswer, Failure, MessageAnswer};
use answer::{NamedMeasurement, StoredObservation};
pub use deliver::Delivery;

/// Takes messages to FHIR services.
pub struct Pipeline<S> {
    destinations: Vec<Delivery<S>>,
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

impl Prepared<'_> {
    /// Its measurements as errors name them.
    fn measurements(&self) -> impl Iterator<Item = NamedMeasurement<'_>> {
        let members = self.group.members.iter().zip(&self.device_templates);
        members.map(|(position, template)| NamedMeasurement {
            position: *position,
            template: *template,
            type_name: &self.group.subject.type_name,
        })
    }
}

impl<S: FhirService> Pipeline<S> {
    /// Takes messages to these destinations, each of them all messages.
    pub fn new(destinations: Vec<Delivery<S>>, metrics: Arc<Metrics>) -> Self {
        Self {
            destinations,
            metrics,
        }
    }

    /// Takes messages that came together, in their order. One answer for each.
    pub async fn process(
        &self,
        mappings: &Mappings,
        messages: &[ReadMessage],
    ) -> Result<Vec<MessageAnswer>, FhirError> {
        let mut answers: Vec<MessageAnswer> = (0..messages.len()).map(MessageAnswer::of).collect();
        let mut prepared = Vec::new();
        for (message, answer) in messages.iter().zip(&mut answers) {
            let measurements = measurements(message, &mappings.device, answer);
            prepared.extend(prepare(&measurements, mappings, answer));
        }
        for destination in &self.destinations {
            self.deliver(destination, mappings, &prepared, &mut answers)
                .await?;
        }
        for answer in &mut answers {
            answer.order_errors();
        }
        self.metrics.acknowledged(&answers);
        for error in answers.iter().flat_map(|answer| &answer.errors) {
            error.log();
        }
        Ok(answers)
    }

    async fn deliver(
        &self,
        destination: &Delivery<S>,
        mappings: &Mappings,
        prepared: &[Prepared<'_>],
        answers: &mut [MessageAnswer],
    ) -> Result<(), FhirError> {
        let compatibility = mappings.fhir.compatibility;
        for (position, result) in destination.deliver(prepared, compatibility).await? {
            let Some(group) = prepared.get(position) else {
                continue;
            };
            let Some(answer) = answers.get_mut(group.message) else {
                continue;
            };
            match result {
                Ok(stored) => {
                    self.metrics.stored(&stored.destination, stored.outcome);
                    answer.observations.push(stored);
                }
                Err(error) => {
                    for measurement in group.measurements() {
                        let name = Some(destination.name());
                        answer.not_stored(measurement, error.failure(), name, error.to_string());
                    }
                }
            }
        }
        Ok(())
    }
}

/// The first stage: the measurements of a message, each with the index of the device template that found it. Pure.
pub fn measurements(
    message: &ReadMessage,
    mapping: &DeviceMapping,
    answer: &mut MessageAnswer,
) -> Vec<(usize, Measurement)> {
    let message = match message {
        Ok(message) => message,
        Err(error) => {
            answer.unreadable(error);
            return Vec::new();
        }
    };
    let normalized = normalize(message, mapping);
    for error in &normalized.errors {
        answer.not_extracted(error);
    }
    answer.measurements = normalized.measurements.len();
    normalized.measurements
}

/// The second stage: the groups that the measurements of a message make. Pure.
fn prepare<'m>(
    measurements: &[(usize, Measurement)],
    mappings: &'m Mappings,
    answer: &mut MessageAnswer,
) -> Vec<Prepared<'m>> {
    let compatibility = mappings.fhir.compatibility;
    let device_template = |position: usize| measurements.get(position).map_or(0, |(template, _)| *template);
    let mut prepared = Vec::new();
    for (subject, of_subject) in by_subject(measurements.iter().map(|(_, measurement)| measurement)) {
        let named = |position: usize| NamedMeasurement {
            position,
            template: device_template(position),
            type_name: &subject.type_name,
        };
        let Some(template) = mappings.fhir.template(&subject.type_name) else {
            for (position, _) in of_subject {
                answer.no_template(named(position));
            }
            continue;
        };
        let (of_subject, refused) = usable(&of_subject, template, compatibility);
        for (position, error) in refused {
            answer.not_stored(named(position), Failure::Observation, None, error.to_string());
        }
        let groups = by_period(&subject, &of_subject, template, compatibility).into_iter();
        prepared.extend(groups.map(|group| Prepared {
            message: answer.message,
            device_templates: group.members.iter().copied().map(device_template).collect(),
            template,
            group,
        }));
    }
    prepared
}
