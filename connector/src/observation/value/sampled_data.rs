//! SampledData: values on a grid of equal steps from the start to the end of the period, both included. A slot holds its
//! last value, an empty one `E`. White space parts the slots, so no value may contain any. See <https://hl7.org/fhir/R4/datatypes.html#SampledData>.

use std::borrow::Cow;

use jiff::SignedDuration;

use super::{ObservationError, Series};
use crate::compatibility::Compatibility;
use crate::date_time::{Instant, TICK_NANOSECONDS};
use crate::json::Json;
use crate::mapping::fhir::Boundary;
use crate::observation::decimal::decimal;

/// The longest series that is written: a day at 10 ms.
const MOST_SLOTS: i128 = 10_000_000;

/// The values of a series on the grid of its period.
pub(super) fn on_grid(
    name: &str,
    series: Series<'_>,
    step_ticks: i64,
    compatibility: Compatibility,
) -> Result<String, ObservationError> {
    let values = samples(name, series, compatibility)?;
    place(name, values.into_iter(), series.within, step_ticks)
}

/// The values of a stored series with new ones over them, on the grid of the period that holds both.
pub(super) fn merged(
    name: &str,
    series: Series<'_>,
    existing: &Json,
    stored: Boundary,
    step_ticks: i64,
    compatibility: Compatibility,
) -> Result<String, ObservationError> {
    let new = samples(name, series, compatibility)?;
    let unreadable = || ObservationError::Unreadable("SampledData");
    let dimensions = existing.member("dimensions").map(Json::to_string);
    if dimensions.is_some_and(|dimensions| dimensions != "1") {
        return Err(unreadable());
    }
    let period = match existing.member("period") {
        Some(Json::Number(period)) => (period.to_double() * 10_000.0).trunc() as i64,
        _ => step_ticks,
    };
    let data = existing
        .member("data")
        .and_then(Json::as_text)
        .ok_or_else(unreadable)?;
    let mut values = Vec::new();
    for (slot, value) in data
        .split(' ')
        .enumerate()
        .filter(|(_, value)| !matches!(*value, "E" | ""))
    {
        let ticks = i64::try_from(slot)
            .ok()
            .and_then(|slot| slot.checked_mul(period))
            .ok_or_else(unreadable)?;
        let offset = ticks
            .checked_mul(100)
            .map(SignedDuration::from_nanos)
            .ok_or_else(unreadable)?;
        let time = stored.start.later(offset).ok_or_else(unreadable)?;
        values.push((time, Cow::Borrowed(value)));
    }
    values.extend(new);
    // Stable: of one time the new value comes last and wins.
    values.sort_by_key(|(time, _)| *time);
    place(name, values.into_iter(), series.within, step_ticks)
}

fn samples<'v>(
    name: &str,
    series: Series<'v>,
    compatibility: Compatibility,
) -> Result<Vec<(Instant, Cow<'v, str>)>, ObservationError> {
    let samples = series.values.iter();
    samples
        .map(|(time, value)| Ok((*time, sample(name, value, compatibility)?)))
        .collect()
}

/// What a series holds for a value. The strict mode lets only numbers, and what FHIR has for none, into it; the original any text,
/// of which ours refuses what would be several samples.
pub(super) fn sample<'v>(
    name: &str,
    value: &'v str,
    compatibility: Compatibility,
) -> Result<Cow<'v, str>, ObservationError> {
    let value = value.trim();
    let sample = match (value, compatibility) {
        ("E" | "U" | "L", _) => Some(Cow::Borrowed(value)),
        (_, Compatibility::Strict) => decimal(value, compatibility).map(Cow::Owned),
        ("", Compatibility::IomtFhir) => Some(Cow::Borrowed("E")),
        (_, Compatibility::IomtFhir) => {
            Some(Cow::Borrowed(value)).filter(|value| !value.contains(char::is_whitespace))
        }
    };
    sample.ok_or_else(|| ObservationError::NotADecimal {
        name: name.to_owned(),
        kind: "SampledData",
    })
}

fn place<'v>(
    name: &str,
    values: impl Iterator<Item = (Instant, Cow<'v, str>)>,
    within: Boundary,
    step_ticks: i64,
) -> Result<String, ObservationError> {
    let ticks = |from: Instant, to: Instant| to.since(from).as_nanos() / TICK_NANOSECONDS;
    let step = i128::from(step_ticks);
    let slots = ticks(within.start, within.end) / step + 1;
    if slots > MOST_SLOTS {
        return Err(ObservationError::TooManySamples {
            name: name.to_owned(),
            slots,
            most: MOST_SLOTS,
        });
    }
    let mut values = values
        .map(|(time, value)| (ticks(within.start, time) / step, value))
        .peekable();
    let mut data = String::new();
    for slot in 0..slots {
        let mut last = None;
        while let Some((_, value)) = values.next_if(|(at, _)| *at <= slot) {
            last = Some(value);
        }
        if slot > 0 {
            data.push(' ');
        }
        data.push_str(last.as_deref().unwrap_or("E"));
    }
    Ok(data)
}
