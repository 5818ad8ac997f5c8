//! A new Observation from a measurement group.

use std::sync::Arc;

use jiff::Timestamp;

use super::value::{self, Series};
use super::{ObservationError, ObservationKey};
use crate::compatibility::Compatibility;
use crate::date_time::{Instant, fhir_date_time};
use crate::identity::{Identity, SERVICE_SYSTEM, identifier};
use crate::json::{Json, Object};
use crate::mapping::fhir::{Boundary, Coding, Concept, FhirTemplate};
use crate::measurement_group::MeasurementGroup;

/// Makes an Observation. `issued` is the time at which it is made.
pub fn create(
    group: &MeasurementGroup,
    template: &FhirTemplate,
    key: &ObservationKey,
    identity: &Identity,
    issued: Timestamp,
    compatibility: Compatibility,
) -> Result<Json, ObservationError> {
    let mut observation = Object::new();
    let mut set = |name: &str, value: Json| observation.insert(Arc::from(name), value);
    set("resourceType", Json::text("Observation"));
    set("id", Json::text(key.id.as_str()));
    set(
        "identifier",
        Json::array(vec![identifier(SERVICE_SYSTEM, &key.identifier)]),
    );
    set("status", Json::text("final"));
    if !template.category.is_empty() {
        set("category", category(template));
    }
    set("code", code(&group.subject.type_name, &template.codes));
    set("subject", reference("Patient", &identity.patient));
    if let Some(encounter) = &identity.encounter {
        set("encounter", reference("Encounter", encounter));
    }
    set("effectivePeriod", period(group.boundary));
    set("issued", Json::text(fhir_date_time(Instant::from(issued))));
    set("device", reference("Device", &identity.device));
    let series = |name: &str| {
        group.values.get(name).map(|values| Series {
            values,
            within: group.boundary,
        })
    };
    if let Some(wanted) = &template.value
        && let Some(series) = series(&wanted.name)
        && let Some(value) = value::create(wanted, series, compatibility)?
    {
        set(value::element(&wanted.kind), value);
    }
    let mut components = Vec::new();
    for wanted in &template.components {
        if let Some(series) = series(&wanted.value.name) {
            let value = value::create(&wanted.value, series, compatibility)?;
            components.push(component(
                &wanted.value.name,
                &wanted.codes,
                value::element(&wanted.value.kind),
                value,
            ));
        }
    }
    if !components.is_empty() {
        set("component", Json::array(components));
    }
    Ok(Json::Object(Arc::new(observation)))
}

/// An Observation.component whose key is the value's name.
pub(super) fn component(name: &str, codes: &[Coding], element: &str, value: Option<Json>) -> Json {
    let mut members = Object::new();
    members.insert(Arc::from("code"), code(name, codes));
    members.extend(value.map(|value| (Arc::from(element), value)));
    Json::object_of(members)
}

/// The category of the template.
pub(super) fn category(template: &FhirTemplate) -> Json {
    Json::array(template.category.iter().map(concept).collect())
}

/// `Period` with all digits of its ends.
pub(super) fn period(boundary: Boundary) -> Json {
    let end = |instant| Json::text(fhir_date_time(instant));
    Json::object([("start", end(boundary.start)), ("end", end(boundary.end))])
}

/// A CodeableConcept: the codings that say something, and the text if there is one.
pub(super) fn concept(concept: &Concept) -> Json {
    let mut members = Object::new();
    let codings: Vec<Json> = concept.codes.iter().filter_map(coding).collect();
    if !codings.is_empty() {
        members.insert(Arc::from("coding"), Json::array(codings));
    }
    if let Some(text) = &concept.text {
        members.insert(Arc::from("text"), Json::text(text.as_str()));
    }
    Json::Object(Arc::new(members))
}

/// The codings of the mapping, and one of ours by which the code is found again.
fn code(name: &str, codes: &[Coding]) -> Json {
    let own = Coding {
        system: Some(SERVICE_SYSTEM.to_owned()),
        code: Some(name.to_owned()),
        display: Some(name.to_owned()),
    };
    concept(&Concept {
        text: Some(name.to_owned()),
        codes: codes.iter().cloned().chain([own]).collect(),
    })
}

fn coding(coding: &Coding) -> Option<Json> {
    let Coding {
        system,
        code,
        display,
    } = coding;
    let members = [("system", system), ("code", code), ("display", display)];
    let members: Object = members
        .into_iter()
        .filter_map(|(name, value)| Some((Arc::from(name), Json::text(value.as_deref()?))))
        .collect();
    if members.is_empty() {
        None
    } else {
        Some(Json::Object(Arc::new(members)))
    }
}

fn reference(resource_type: &str, id: &str) -> Json {
    Json::object([("reference", Json::text(format!("{resource_type}/{id}")))])
}
