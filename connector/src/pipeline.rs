//! What happens to messages, from top to bottom: device message → measurements → groups → identities → Observations → what is said of
//! each message. Everything is stored when it returns; if a FHIR service is not available nothing may be acknowledged. `run` and `map`
//! both go through here.

use std::sync::Arc;

use crate::acknowledgement::{Failure, MessageAnswer, NamedMeasurement};
use crate::device_message::ReadMessage;
use crate::fhir_service::{FhirError, FhirService};
use crate::mapping::device::DeviceMapping;
use crate::mapping::in_service::Mappings;
use crate::measurement::Measurement;
use crate::measurement::normalize::normalize;
use crate::measurement_group::{by_period, by_subject};
use crate::metrics::Metrics;
use crate::observation::usable;
use crate::write::destination::{Destination, PreparedGroup};

/// Takes messages to FHIR services.
pub struct Pipeline<S> {
    destinations: Vec<Destination<S>>,
    metrics: Arc<Metrics>,
}

/// A group that is ready to become part of an Observation, and where it comes from.
struct Prepared<'m> {
    message: usize,
    /// The device template of each of its measurements.
    device_templates: Vec<usize>,
    group: PreparedGroup<'m>,
}

impl Prepared<'_> {
    /// Its measurements as errors name them.
    fn measurements(&self) -> impl Iterator<Item = NamedMeasurement<'_>> {
        let group = &self.group.group;
        let members = group.members.iter().zip(&self.device_templates);
        members.map(|(position, template)| NamedMeasurement {
            position: *position,
            template: *template,
            type_name: &group.subject.type_name,
        })
    }
}

impl<S: FhirService> Pipeline<S> {
    /// Takes messages to these destinations, each of them all messages.
    pub fn new(destinations: Vec<Destination<S>>, metrics: Arc<Metrics>) -> Self {
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
        destination: &Destination<S>,
        mappings: &Mappings,
        prepared: &[Prepared<'_>],
        answers: &mut [MessageAnswer],
    ) -> Result<(), FhirError> {
        let groups: Vec<&PreparedGroup<'_>> = prepared.iter().map(|prepared| &prepared.group).collect();
        for (position, result) in destination.deliver(&groups, mappings.fhir.compatibility).await? {
            let Some(prepared) = prepared.get(position) else {
                continue;
            };
            let Some(answer) = answers.get_mut(prepared.message) else {
                continue;
            };
            match result {
                Ok(stored) => {
                    self.metrics.stored(&stored.destination, stored.outcome);
                    answer.observations.push(stored);
                }
                Err(error) => {
                    for measurement in prepared.measurements() {
                        let name = Some(destination.name());
                        answer.not_stored(measurement, Failure::from(&error), name, error.to_string());
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
    if normalized.measurements.is_empty() && normalized.errors.is_empty() {
        answer.no_match();
    }
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
        for &(position, measurement) in &of_subject {
            for (name, _) in &measurement.properties {
                if !template.wants(name) {
                    answer.unused_value(named(position), name, template);
                }
            }
        }
        let (of_subject, refused) = usable(&of_subject, template, compatibility);
        for (position, error) in refused {
            answer.not_stored(named(position), Failure::Observation, None, error.to_string());
        }
        let groups = by_period(&subject, &of_subject, template, compatibility);
        for group in &groups {
            for (name, position) in group.left_out.iter().zip(group.members.iter().cycle()) {
                answer.left_out_value(named(*position), name);
            }
        }
        prepared.extend(groups.into_iter().map(|group| Prepared {
            message: answer.message,
            device_templates: group.members.iter().copied().map(device_template).collect(),
            group: PreparedGroup { group, template },
        }));
    }
    prepared
}
