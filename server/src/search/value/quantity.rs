//! Quantities, <http://hl7.org/fhir/R4/search.html#quantity>: numbers with units.

use compact_str::CompactString;

use super::Expected;
use super::number::{self, Written};
use crate::definitions::path::ElementType;
use crate::definitions::search_parameter::ParameterId;
use crate::resource::{Json, Object};
use crate::search::decimal::Decimal;
use crate::search::index::{IndexEntries, QuantityEntry};
use crate::search::parse::escape;
use crate::search::query::{QuantityMatch, UnitMatch};

/// The system of currencies, by which Money is a quantity.
const CURRENCIES: &str = "urn:iso:std:iso:4217";

/// Adds what `element` says.
pub fn index(element: &Json, element_type: &ElementType, parameter: ParameterId, entries: &mut IndexEntries) {
    let Json::Object(object) = element else {
        return;
    };
    let entry = match element_type {
        ElementType::Money => money(object, parameter),
        ElementType::Range => range(object, parameter),
        ElementType::SampledData => sampled_data(object, parameter),
        _ => quantity(object, parameter),
    };
    entries.quantities.extend(entry);
}

/// A comparator makes the value one end of a range that is open at the other.
fn quantity(quantity: &Object, parameter: ParameterId) -> Option<QuantityEntry> {
    let value = number_of(quantity, "value")?;
    let (low, high) = match text(quantity, "comparator") {
        Some("<" | "<=") => (Decimal::NEGATIVE_INFINITY, value),
        Some(">" | ">=") => (value, Decimal::INFINITY),
        _ => (value, value),
    };
    Some(entry(parameter, low, high, Some(quantity)))
}

fn money(money: &Object, parameter: ParameterId) -> Option<QuantityEntry> {
    let value = number_of(money, "value")?;
    let code = text(money, "currency").map(CompactString::from);
    Some(QuantityEntry {
        parameter,
        low: value,
        high: value,
        system: code.as_ref().map(|_| CompactString::from(CURRENCIES)),
        code,
        unit: None,
    })
}

fn range(range: &Object, parameter: ParameterId) -> Option<QuantityEntry> {
    let (low, high) = number::range_ends(range)?;
    let end = range.get("low").or_else(|| range.get("high"));
    Some(entry(parameter, low, high, end.and_then(Json::as_object)))
}

/// From the smallest to the largest of the samples. Those that are above or below what the device can
/// measure stand for its limits.
fn sampled_data(sampled: &Object, parameter: ParameterId) -> Option<QuantityEntry> {
    let origin = sampled.get("origin").and_then(Json::as_object)?;
    let zero = number_of(origin, "value")?;
    let factor = number_of(sampled, "factor").unwrap_or(Decimal::ONE);
    let samples = text(sampled, "data")?
        .split_whitespace()
        .filter_map(|sample| match sample {
            "E" => None,
            "L" => number_of(sampled, "lowerLimit"),
            "U" => number_of(sampled, "upperLimit"),
            _ => Written::parse(sample).map(|number| number.value()),
        });
    let ends = samples.fold(None, |ends: Option<(Decimal, Decimal)>, sample| match ends {
        None => Some((sample, sample)),
        Some((low, high)) => Some((low.min(sample), high.max(sample))),
    });
    let (low, high) = ends?;
    let scale = |sample: Decimal| sample.times(factor).plus(zero);
    let (first, second) = (scale(low), scale(high));
    Some(entry(
        parameter,
        first.min(second),
        first.max(second),
        Some(origin),
    ))
}

fn entry(parameter: ParameterId, low: Decimal, high: Decimal, unit: Option<&Object>) -> QuantityEntry {
    let part = |name| unit.and_then(|unit| text(unit, name)).map(CompactString::from);
    let code = part("code");
    QuantityEntry {
        parameter,
        low,
        high,
        system: part("system"),
        unit: part("unit").filter(|unit| code.as_ref() != Some(unit)),
        code,
    }
}

fn number_of(object: &Object, name: &str) -> Option<Decimal> {
    match object.get(name)? {
        Json::Number(digits) => Written::parse(digits).map(|number| number.value()),
        _ => None,
    }
}

fn text<'object>(object: &'object Object, name: &str) -> Option<&'object str> {
    object.get(name).and_then(Json::as_str)
}

/// What a client asks for: `number`, `number|system|code`, `number||code` or `number|system|`.
///
/// # Errors
/// When the number or the unit is not understood.
pub fn parse(value: &str) -> Result<QuantityMatch, Expected> {
    let parts: Vec<&str> = escape::split(value, '|').collect();
    let (number, unit) = match parts.as_slice() {
        [number] => (number, UnitMatch::Any),
        [number, system, code] if !code.is_empty() => (number, unit(system, code)),
        [number, "", ""] => (number, UnitMatch::Any),
        [number, system, ""] => (number, UnitMatch::System(escape::unescape(system))),
        _ => {
            return Err(Expected(
                "number, number|system|code, number||code or number|system|",
            ));
        }
    };
    Ok(QuantityMatch {
        number: number::parse(number)?,
        unit,
    })
}

fn unit(system: &str, code: &str) -> UnitMatch {
    let code = escape::unescape(code);
    if system.is_empty() {
        UnitMatch::Code(code)
    } else {
        UnitMatch::SystemAndCode(escape::unescape(system), code)
    }
}
