//! Groups the measurements of one message into the Observations they will be part of. Pure; no measurement is lost,
//! none is in two groups.

mod place;

use crate::compatibility::Compatibility;
use crate::date_time::Instant;
use crate::mapping::fhir::{Boundary, FhirTemplate, PeriodInterval};
use crate::measurement::Measurement;
use indexmap::IndexMap;
use place::Places;

/// What must be equal for measurements to share an Observation (apart from time).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Subject {
    /// The type, as the device template spells it.
    pub type_name: String,
    /// The device's identifier.
    pub device_id: String,
    /// The patient's identifier.
    pub patient_id: Option<String>,
    /// The encounter's identifier.
    pub encounter_id: Option<String>,
    /// The correlation id.
    pub correlation_id: Option<String>,
}

/// Measurements that share an Observation.
#[derive(Clone, Debug)]
pub struct MeasurementGroup {
    /// What they have in common.
    pub subject: Subject,
    /// First and last instant.
    pub boundary: Boundary,
    /// The interval of the template.
    pub interval: PeriodInterval,
    /// Values by name with their times, in the order of time; of one time in the order of the message.
    pub values: IndexMap<String, Vec<(Instant, String)>>,
    /// Positions of the measurements in the list that was grouped.
    pub members: Vec<usize>,
    /// Names of which another value of the same instant is left out (compatibility mode).
    pub left_out: Vec<String>,
    /// Which one it is of the groups of its subject and instant, counted from 0. There are several where single measurements have
    /// other values of one name (strict mode).
    pub place: usize,
}

/// Measurements with a common subject, with their positions in the message.
pub type BySubject<'m> = IndexMap<Subject, Vec<(usize, &'m Measurement)>>;

/// First step: by subject, in the order of the message.
pub fn by_subject<'m>(measurements: impl Iterator<Item = &'m Measurement>) -> BySubject<'m> {
    let mut subjects = BySubject::new();
    for (index, measurement) in measurements.enumerate() {
        let subject = Subject {
            type_name: measurement.type_name.clone(),
            device_id: measurement.device_id.clone(),
            patient_id: measurement.patient_id.clone(),
            encounter_id: measurement.encounter_id.clone(),
            correlation_id: measurement.correlation_id.clone(),
        };
        subjects.entry(subject).or_default().push((index, measurement));
    }
    subjects
}

/// Second step: the measurements of one subject by period, or all of them where the correlation id groups. In the strict mode single
/// measurements of one instant share a group only where their values do not exclude each other.
pub fn by_period(
    subject: &Subject,
    measurements: &[(usize, &Measurement)],
    template: &FhirTemplate,
    compatibility: Compatibility,
) -> Vec<MeasurementGroup> {
    let interval = template.period_interval;
    let apart = interval == PeriodInterval::Single && compatibility == Compatibility::Strict;
    let mut places = Places::default();
    let mut groups: IndexMap<(Option<Instant>, usize), MeasurementGroup> = IndexMap::new();
    for &(index, measurement) in measurements {
        let boundary = interval.boundary(measurement.occurrence_time);
        let start = Some(boundary.start).filter(|_| interval != PeriodInterval::CorrelationId);
        let place = if apart {
            places.place(measurement, template)
        } else {
            0
        };
        let group = groups.entry((start, place)).or_insert_with(|| MeasurementGroup {
            subject: subject.clone(),
            boundary,
            interval,
            values: IndexMap::new(),
            members: Vec::new(),
            left_out: Vec::new(),
            place,
        });
        group.boundary.start = group.boundary.start.min(boundary.start);
        group.boundary.end = group.boundary.end.max(boundary.end);
        group.members.push(index);
        for (name, value) in &measurement.properties {
            group
                .values
                .entry(name.clone())
                .or_default()
                .push((measurement.occurrence_time, value.clone()));
        }
    }
    let mut groups: Vec<MeasurementGroup> = groups.into_values().collect();
    for group in &mut groups {
        for (name, values) in &mut group.values {
            values.sort_by_key(|(time, _)| *time);
            if compatibility == Compatibility::IomtFhir && keep_first_of_instant(values) {
                group.left_out.push(name.clone());
            }
        }
    }
    groups
}

/// Of several values of one name and instant the original keeps the first. Is another value left out?
fn keep_first_of_instant(values: &mut Vec<(Instant, String)>) -> bool {
    let mut another = false;
    values.dedup_by(|later, first| {
        let same_instant = later.0 == first.0;
        another |= same_instant && later.1 != first.1;
        same_instant
    });
    another
}

#[cfg(test)]
mod tests;
