//! Positions on Earth, for `near`: <http://hl7.org/fhir/R4/location.html#positional>. What lies within a
//! distance is asked for as a box of latitudes and longitudes, so that its corners may be farther away.

use super::Expected;
use super::number::Written;
use crate::definitions::search_parameter::ParameterId;
use crate::resource::Json;
use crate::search::decimal::Decimal;
use crate::search::index::{CompositeEntry, CompositeValue, IndexEntries};
use crate::search::query::{ComponentMatch, NumberComparison, Prefix, QuantityMatch, UnitMatch};

/// How far is near when no distance is given.
const DEFAULT_KILOMETRES: f64 = 50.0;

/// The length of a degree of latitude.
const KILOMETRES_IN_A_DEGREE: f64 = 111.195;

/// Adds a position as the pair of its latitude and its longitude, in degrees.
pub fn index(element: &Json, parameter: ParameterId, entries: &mut IndexEntries) {
    let degrees = |name| match element.get(name)? {
        Json::Number(digits) => Written::parse(digits).map(|number| number.value()),
        _ => None,
    };
    if let (Some(latitude), Some(longitude)) = (degrees("latitude"), degrees("longitude")) {
        let component = |value| CompositeValue::Quantity {
            low: value,
            high: value,
            system: None,
            code: None,
            unit: None,
        };
        entries.composites.push(CompositeEntry {
            parameter,
            components: vec![component(latitude), component(longitude)],
        });
    }
}

/// What a client asks for: `latitude|longitude|distance|units`, as one box, or two where it crosses the
/// meridian of 180 degrees. Without a distance 50 km are meant, without units kilometres.
///
/// # Errors
/// When a number is missing or out of range, or the unit is not one of length.
pub fn parse(value: &str) -> Result<Vec<Vec<ComponentMatch>>, Expected> {
    let form = Expected(
        "latitude|longitude|distance|units in degrees, such as 52.37|4.9|10|km; units are km, m, [mi_us] or mi",
    );
    let mut parts = value.split('|');
    let mut degrees = |largest: f64| {
        let number = parts.next().and_then(finite).ok_or_else(|| form.clone())?;
        if number.abs() <= largest {
            Ok(number)
        } else {
            Err(form.clone())
        }
    };
    let (latitude, longitude) = (degrees(90.0)?, degrees(180.0)?);
    let distance = match parts.next() {
        None | Some("") => DEFAULT_KILOMETRES,
        Some(text) => finite(text)
            .filter(|distance| *distance >= 0.0)
            .ok_or_else(|| form.clone())?,
    };
    let kilometres = match parts.next() {
        None | Some("" | "km") => distance,
        Some("m") => distance / 1000.0,
        Some("[mi_us]" | "[mi_i]" | "mi") => distance * 1.609_344,
        Some(_) => return Err(form),
    };
    if parts.next().is_some() {
        return Err(form);
    }
    let height = kilometres / KILOMETRES_IN_A_DEGREE;
    let (south, north) = (latitude - height, latitude + height);
    let boxes = longitudes(longitude, height, south, north);
    Ok(boxes
        .into_iter()
        .map(|(west, east)| vec![between(south, north), between(west, east)])
        .collect())
}

/// The ranges of longitude; all of them where the box holds a pole.
fn longitudes(longitude: f64, height: f64, south: f64, north: f64) -> Vec<(f64, f64)> {
    let widest = south.abs().max(north.abs());
    let width = height / widest.to_radians().cos();
    let (west, east) = (longitude - width, longitude + width);
    if widest >= 90.0 || width >= 180.0 {
        vec![(-180.0, 180.0)]
    } else if west < -180.0 {
        vec![(-180.0, east), (west + 360.0, 180.0)]
    } else if east > 180.0 {
        vec![(west, 180.0), (-180.0, east - 360.0)]
    } else {
        vec![(west, east)]
    }
}

fn finite(text: &str) -> Option<f64> {
    Written::parse(text)?;
    text.parse::<f64>().ok().filter(|number| number.is_finite())
}

fn between(low: f64, high: f64) -> ComponentMatch {
    let decimal = |number: f64| {
        let text = format!("{number:e}");
        Written::parse(&text).map_or(Decimal::ZERO, |written| written.value())
    };
    let low = decimal(low);
    // The high end of a range is left out, but 180 degrees are to be found.
    let high = decimal(high).plus(Decimal::new(1, -9));
    ComponentMatch::Quantity(QuantityMatch {
        number: NumberComparison {
            prefix: Prefix::Equal,
            value: low,
            low,
            high,
        },
        unit: UnitMatch::Any,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxes(value: &str) -> Vec<[f64; 4]> {
        let edges = |component: &ComponentMatch| match component {
            ComponentMatch::Quantity(quantity) => [
                quantity.number.low.to_string().parse::<f64>().unwrap(),
                quantity.number.high.to_string().parse::<f64>().unwrap(),
            ],
            _ => unreachable!("a position is a pair of numbers"),
        };
        parse(value)
            .unwrap()
            .iter()
            .map(|pair| {
                let ([south, north], [west, east]) = (edges(&pair[0]), edges(&pair[1]));
                [south, north, west, east].map(|edge| (edge * 100.0).round() / 100.0)
            })
            .collect()
    }

    #[test]
    fn a_distance_is_a_box_around_the_position() {
        assert_eq!(boxes("0|10|111.195|km"), [[-1.0, 1.0, 9.0, 11.0]]);
        assert_eq!(boxes("0|10|111195|m"), [[-1.0, 1.0, 9.0, 11.0]]);
        assert_eq!(boxes("60|10|111.195"), [[59.0, 61.0, 7.94, 12.06]]);
        assert_eq!(
            boxes("0|179.5|111.195"),
            [[-1.0, 1.0, 178.5, 180.0], [-1.0, 1.0, -180.0, -179.5]]
        );
        assert_eq!(boxes("89.9|0|111.195"), [[88.9, 90.9, -180.0, 180.0]]);
        assert_eq!(boxes("1|2"), boxes("1|2|50|km"));
    }

    #[test]
    fn refuses_what_is_no_position() {
        for value in [
            "",
            "1",
            "91|0",
            "0|181",
            "a|b",
            "1|2|-1",
            "1|2|3|parsec",
            "1|2|3|km|4",
            "NaN|1",
            "inf|1",
            "1|2|1e999",
        ] {
            assert!(parse(value).is_err(), "{value}");
        }
    }
}
