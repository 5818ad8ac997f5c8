//! `map`: which Observations would an empty FHIR service hold in the end? Messages are taken one after the other, as `run` takes them.

use std::collections::HashMap;
use std::io::{self, BufWriter, Write};
use std::sync::Arc;

use indexmap::IndexMap;
use jiff::Timestamp;

use super::normalize::describe;
use super::{CommandError, device_mapping, fhir_mapping, lines};
use crate::arguments::MapArguments;
use crate::device_mapping::DeviceMapping;
use crate::device_message::DeviceMessage;
use crate::fhir_mapping::FhirMapping;
use crate::identity::{Identity, IdentityError, IdentityResolution, logical_id};
use crate::json::{Json, Object};
use crate::measurement::Measurement;
use crate::measurement_group::{Subject, by_period, by_subject};
use crate::normalize::normalize;
use crate::observation::{Change, ObservationError, Plan, key, key_within_second, usable};

pub(super) fn run(arguments: &MapArguments) -> Result<bool, CommandError> {
    let device = device_mapping(&arguments.device_mapping, arguments.compatibility)?;
    let fhir = fhir_mapping(&arguments.fhir_mapping, arguments.compatibility)?;
    let mut mapped = Mapped {
        service: EmptyService {
            identity: arguments.identity,
            patient_of_device: HashMap::new(),
            observations: IndexMap::new(),
        },
        errors: Vec::new(),
        now: Timestamp::now(),
    };
    for line in lines(io::stdin().lock()) {
        let (number, bytes) = line?;
        if !bytes.trim_ascii().is_empty() {
            mapped.message(number, &bytes, &device, &fhir);
        }
    }
    let without_errors = mapped.errors.is_empty();
    let observations = mapped.service.observations.into_values().collect();
    let answer = Json::object([
        ("observations", Json::array(observations)),
        ("errors", Json::array(mapped.errors)),
    ]);
    let mut output = BufWriter::new(io::stdout().lock());
    writeln!(output, "{answer}")?;
    output.flush()?;
    Ok(without_errors)
}

/// Why a measurement did not become part of an Observation.
#[derive(Clone, Debug, thiserror::Error)]
enum MapError {
    #[error("the FHIR mapping has no template for type {0:?}")]
    NoTemplate(String),
    #[error(transparent)]
    Identity(#[from] IdentityError),
    #[error(transparent)]
    Observation(#[from] ObservationError),
}

struct Mapped {
    service: EmptyService,
    errors: Vec<Json>,
    now: Timestamp,
}

impl Mapped {
    fn message(&mut self, line: usize, bytes: &[u8], device: &DeviceMapping, fhir: &FhirMapping) {
        let message = match DeviceMessage::read_bytes(bytes, device.compatibility) {
            Ok(message) => message,
            Err(error) => return self.error(line, Object::new(), &error.to_string()),
        };
        let normalized = normalize(&message, device);
        for error in &normalized.errors {
            self.error(line, describe(error), &error.to_string());
        }
        let mut failed = Vec::new();
        for (subject, measurements) in
            by_subject(normalized.measurements.iter().map(|(_, measurement)| measurement))
        {
            failed.extend(self.subject(&subject, &measurements, fhir));
        }
        failed.sort_by_key(|(position, _)| *position);
        for (position, error) in failed {
            let Some((template, measurement)) = normalized.measurements.get(position) else {
                continue;
            };
            let template = Json::integer(i64::try_from(*template).unwrap_or(i64::MAX));
            let named = Object::from_iter([
                (Arc::from("template"), template),
                (Arc::from("type"), Json::text(measurement.type_name.as_str())),
            ]);
            self.error(line, named, &error.to_string());
        }
    }

    /// Maps the measurements of one subject; gives the position of each measurement that is in no Observation.
    fn subject(
        &mut self,
        subject: &Subject,
        measurements: &[(usize, &Measurement)],
        fhir: &FhirMapping,
    ) -> Vec<(usize, MapError)> {
        let all_fail = |measurements: &[(usize, &Measurement)], error: MapError| {
            let each = measurements.iter();
            each.map(|(position, _)| (*position, error.clone())).collect()
        };
        let Some(template) = fhir.template(&subject.type_name) else {
            return all_fail(measurements, MapError::NoTemplate(subject.type_name.clone()));
        };
        let (measurements, refused) = usable(measurements, template, fhir.compatibility);
        let refused = refused.into_iter();
        let mut failed: Vec<(usize, MapError)> = refused
            .map(|(position, error)| (position, error.into()))
            .collect();
        if measurements.is_empty() {
            return failed;
        }
        let identity = match self.service.resolve(subject) {
            Ok(identity) => identity,
            Err(error) => {
                failed.extend(all_fail(&measurements, error.into()));
                return failed;
            }
        };
        for group in by_period(subject, &measurements, template, fhir.compatibility) {
            let plan = Plan {
                group: &group,
                template,
                identity: &identity,
                compatibility: fhir.compatibility,
            };
            if let Err(error) = self.service.store(&plan, self.now) {
                let members = group.members.iter();
                failed.extend(members.map(|position| (*position, error.clone().into())));
            }
        }
        failed
    }

    fn error(&mut self, line: usize, mut members: Object, message: &str) {
        members.insert(Arc::from("message"), Json::text(message));
        members.shift_insert(
            0,
            Arc::from("line"),
            Json::integer(i64::try_from(line).unwrap_or(i64::MAX)),
        );
        self.errors.push(Json::object_of(members));
    }
}

/// A FHIR service that holds nothing but what this run puts into it.
struct EmptyService {
    identity: IdentityResolution,
    patient_of_device: HashMap<String, String>,
    observations: IndexMap<String, Json>,
}

impl EmptyService {
    fn resolve(&mut self, subject: &Subject) -> Result<Identity, IdentityError> {
        if self.identity != IdentityResolution::Create {
            // Nothing exists that could be looked up.
            return Err(IdentityError::NotFound("Device"));
        }
        let given = subject.patient_id.as_deref().filter(|id| !id.trim().is_empty());
        let known = self.patient_of_device.get(&subject.device_id);
        let patient = match (known, given) {
            (Some(known), Some(given)) if known != given => return Err(IdentityError::OtherPatient),
            (Some(known), _) => known.clone(),
            (None, Some(given)) => given.to_owned(),
            (None, None) => return Err(IdentityError::NoPatientId),
        };
        self.patient_of_device
            .insert(subject.device_id.clone(), patient.clone());
        Ok(Identity {
            patient: logical_id("", &patient),
            device: logical_id("", &subject.device_id),
            encounter: None,
        })
    }

    fn store(&mut self, plan: &Plan<'_>, now: Timestamp) -> Result<(), ObservationError> {
        let mut key = key(plan.group, plan.identity)?;
        loop {
            match plan.change(&key, self.observations.get(&key.id), now)? {
                Change::Create(observation) | Change::Update(observation) => {
                    self.observations.insert(key.id, observation);
                }
                Change::Unchanged => {}
                Change::Taken => {
                    key = key_within_second(plan.group, plan.identity);
                    continue;
                }
            }
            return Ok(());
        }
    }
}
