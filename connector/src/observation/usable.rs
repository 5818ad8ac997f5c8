//! Which measurements can become part of an Observation at all. What cannot is taken out before measurements are grouped, so that an
//! error costs no other measurement of its period.

use super::ObservationError;
use super::value;
use crate::compatibility::Compatibility;
use crate::mapping::fhir::{FhirTemplate, PeriodInterval};
use crate::measurement::Measurement;

/// Measurements with their positions in the message, and why the others cannot be used.
type Usable<'m> = (Vec<(usize, &'m Measurement)>, Vec<(usize, ObservationError)>);

/// Takes out the measurements that this template can make nothing of.
pub fn usable<'m>(
    measurements: &[(usize, &'m Measurement)],
    template: &FhirTemplate,
    compatibility: Compatibility,
) -> Usable<'m> {
    let mut usable = Vec::with_capacity(measurements.len());
    let mut refused = Vec::new();
    for &(position, measurement) in measurements {
        match check(measurement, template, compatibility) {
            Ok(()) => usable.push((position, measurement)),
            Err(error) => refused.push((position, error)),
        }
    }
    (usable, refused)
}

fn check(
    measurement: &Measurement,
    template: &FhirTemplate,
    compatibility: Compatibility,
) -> Result<(), ObservationError> {
    let correlated = measurement
        .correlation_id
        .as_deref()
        .is_some_and(|id| !id.trim().is_empty());
    if template.period_interval == PeriodInterval::CorrelationId && !correlated {
        return Err(ObservationError::NoCorrelationId {
            type_name: measurement.type_name.clone(),
        });
    }
    for wanted in template.values() {
        let texts = measurement
            .properties
            .iter()
            .filter(|(name, _)| *name == wanted.name);
        for (_, text) in texts {
            value::check(wanted, text, compatibility)?;
        }
    }
    Ok(())
}
