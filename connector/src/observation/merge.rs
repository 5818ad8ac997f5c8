//! An existing Observation with the values of a measurement group merged in.

use std::sync::Arc;

use super::create::{category, component, period};
use super::value::{self, Series};
use super::{ObservationError, ObservationKey};
use crate::compatibility::Compatibility;
use crate::date_time::parse_timestamp;
use crate::identity::SERVICE_SYSTEM;
use crate::json::{Json, Object};
use crate::mapping::fhir::{Boundary, FhirTemplate, ValueTemplate};
use crate::measurement_group::MeasurementGroup;

/// Merges the group into the Observation. Nothing if that changes nothing; else the status is `amended`.
pub fn merge(
    group: &MeasurementGroup,
    template: &FhirTemplate,
    existing: &Json,
    compatibility: Compatibility,
) -> Result<Option<Json>, ObservationError> {
    let Json::Object(members) = existing else {
        return Err(ObservationError::Unreadable("content"));
    };
    let mut merged: Object = (**members).clone();
    let stored = effective(existing)?;
    let boundary = Boundary {
        start: stored.start.min(group.boundary.start),
        end: stored.end.max(group.boundary.end),
    };
    if template.category.is_empty() {
        merged.shift_remove("category");
    } else {
        merged.insert(Arc::from("category"), category(template));
    }
    let series = |name: &str| {
        group.values.get(name).map(|values| Series {
            values,
            within: boundary,
        })
    };
    if let Some(wanted) = &template.value
        && let Some(series) = series(&wanted.name)
    {
        merge_value(&mut merged, wanted, series, stored, compatibility)?;
    }
    let mut components = existing
        .member("component")
        .map(Json::elements)
        .unwrap_or_default()
        .to_vec();
    for wanted in &template.components {
        let Some(series) = series(&wanted.value.name) else {
            continue;
        };
        match components
            .iter_mut()
            .find(|component| is_component(component, &wanted.value.name))
        {
            Some(found) => {
                let Json::Object(members) = &*found else { continue };
                let mut members: Object = (**members).clone();
                merge_value(&mut members, &wanted.value, series, stored, compatibility)?;
                *found = Json::Object(Arc::new(members));
            }
            None => {
                let value = value::create(&wanted.value, series, compatibility)?;
                let element = value::element(&wanted.value.kind);
                components.push(component(&wanted.value.name, &wanted.codes, element, value));
            }
        }
    }
    if !components.is_empty() {
        merged.insert(Arc::from("component"), Json::array(components));
    }
    if boundary != stored || existing.member("effectivePeriod").is_none() {
        merged.retain(|name, _| !name.starts_with("effective") || **name == *"effectivePeriod");
        merged.insert(Arc::from("effectivePeriod"), period(boundary));
    }
    if **members == merged {
        return Ok(None);
    }
    merged.insert(Arc::from("status"), Json::text("amended"));
    Ok(Some(Json::Object(Arc::new(merged))))
}

/// Is the stored Observation the one of this group? Two single measurements within one second are not one
/// (strict mode). Nor is an Observation with another identifier that happens to have the id, nor one of another type.
pub fn belongs_to(
    existing: &Json,
    key: &ObservationKey,
    group: &MeasurementGroup,
    compatibility: Compatibility,
) -> Result<bool, ObservationError> {
    if !has_identifier(existing, key) {
        return Err(ObservationError::Unreadable("identifier"));
    }
    let mut types = service_codes(existing).peekable();
    if types.peek().is_some() && !types.any(|code| code == group.subject.type_name) {
        return Err(ObservationError::OtherMeasurementType {
            type_name: group.subject.type_name.clone(),
        });
    }
    Ok(!super::has_key_within_second(group, compatibility) || effective(existing)? == group.boundary)
}

/// Has the Observation the identifier of this key?
pub fn has_identifier(observation: &Json, key: &ObservationKey) -> bool {
    let identifiers = observation.member("identifier").map(Json::elements);
    let value =
        |identifier: &Json| identifier.member("value").and_then(Json::as_text) == Some(&*key.identifier);
    identifiers.unwrap_or_default().iter().any(value)
}

fn merge_value(
    members: &mut Object,
    wanted: &ValueTemplate,
    series: Series<'_>,
    stored: Boundary,
    compatibility: Compatibility,
) -> Result<(), ObservationError> {
    let element = value::element(&wanted.kind);
    let found = members.keys().find(|name| name.starts_with("value")).cloned();
    let value = match found {
        None => value::create(wanted, series, compatibility)?,
        Some(found) if *found == *element => {
            let existing = members.get(element).cloned().unwrap_or(Json::Null);
            value::merge(wanted, series, &existing, stored, compatibility)?
        }
        Some(found) => {
            let (name, found) = (wanted.name.clone(), found.to_string());
            return Err(ObservationError::OtherType {
                name,
                found,
                wanted: element,
            });
        }
    };
    members.extend(value.map(|value| (Arc::from(element), value)));
    Ok(())
}

fn is_component(component: &Json, name: &str) -> bool {
    service_codes(component).any(|code| code == name)
}

/// What this connector calls an Observation (the type) or a component (the value's name).
fn service_codes(coded: &Json) -> impl Iterator<Item = &str> {
    let codings = coded.member("code").and_then(|code| code.member("coding"));
    codings
        .map(Json::elements)
        .unwrap_or_default()
        .iter()
        .filter(|coding| coding.member("system").and_then(Json::as_text) == Some(SERVICE_SYSTEM))
        .filter_map(|coding| coding.member("code").and_then(Json::as_text))
}

/// Observation.effectivePeriod or effectiveDateTime.
fn effective(observation: &Json) -> Result<Boundary, ObservationError> {
    let instant = |json: Option<&Json>| json.and_then(Json::as_text).and_then(parse_timestamp);
    let boundary = match observation.member("effectivePeriod") {
        Some(period) => (instant(period.member("start")), instant(period.member("end"))),
        None => {
            let at = instant(
                observation
                    .member("effectiveDateTime")
                    .or(observation.member("effectiveInstant")),
            );
            (at, at)
        }
    };
    match boundary {
        (Some(start), Some(end)) => Ok(Boundary { start, end }),
        _ => Err(ObservationError::Unreadable("effective period")),
    }
}
