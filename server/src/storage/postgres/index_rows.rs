//! Index entries → the arrays that `write_resources` takes, one element a row. Pure.

use std::collections::HashMap;

use rust_decimal::Decimal;
use sha2::{Digest, Sha256};

use super::names::{Names, UNKNOWN_SYSTEM};
use super::parameter_numbers::ParameterNumbers;
use crate::definitions::search_parameter::{ParameterId, ParameterKind};
use crate::search::index::{CompositeValue, IndexEntries, ReferenceTarget};

/// Characters of a folded string that are compared by prefix.
pub const STRING_PREFIX: usize = 256;
/// Bytes of a code, URI or id that an index row takes; a longer one is cut and a digest put in place of its end.
pub const LONGEST_KEY: usize = 512;
const KEPT_OF_LONG_KEY: usize = 440;

/// Microseconds before and after everything: what an open end is stored as. Their difference is a bigint.
const BEFORE_ALL: i64 = -(1 << 62);
const AFTER_ALL: i64 = (1 << 62) - 1;

/// `extreme`: the smallest value of a parameter in a resource.
pub const SMALLEST: i16 = 1;
/// `extreme`: the largest.
pub const LARGEST: i16 = 2;

/// The rows of several resources; `place` is the resource's position in the write, from 1.
#[derive(Default)]
pub struct IndexRows {
    pub token: TokenRows,
    pub string: StringRows,
    pub reference: ReferenceRows,
    pub date: DateRows,
    pub number: NumberRows,
    pub quantity: QuantityRows,
    pub uri: UriRows,
    pub composite: CompositeRows,
}

#[derive(Default)]
pub struct TokenRows {
    pub place: Vec<i32>,
    pub parameter: Vec<i16>,
    pub system: Vec<i32>,
    pub code: Vec<String>,
}

#[derive(Default)]
pub struct StringRows {
    pub place: Vec<i32>,
    pub parameter: Vec<i16>,
    pub extreme: Vec<i16>,
    pub value: Vec<String>,
    pub whole: Vec<Option<String>>,
    pub original: Vec<Option<String>>,
}

#[derive(Default)]
pub struct ReferenceRows {
    pub place: Vec<i32>,
    pub parameter: Vec<i16>,
    pub target_type: Vec<i16>,
    pub target: Vec<String>,
    pub version: Vec<Option<String>>,
}

#[derive(Default)]
pub struct DateRows {
    pub place: Vec<i32>,
    pub parameter: Vec<i16>,
    pub extreme: Vec<i16>,
    pub low: Vec<i64>,
    pub high: Vec<i64>,
}

#[derive(Default)]
pub struct NumberRows {
    pub place: Vec<i32>,
    pub parameter: Vec<i16>,
    pub extreme: Vec<i16>,
    pub low: Vec<Decimal>,
    pub high: Vec<Decimal>,
}

#[derive(Default)]
pub struct QuantityRows {
    pub place: Vec<i32>,
    pub parameter: Vec<i16>,
    pub extreme: Vec<i16>,
    pub low: Vec<Decimal>,
    pub high: Vec<Decimal>,
    pub system: Vec<i32>,
    pub code: Vec<String>,
    pub unit: Vec<Option<String>>,
}

#[derive(Default)]
pub struct UriRows {
    pub place: Vec<i32>,
    pub parameter: Vec<i16>,
    pub value: Vec<String>,
}

/// The three components' columns: `system1`, `text1`, `low1`, `high1`, then those of the second and the third.
#[derive(Default)]
pub struct CompositeRows {
    pub place: Vec<i32>,
    pub parameter: Vec<i16>,
    pub components: [ComponentColumns; 3],
}

#[derive(Default)]
pub struct ComponentColumns {
    pub system: Vec<Option<i32>>,
    pub text: Vec<Option<String>>,
    pub low: Vec<Option<Decimal>>,
    pub high: Vec<Option<Decimal>>,
}

/// All systems that `entries` name.
pub fn systems(entries: &IndexEntries) -> impl Iterator<Item = &str> {
    let tokens = entries.tokens.iter().filter_map(|entry| entry.system.as_deref());
    let quantities = entries
        .quantities
        .iter()
        .filter_map(|entry| entry.system.as_deref());
    let components = entries
        .composites
        .iter()
        .flat_map(|entry| &entry.components)
        .filter_map(|value| match value {
            CompositeValue::Token { system, .. } | CompositeValue::Quantity { system, .. } => {
                system.as_deref()
            }
            _ => None,
        });
    tokens.chain(quantities).chain(components)
}

/// A key that fits an index row: itself, or its beginning and a digest of the whole.
pub fn key(text: &str) -> String {
    if text.len() <= LONGEST_KEY {
        return text.to_owned();
    }
    let mut end = KEPT_OF_LONG_KEY;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let digest = Sha256::digest(text.as_bytes());
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}#{digest}", &text[..end])
}

/// The part of a folded string that is compared by prefix.
pub fn string_prefix(folded: &str) -> &str {
    folded
        .char_indices()
        .nth(STRING_PREFIX)
        .map_or(folded, |(end, _)| &folded[..end])
}

/// Number and key of what a reference points at.
pub fn reference_key(target: &ReferenceTarget) -> (i16, String) {
    match target {
        ReferenceTarget::Local { resource_type, id } => (resource_type.number(), key(id)),
        ReferenceTarget::Url { url, .. } => (0, key(url)),
    }
}

/// A reference as the text of a composite's component.
pub fn reference_text(target: &ReferenceTarget) -> String {
    match target {
        ReferenceTarget::Local { resource_type, id } => key(&format!("{resource_type}/{id}")),
        ReferenceTarget::Url { url, .. } => key(url),
    }
}

impl IndexRows {
    /// Whether every system has its number.
    pub fn is_complete(&self) -> bool {
        let components = self.composite.components.iter();
        let known = |system: &i32| *system != UNKNOWN_SYSTEM;
        self.token.system.iter().all(known)
            && self.quantity.system.iter().all(known)
            && components
                .flat_map(|component| &component.system)
                .flatten()
                .all(known)
    }

    /// Adds the rows of the resource at `place`. The systems must have been interned.
    pub fn add(&mut self, place: i32, entries: &IndexEntries, parameters: &ParameterNumbers, names: &Names) {
        let rows = &mut self.token;
        for entry in &entries.tokens {
            rows.place.push(place);
            rows.parameter.push(parameters.get(entry.parameter));
            rows.system.push(names.system(entry.system.as_deref()));
            rows.code.push(key(entry.code.as_deref().unwrap_or_default()));
        }
        self.add_strings(place, entries, parameters);
        let rows = &mut self.reference;
        for entry in &entries.references {
            let (target_type, target) = reference_key(&entry.target);
            rows.place.push(place);
            rows.parameter.push(parameters.get(entry.parameter));
            rows.target_type.push(target_type);
            rows.target.push(target);
            rows.version.push(match &entry.target {
                ReferenceTarget::Url { version, .. } => version.as_ref().map(ToString::to_string),
                ReferenceTarget::Local { .. } => None,
            });
        }
        self.add_ranges(place, entries, parameters, names);
        let rows = &mut self.uri;
        for entry in &entries.uris {
            rows.place.push(place);
            rows.parameter.push(parameters.get(entry.parameter));
            rows.value.push(key(&entry.value));
        }
        let rows = &mut self.composite;
        for entry in &entries.composites {
            rows.place.push(place);
            rows.parameter.push(parameters.get(entry.parameter));
            for (index, columns) in rows.components.iter_mut().enumerate() {
                columns.add(entry.components.get(index), names);
            }
        }
    }

    fn add_strings(&mut self, place: i32, entries: &IndexEntries, parameters: &ParameterNumbers) {
        let extremes = extremes(
            entries
                .strings
                .iter()
                .map(|entry| (entry.parameter, &entry.folded)),
        );
        let rows = &mut self.string;
        for (entry, extreme) in entries.strings.iter().zip(extremes) {
            let prefix = string_prefix(&entry.folded);
            rows.place.push(place);
            rows.parameter.push(parameters.get(entry.parameter));
            rows.extreme.push(extreme);
            rows.value.push(prefix.to_owned());
            rows.whole
                .push((prefix.len() < entry.folded.len()).then(|| entry.folded.to_string()));
            // The words of a code are found by `:text`, which knows no case; only strings are asked for exactly.
            let is_string = parameters.registry().get(entry.parameter).kind == ParameterKind::String;
            rows.original
                .push((is_string && entry.text != entry.folded).then(|| entry.text.to_string()));
        }
    }

    fn add_ranges(
        &mut self,
        place: i32,
        entries: &IndexEntries,
        parameters: &ParameterNumbers,
        names: &Names,
    ) {
        let marks = extremes(entries.dates.iter().map(|entry| (entry.parameter, &entry.low)));
        let rows = &mut self.date;
        for (entry, extreme) in entries.dates.iter().zip(marks) {
            rows.place.push(place);
            rows.parameter.push(parameters.get(entry.parameter));
            rows.extreme.push(extreme);
            rows.low.push(entry.low.clamp(BEFORE_ALL, AFTER_ALL));
            rows.high.push(entry.high.clamp(BEFORE_ALL, AFTER_ALL));
        }
        let marks = extremes(entries.numbers.iter().map(|entry| (entry.parameter, &entry.low)));
        let rows = &mut self.number;
        for (entry, extreme) in entries.numbers.iter().zip(marks) {
            rows.place.push(place);
            rows.parameter.push(parameters.get(entry.parameter));
            rows.extreme.push(extreme);
            rows.low.push(entry.low);
            rows.high.push(entry.high);
        }
        let marks = extremes(
            entries
                .quantities
                .iter()
                .map(|entry| (entry.parameter, &entry.low)),
        );
        let rows = &mut self.quantity;
        for (entry, extreme) in entries.quantities.iter().zip(marks) {
            rows.place.push(place);
            rows.parameter.push(parameters.get(entry.parameter));
            rows.extreme.push(extreme);
            rows.low.push(entry.low);
            rows.high.push(entry.high);
            rows.system.push(names.system(entry.system.as_deref()));
            rows.code.push(key(entry.code.as_deref().unwrap_or_default()));
            rows.unit.push(entry.unit.as_deref().map(key));
        }
    }
}

impl ComponentColumns {
    fn add(&mut self, value: Option<&CompositeValue>, names: &Names) {
        let (system, text, low, high) = match value {
            None => (None, None, None, None),
            Some(CompositeValue::Token { system, code }) => {
                let code = key(code.as_deref().unwrap_or_default());
                (Some(names.system(system.as_deref())), Some(code), None, None)
            }
            Some(CompositeValue::String { folded }) => {
                (None, Some(string_prefix(folded).to_owned()), None, None)
            }
            Some(CompositeValue::Uri(uri)) => (None, Some(key(uri)), None, None),
            Some(CompositeValue::Reference(target)) => (None, Some(reference_text(target)), None, None),
            Some(CompositeValue::Date { low, high }) => {
                (None, None, Some(Decimal::from(*low)), Some(Decimal::from(*high)))
            }
            Some(CompositeValue::Quantity {
                low,
                high,
                system,
                code,
            }) => (
                Some(names.system(system.as_deref())),
                Some(key(code.as_deref().unwrap_or_default())),
                Some(*low),
                Some(*high),
            ),
        };
        self.system.push(system);
        self.text.push(text);
        self.low.push(low);
        self.high.push(high);
    }
}

/// Position and value of the smallest and of the largest.
type Ends<'a, T> = ((usize, &'a T), (usize, &'a T));

/// For each value whether it is its parameter's smallest or largest; one of each a parameter.
fn extremes<'a, T: Ord + 'a>(values: impl Iterator<Item = (ParameterId, &'a T)>) -> Vec<i16> {
    let mut ends: HashMap<ParameterId, Ends<'a, T>> = HashMap::new();
    let mut count = 0;
    for (index, (parameter, value)) in values.enumerate() {
        count = index + 1;
        let (smallest, largest) = ends.entry(parameter).or_insert(((index, value), (index, value)));
        if value < smallest.1 {
            *smallest = (index, value);
        }
        if value > largest.1 {
            *largest = (index, value);
        }
    }
    let mut marks = vec![0; count];
    for ((smallest, _), (largest, _)) in ends.into_values() {
        marks[smallest] |= SMALLEST;
        marks[largest] |= LARGEST;
    }
    marks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_keys_stay_distinct_and_short() {
        let one = key(&"é".repeat(400));
        let other = key(&format!("{}x", "é".repeat(400)));
        assert_ne!(one, other);
        assert!(one.len() <= LONGEST_KEY && other.len() <= LONGEST_KEY);
        assert_eq!(key("short"), "short");
    }

    #[test]
    fn each_parameter_has_one_smallest_and_one_largest_value() {
        let (a, b) = (ParameterId(1), ParameterId(2));
        let values = [(a, 5), (a, 1), (b, 3), (a, 9)];
        let marks = extremes(values.iter().map(|(parameter, value)| (*parameter, value)));
        assert_eq!(marks, [0, SMALLEST, SMALLEST | LARGEST, LARGEST]);
    }
}
