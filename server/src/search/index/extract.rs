//! From a resource to its index entries: runs the program of every parameter of its type.
//! <http://hl7.org/fhir/R4/search.html#ptypes>

use std::collections::HashSet;
use std::hash::Hash;

use super::{CompositeEntry, CompositeValue, IndexEntries, contained};
use crate::definitions::path::{ElementType, Path, Program};
use crate::definitions::search_parameter::registry::Indexing;
use crate::definitions::search_parameter::{ParameterKind, Registry, SearchParameter};
use crate::resource::{Json, Object, ResourceType};
use crate::search::value::{composite, date, number, position, quantity, reference, string, token, uri};

/// Everything that `resource` says about itself by the parameters of its type. Elements that are not what
/// the standard says they are (a text where a number belongs) are left out.
pub fn extract(registry: &Registry, resource_type: ResourceType, resource: &Object) -> IndexEntries {
    let mut entries = extract_own(registry, resource_type, resource, resource);
    contained::extract(registry, resource_type, resource, &mut entries);
    entries
}

/// What `resource` says about itself, without what it contains. Its references to contained resources lead to those that `scope`
/// contains.
pub(super) fn extract_own(
    registry: &Registry,
    resource_type: ResourceType,
    resource: &Object,
    scope: &Object,
) -> IndexEntries {
    let mut entries = IndexEntries::default();
    for (parameter, indexing) in registry.indexing(resource_type) {
        let before = Lengths::of(&entries);
        match (&indexing.program, parameter.kind) {
            (Program::Condition(condition), _) => {
                if let Some(holds) = condition.holds(resource) {
                    let value = Json::Bool(holds);
                    token::index(&value, &ElementType::Boolean, parameter.id, None, &mut entries);
                }
            }
            (Program::Elements(paths), ParameterKind::Composite) => {
                let extraction = Composite {
                    registry,
                    parameter,
                    indexing,
                    resource,
                };
                extraction.index(paths, &mut entries);
            }
            (Program::Elements(paths), _) => {
                for path in paths {
                    path.each_in(scope, resource, &mut |element| {
                        index(element, &path.element_type, parameter, indexing, &mut entries);
                    });
                }
            }
        }
        before.deduplicate(&mut entries);
    }
    entries
}

/// Adds what one element says for one parameter.
fn index(
    element: &Json,
    element_type: &ElementType,
    parameter: &SearchParameter,
    indexing: &Indexing,
    entries: &mut IndexEntries,
) {
    match parameter.kind {
        ParameterKind::Token => token::index(element, element_type, parameter.id, indexing.of_type, entries),
        ParameterKind::String => string::index(element, element_type, parameter.id, entries),
        ParameterKind::Reference => {
            reference::index(element, element_type, parameter.targets, parameter.id, entries);
        }
        ParameterKind::Date => date::index(element, element_type, parameter.id, entries),
        ParameterKind::Number => number::index(element, element_type, parameter.id, entries),
        ParameterKind::Quantity => quantity::index(element, element_type, parameter.id, entries),
        ParameterKind::Uri => uri::index(element, element_type, parameter.id, entries),
        ParameterKind::Special => position::index(element, parameter.id, entries),
        ParameterKind::Composite => {}
    }
}

/// One composite parameter of one resource.
struct Composite<'a> {
    registry: &'a Registry,
    parameter: &'a SearchParameter,
    indexing: &'a Indexing,
    resource: &'a Object,
}

impl Composite<'_> {
    fn index(&self, paths: &[Path], entries: &mut IndexEntries) {
        for path in paths {
            if path.steps.is_empty() {
                self.index_element(self.resource, entries);
            } else {
                path.each(self.resource, self.resource, &mut |element| {
                    if let Some(element) = element.as_object() {
                        self.index_element(element, entries);
                    }
                });
            }
        }
    }

    fn index_element(&self, element: &Object, entries: &mut IndexEntries) {
        let mut components = Vec::with_capacity(self.parameter.components.len());
        for (index, paths) in self.indexing.components.iter().enumerate() {
            let values = self.component_values(index, paths, element);
            if values.is_empty() {
                return;
            }
            components.push(values);
        }
        for combination in composite::combinations(&components) {
            entries.composites.push(CompositeEntry {
                parameter: self.parameter.id,
                components: combination,
            });
        }
    }

    fn component_values(&self, index: usize, paths: &[Path], element: &Object) -> Vec<CompositeValue> {
        let Some(id) = self.parameter.components.get(index) else {
            return Vec::new();
        };
        let component = self.registry.get(*id);
        let plain = Indexing {
            program: Program::Elements(Vec::new()),
            of_type: None,
            components: Vec::new(),
        };
        let mut entries = IndexEntries::default();
        for path in paths {
            path.each(self.resource, element, &mut |value| {
                self::index(value, &path.element_type, component, &plain, &mut entries);
            });
        }
        Lengths::default().deduplicate(&mut entries);
        composite::component_values(entries, component.kind == ParameterKind::String)
    }
}

/// How long the lists were before a parameter's entries were added, which are the only ones that can repeat.
#[derive(Default)]
struct Lengths {
    tokens: usize,
    strings: usize,
    references: usize,
    dates: usize,
    numbers: usize,
    quantities: usize,
    uris: usize,
    composites: usize,
}

impl Lengths {
    fn of(entries: &IndexEntries) -> Lengths {
        Lengths {
            tokens: entries.tokens.len(),
            strings: entries.strings.len(),
            references: entries.references.len(),
            dates: entries.dates.len(),
            numbers: entries.numbers.len(),
            quantities: entries.quantities.len(),
            uris: entries.uris.len(),
            composites: entries.composites.len(),
        }
    }

    fn deduplicate(&self, entries: &mut IndexEntries) {
        deduplicate(&mut entries.tokens, self.tokens);
        deduplicate(&mut entries.strings, self.strings);
        deduplicate(&mut entries.references, self.references);
        deduplicate(&mut entries.dates, self.dates);
        deduplicate(&mut entries.numbers, self.numbers);
        deduplicate(&mut entries.quantities, self.quantities);
        deduplicate(&mut entries.uris, self.uris);
        deduplicate(&mut entries.composites, self.composites);
    }
}

/// Removes what repeats from `start` on. A few are compared with each other; many go through a set.
fn deduplicate<T: Eq + Hash + Clone>(entries: &mut Vec<T>, start: usize) {
    match entries.len() - start {
        0 | 1 => {}
        2..=16 => {
            let mut kept = start;
            for index in start..entries.len() {
                if !entries[start..kept].contains(&entries[index]) {
                    entries.swap(kept, index);
                    kept += 1;
                }
            }
            entries.truncate(kept);
        }
        _ => {
            let mut seen = HashSet::with_capacity(entries.len() - start);
            let mut index = 0;
            entries.retain(|entry| {
                index += 1;
                index <= start || seen.insert(entry.clone())
            });
        }
    }
}
