//! Index entries → the arrays that `write_resources` takes, one element a row. Pure.

use super::extreme::extremes;
use super::index_key::{key, reference_key, reference_text, string_prefix};
use super::names::{Names, UNKNOWN_SYSTEM};
use super::parameter_numbers::ParameterNumbers;
use crate::definitions::search_parameter::{ParameterId, ParameterKind};
use crate::search::decimal::Decimal;
use crate::search::index::{CompositeValue, ContainedLink, IndexEntries, ReferenceTarget};

/// Microseconds before and after everything: what an open end is stored as. Their difference is a bigint.
const BEFORE_ALL: i64 = -(1 << 62);
const AFTER_ALL: i64 = (1 << 62) - 1;

/// The rows of several resources; `place` is the resource's position in the write, from 1. Contained resources have the
/// places after those of the changes, and negative numbers of parameters: no search takes them for resources.
#[derive(Default)]
pub struct IndexRows {
    /// How many changes there are.
    changes: i32,
    pub contained: ContainedRows,
    pub token: TokenRows,
    pub string: StringRows,
    pub reference: ReferenceRows,
    pub date: DateRows,
    pub number: NumberRows,
    pub quantity: QuantityRows,
    pub uri: UriRows,
    pub composite: CompositeRows,
}

/// Contained resources, and the references that lead to them.
#[derive(Default)]
pub struct ContainedRows {
    /// The place of the resource that holds it, however deep.
    pub container: Vec<i32>,
    /// From 1 in each container.
    pub number: Vec<i16>,
    pub link_holder: Vec<i32>,
    pub link_place: Vec<i32>,
    pub link_parameter: Vec<i16>,
    pub link_type: Vec<i16>,
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
    /// Of a string that is longer than `text`, the whole; of a quantity, the unit as people write it.
    pub more: Vec<Option<String>>,
    pub low: Vec<Option<Decimal>>,
    pub high: Vec<Option<Decimal>>,
}

/// All systems that `entries` name, those of contained resources too.
pub fn systems(entries: &IndexEntries) -> impl Iterator<Item = &str> {
    let contained = entries.contained.iter();
    own_systems(entries).chain(contained.flat_map(|one| own_systems(&one.entries)))
}

fn own_systems(entries: &IndexEntries) -> impl Iterator<Item = &str> {
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

/// Whose rows are added.
struct Of<'a> {
    place: i32,
    /// Whether it is contained in another one.
    is_contained: bool,
    parameters: &'a ParameterNumbers,
    names: &'a Names,
}

impl Of<'_> {
    /// The number under which the values of a parameter stand.
    fn number(&self, parameter: ParameterId) -> i16 {
        let number = self.parameters.get(parameter);
        if self.is_contained { -number } else { number }
    }
}

impl IndexRows {
    /// No rows yet, for so many changes.
    pub fn of_changes(changes: usize) -> IndexRows {
        IndexRows {
            changes: i32::try_from(changes).unwrap_or(i32::MAX / 2),
            ..IndexRows::default()
        }
    }

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

    /// The parameters' numbers of the references that name a version of a resource here.
    pub fn versioned(&self) -> impl Iterator<Item = i16> {
        let rows = &self.reference;
        let places = rows.version.iter().zip(&rows.target_type).zip(&rows.parameter);
        places.filter_map(|((version, target_type), parameter)| {
            (version.is_some() && *target_type != 0).then_some(*parameter)
        })
    }

    /// Adds the rows of the resource at `place`. The systems must have been interned.
    pub fn add(&mut self, place: i32, entries: &IndexEntries, parameters: &ParameterNumbers, names: &Names) {
        let of = |place, is_contained| Of {
            place,
            is_contained,
            parameters,
            names,
        };
        self.add_values(&of(place, false), entries);
        if entries.contained.is_empty() {
            return;
        }
        let before = self.changes + i32::try_from(self.contained.number.len()).unwrap_or(i32::MAX / 2);
        for contained in &entries.contained {
            self.contained.container.push(place);
            self.contained.number.push(contained.number);
            self.add_values(
                &of(before + i32::from(contained.number), true),
                &contained.entries,
            );
        }
        let place_of = |number: i16| match number {
            0 => place,
            number => before + i32::from(number),
        };
        for link in &entries.contained_links {
            let ContainedLink {
                holder,
                parameter,
                resource_type,
                number,
            } = link;
            self.contained.link_holder.push(place_of(*holder));
            self.contained.link_place.push(place_of(*number));
            self.contained.link_parameter.push(parameters.get(*parameter));
            self.contained.link_type.push(resource_type.number());
        }
    }

    fn add_values(&mut self, of: &Of<'_>, entries: &IndexEntries) {
        let (place, names) = (of.place, of.names);
        let rows = &mut self.token;
        for entry in &entries.tokens {
            rows.place.push(place);
            rows.parameter.push(of.number(entry.parameter));
            rows.system.push(names.system(entry.system.as_deref()));
            rows.code.push(key(entry.code.as_deref().unwrap_or_default()));
        }
        self.add_strings(of, entries);
        let rows = &mut self.reference;
        for entry in &entries.references {
            let (target_type, target) = reference_key(&entry.target);
            rows.place.push(place);
            rows.parameter.push(of.number(entry.parameter));
            rows.target_type.push(target_type);
            rows.target.push(target);
            rows.version.push(match &entry.target {
                ReferenceTarget::Url { version, .. } => version.as_ref().map(ToString::to_string),
                ReferenceTarget::Local { version, .. } => version.map(|number| number.to_string()),
            });
        }
        self.add_ranges(of, entries);
        let rows = &mut self.uri;
        for entry in &entries.uris {
            rows.place.push(place);
            rows.parameter.push(of.number(entry.parameter));
            rows.value.push(key(&entry.value));
        }
        let rows = &mut self.composite;
        for entry in &entries.composites {
            rows.place.push(place);
            rows.parameter.push(of.number(entry.parameter));
            for (index, columns) in rows.components.iter_mut().enumerate() {
                columns.add(entry.components.get(index), names);
            }
        }
    }

    fn add_strings(&mut self, of: &Of<'_>, entries: &IndexEntries) {
        let extremes = extremes(
            entries
                .strings
                .iter()
                .map(|entry| (entry.parameter, &entry.folded)),
        );
        let rows = &mut self.string;
        for (entry, extreme) in entries.strings.iter().zip(extremes) {
            let prefix = string_prefix(&entry.folded);
            rows.place.push(of.place);
            rows.parameter.push(of.number(entry.parameter));
            rows.extreme.push(extreme);
            rows.value.push(prefix.to_owned());
            rows.whole
                .push((prefix.len() < entry.folded.len()).then(|| entry.folded.to_string()));
            // The words of a code are found by `:text`, which knows no case; only strings are asked for exactly.
            let is_string = of.parameters.registry().get(entry.parameter).kind == ParameterKind::String;
            rows.original
                .push((is_string && entry.text != entry.folded).then(|| entry.text.to_string()));
        }
    }

    fn add_ranges(&mut self, of: &Of<'_>, entries: &IndexEntries) {
        let names = of.names;
        let marks = extremes(entries.dates.iter().map(|entry| (entry.parameter, &entry.low)));
        let rows = &mut self.date;
        for (entry, extreme) in entries.dates.iter().zip(marks) {
            rows.place.push(of.place);
            rows.parameter.push(of.number(entry.parameter));
            rows.extreme.push(extreme);
            rows.low.push(entry.low.clamp(BEFORE_ALL, AFTER_ALL));
            rows.high.push(entry.high.clamp(BEFORE_ALL, AFTER_ALL));
        }
        let marks = extremes(entries.numbers.iter().map(|entry| (entry.parameter, &entry.low)));
        let rows = &mut self.number;
        for (entry, extreme) in entries.numbers.iter().zip(marks) {
            rows.place.push(of.place);
            rows.parameter.push(of.number(entry.parameter));
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
            rows.place.push(of.place);
            rows.parameter.push(of.number(entry.parameter));
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
        let (mut system, mut text, mut more, mut ends) = (None, None, None, None);
        match value {
            None => {}
            Some(CompositeValue::Token { system: of, code }) => {
                system = Some(names.system(of.as_deref()));
                text = Some(key(code.as_deref().unwrap_or_default()));
            }
            Some(CompositeValue::String { folded }) => {
                let prefix = string_prefix(folded);
                text = Some(prefix.to_owned());
                more = (prefix.len() < folded.len()).then(|| folded.to_string());
            }
            Some(CompositeValue::Uri(uri)) => text = Some(key(uri)),
            Some(CompositeValue::Reference(target)) => text = Some(reference_text(target)),
            Some(CompositeValue::Date { low, high }) => {
                ends = Some((Decimal::from(*low), Decimal::from(*high)))
            }
            Some(CompositeValue::Quantity {
                low,
                high,
                system: of,
                code,
                unit,
            }) => {
                system = Some(names.system(of.as_deref()));
                text = Some(key(code.as_deref().unwrap_or_default()));
                more = unit.as_deref().map(key);
                ends = Some((*low, *high));
            }
        }
        self.system.push(system);
        self.text.push(text);
        self.more.push(more);
        self.low.push(ends.map(|(low, _)| low));
        self.high.push(ends.map(|(_, high)| high));
    }
}
