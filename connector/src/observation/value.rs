//! The value of an Observation or of a component: made new, or merged with the one that is there.

mod sampled_data;

use std::sync::Arc;

use super::ObservationError;
use super::create::concept;
use super::decimal::decimal;
use crate::compatibility::Compatibility;
use crate::date_time::Instant;
use crate::json::{Json, Number, Object};
use crate::mapping::fhir::{Boundary, ValueKind, ValueTemplate};

/// The values of one name with their times, and the period of their Observation.
#[derive(Clone, Copy)]
pub(super) struct Series<'v> {
    pub(super) values: &'v [(Instant, String)],
    pub(super) within: Boundary,
}

/// The name of the element that holds the value.
pub(super) fn element(kind: &ValueKind) -> &'static str {
    match kind {
        ValueKind::SampledData { .. } => "valueSampledData",
        ValueKind::Quantity { .. } => "valueQuantity",
        ValueKind::String => "valueString",
        ValueKind::CodeableConcept(_) => "valueCodeableConcept",
    }
}

/// Can this text become a value, or part of one?
pub(super) fn check(
    wanted: &ValueTemplate,
    text: &str,
    compatibility: Compatibility,
) -> Result<(), ObservationError> {
    match &wanted.kind {
        ValueKind::SampledData { .. } => sampled_data::sample(&wanted.name, text, compatibility).map(|_| ()),
        ValueKind::Quantity { .. } => quantity(&wanted.name, text, compatibility).map(|_| ()),
        ValueKind::String if compatibility == Compatibility::Strict && text.trim().is_empty() => {
            Err(ObservationError::BlankText {
                name: wanted.name.clone(),
            })
        }
        ValueKind::String | ValueKind::CodeableConcept(_) => Ok(()),
    }
}

/// Makes a value; nothing where it would be empty, which FHIR does not know.
pub(super) fn create(
    wanted: &ValueTemplate,
    series: Series<'_>,
    compatibility: Compatibility,
) -> Result<Option<Json>, ObservationError> {
    let name = &wanted.name;
    match &wanted.kind {
        ValueKind::SampledData {
            default_period,
            step_ticks,
            unit,
        } => {
            let data = sampled_data::on_grid(name, series, *step_ticks, compatibility)?;
            let zero = ("value", Some(Json::integer(0)));
            Ok(Some(object([
                (
                    "origin",
                    Some(object([zero, ("unit", unit.as_deref().map(Json::text))])),
                ),
                ("period", Some(Json::Number(default_period.clone()))),
                ("dimensions", Some(Json::integer(1))),
                ("data", Some(Json::text(data))),
            ])))
        }
        ValueKind::Quantity { unit, system, code } => {
            let digits = quantity(name, single(name, series, "Quantity")?, compatibility)?;
            Ok(Some(object([
                ("value", Some(Json::Number(Number::keeping_digits(&digits)))),
                ("unit", unit.as_deref().map(Json::text)),
                ("system", system.as_deref().map(Json::text)),
                ("code", code.as_deref().map(Json::text)),
            ])))
        }
        ValueKind::String => {
            let text = single(name, series, "String")?;
            Ok(Some(text).filter(|text| !text.trim().is_empty()).map(Json::text))
        }
        ValueKind::CodeableConcept(wanted) => {
            Ok(Some(wanted).filter(|wanted| !wanted.is_empty()).map(concept))
        }
    }
}

/// The digits of a quantity.
fn quantity(name: &str, text: &str, compatibility: Compatibility) -> Result<String, ObservationError> {
    decimal(text, compatibility).ok_or_else(|| ObservationError::NotADecimal {
        name: name.to_owned(),
        kind: "Quantity",
    })
}

/// Merges new values into an existing one: a series keeps its other samples, anything else is replaced.
pub(super) fn merge(
    wanted: &ValueTemplate,
    series: Series<'_>,
    existing: &Json,
    stored: Boundary,
    compatibility: Compatibility,
) -> Result<Option<Json>, ObservationError> {
    match (&wanted.kind, existing) {
        (
            ValueKind::SampledData {
                default_period,
                step_ticks,
                ..
            },
            Json::Object(members),
        ) => {
            let data =
                sampled_data::merged(&wanted.name, series, existing, stored, *step_ticks, compatibility)?;
            let mut members: Object = (**members).clone();
            members.insert(Arc::from("period"), Json::Number(default_period.clone()));
            members.insert(Arc::from("data"), Json::text(data));
            Ok(Some(Json::Object(Arc::new(members))))
        }
        _ => create(wanted, series, compatibility),
    }
}

/// The one value of a series; the same value at the same time twice is one.
fn single<'v>(name: &str, series: Series<'v>, kind: &'static str) -> Result<&'v str, ObservationError> {
    match series.values {
        [first, others @ ..] if others.iter().all(|other| other == first) => Ok(&first.1),
        values => Err(ObservationError::SeveralValues {
            name: name.to_owned(),
            count: values.len(),
            kind,
        }),
    }
}

fn object<const N: usize>(members: [(&str, Option<Json>); N]) -> Json {
    let given = members
        .into_iter()
        .filter_map(|(name, value)| Some((Arc::from(name), value?)));
    Json::Object(Arc::new(given.collect()))
}
