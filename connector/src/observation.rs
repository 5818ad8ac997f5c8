//! Observations: a measurement group × a FHIR template → a new Observation, or an existing one with the group's values
//! merged in. Pure. See <https://hl7.org/fhir/R4/observation.html>.

mod create;
mod decimal;
mod merge;
mod usable;
mod value;

use jiff::Timestamp;

use crate::compatibility::Compatibility;
use crate::date_time::{Instant, identifier_segment, identifier_segment_with_fraction};
use crate::identity::{Identity, SERVICE_SYSTEM, logical_id};
use crate::json::Json;
use crate::mapping::fhir::{Boundary, FhirTemplate, PeriodInterval};
use crate::measurement_group::MeasurementGroup;

use create::create;
pub use merge::has_identifier;
use merge::{belongs_to, merge};
pub use usable::usable;

/// Why a group cannot become an Observation.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ObservationError {
    /// The template groups by correlation id, and the measurement has none.
    #[error("type {type_name} groups by correlation id (periodInterval -1), but the measurement has none")]
    NoCorrelationId {
        /// `typeName` of the measurement and of its template.
        type_name: String,
    },
    /// Several values where the FHIR type holds one.
    #[error(
        "value {name}: {count} values in one period, but {kind} holds one; use SampledData or a shorter period"
    )]
    SeveralValues {
        /// The value's name.
        name: String,
        /// How many there are.
        count: usize,
        /// The FHIR type.
        kind: &'static str,
    },
    /// A value that is no decimal number.
    #[error("value {name}: {kind} needs a decimal number such as 72.5")]
    NotADecimal {
        /// The value's name.
        name: String,
        /// The FHIR type.
        kind: &'static str,
    },
    /// A text of white space where FHIR wants one that says something.
    #[error("value {name}: the string is blank, which FHIR does not allow; send a value or null")]
    BlankText {
        /// The value's name.
        name: String,
    },
    /// A series that would be too long.
    #[error("value {name}: the period holds {slots} samples, more than {most}; use a longer defaultPeriod")]
    TooManySamples {
        /// The value's name.
        name: String,
        /// How many there would be.
        slots: i128,
        /// How many are allowed.
        most: i128,
    },
    /// The stored Observation holds another type of value.
    #[error("value {name}: the stored Observation holds {found}, the mapping says {wanted}")]
    OtherType {
        /// The value's name.
        name: String,
        /// The element found.
        found: String,
        /// The element wanted.
        wanted: &'static str,
    },
    /// The identifier joins type and segment with a full stop, which either may contain: the stored Observation is of another type.
    #[error(
        "type {type_name}: the stored Observation with this identifier is of another type; use no full stop in types and correlation ids"
    )]
    OtherMeasurementType {
        /// The type of the group.
        type_name: String,
    },
    /// Several stored Observations have the identifier, so that nobody can tell which of them is meant.
    #[error("several stored Observations have the identifier of this one; delete all but one of them")]
    SeveralStored,
    /// The stored Observation is not as this connector writes it.
    #[error("the stored Observation has no {0} that can be merged with")]
    Unreadable(&'static str),
}

/// What names an Observation: a deterministic identifier, and the logical id that is its hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObservationKey {
    /// The identifier's value, in the system [`SERVICE_SYSTEM`].
    pub identifier: String,
    /// Observation.id: SHA-256 of the identifier, 64 hexadecimal digits.
    pub id: String,
}

/// The key of a group's Observation: `{patient}.{device}.{type}.{segment}` of logical ids.
pub fn key(group: &MeasurementGroup, identity: &Identity) -> Result<ObservationKey, ObservationError> {
    let segment = match (group.interval, &group.subject.correlation_id) {
        (PeriodInterval::CorrelationId, Some(correlation)) if !correlation.trim().is_empty() => {
            correlation.clone()
        }
        (PeriodInterval::CorrelationId, _) => {
            return Err(ObservationError::NoCorrelationId {
                type_name: group.subject.type_name.clone(),
            });
        }
        _ if group.place > 0 => segment_within_second(group),
        _ => period_segment(group.boundary, identifier_segment),
    };
    Ok(key_of(group, identity, &segment))
}

/// The key for a single measurement whose second is taken by another one (strict mode; the original would overwrite).
pub fn key_within_second(group: &MeasurementGroup, identity: &Identity) -> ObservationKey {
    key_of(group, identity, &segment_within_second(group))
}

/// Of several groups of one instant the second has `.2` at its end, and so on: the same message comes to the same identifiers again.
fn segment_within_second(group: &MeasurementGroup) -> String {
    let segment = period_segment(group.boundary, identifier_segment_with_fraction);
    match group.place {
        0 => segment,
        place => format!("{segment}.{}", place + 1),
    }
}

/// May a single measurement get a key of its own when its second is taken?
fn has_key_within_second(group: &MeasurementGroup, compatibility: Compatibility) -> bool {
    group.interval == PeriodInterval::Single && compatibility == Compatibility::Strict
}

/// What is to be done with a group's Observation, given what is stored under its key.
#[derive(Debug)]
pub enum Change {
    /// Store this new one.
    Create(Json),
    /// Store this in place of the existing one.
    Update(Json),
    /// Nothing: the existing one already says all of it.
    Unchanged,
    /// The key is taken by another measurement of the same second: use [`key_within_second`].
    Taken,
}

/// Everything that decides about a group's Observation, but for what is stored.
#[derive(Clone, Copy)]
pub struct Plan<'p> {
    /// The measurements that are to become part of one Observation.
    pub group: &'p MeasurementGroup,
    /// The FHIR template of the group's type.
    pub template: &'p FhirTemplate,
    /// Whom it is about.
    pub identity: &'p Identity,
    /// How mappings are read.
    pub compatibility: Compatibility,
}

impl Plan<'_> {
    /// Decides. `now` becomes Observation.issued of a new one.
    pub fn change(
        &self,
        key: &ObservationKey,
        existing: Option<&Json>,
        now: Timestamp,
    ) -> Result<Change, ObservationError> {
        let Plan {
            group,
            template,
            identity,
            compatibility,
        } = *self;
        let Some(existing) = existing else {
            return create(group, template, key, identity, now, compatibility).map(Change::Create);
        };
        if !belongs_to(existing, key, group, compatibility)? {
            return Ok(Change::Taken);
        }
        Ok(merge(group, template, existing, compatibility)?.map_or(Change::Unchanged, Change::Update))
    }
}

fn period_segment(boundary: Boundary, print: fn(Instant) -> String) -> String {
    format!("{}.{}", print(boundary.start), print(boundary.end))
}

fn key_of(group: &MeasurementGroup, identity: &Identity, segment: &str) -> ObservationKey {
    let identifier = format!(
        "{}.{}.{}.{segment}",
        identity.patient, identity.device, group.subject.type_name
    );
    let id = logical_id(SERVICE_SYSTEM, &identifier);
    ObservationKey { identifier, id }
}

#[cfg(test)]
mod tests;
