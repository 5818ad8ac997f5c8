//! One object against its structure: which members it has, which it lacks, and that a choice is made once.

use super::location::Location;
use super::suggestion::nearest;
use super::{IssueCode, Validator};
use crate::definitions::structure::{Element, Structure};
use crate::resource::Object;

impl<'definitions> Validator<'definitions, '_> {
    /// Checks `object` and all below it.
    pub(super) fn object(
        &mut self,
        structure: &'definitions Structure,
        object: &Object,
        location: &Location<'_>,
    ) {
        if object.is_empty() {
            let diagnostics = "an object must not be empty; leave the element out".to_owned();
            self.report(IssueCode::Structure, location, diagnostics);
            return;
        }
        let mut seen = 0_u64;
        for (name, value) in object.iter() {
            if self.is_full() {
                return;
            }
            let Some((member, element, is_sibling)) = structure.find(name) else {
                if !(name == "resourceType" && structure.is_resource) {
                    self.unknown_member(structure, name, location);
                }
                continue;
            };
            let bit = 1 << member.element;
            if element.is_choice && seen & bit != 0 {
                self.choice(structure, element, object, &member.name, location);
            }
            seen |= bit;
            if is_sibling {
                self.sibling(element, name, value, object.get(&member.name), location);
            } else {
                self.member(member, element, value, object, location);
            }
        }
        let mut missing = structure.required & !seen;
        while missing != 0 {
            let index = missing.trailing_zeros() as usize;
            missing &= missing - 1;
            self.missing(structure, index, location);
        }
        self.invariants(structure, object, location);
    }

    /// The second member of a choice is there: refuses it, unless it is the underscored sibling of the first.
    fn choice(
        &mut self,
        structure: &Structure,
        element: &Element,
        object: &Object,
        name: &str,
        location: &Location<'_>,
    ) {
        let earlier = object
            .iter()
            .map(|(other, _)| other.trim_start_matches('_'))
            .take_while(|other| *other != name)
            .find(|other| {
                structure
                    .member(other)
                    .and_then(|member| structure.element(member))
                    .is_some_and(|other| other.name == element.name)
            });
        if let Some(earlier) = earlier {
            let diagnostics = format!(
                "\"{earlier}\" and \"{name}\" exclude each other: only one of {}[x] may be there",
                element.name
            );
            self.report(IssueCode::Structure, &location.member(&element.name), diagnostics);
        }
    }

    fn missing(&mut self, structure: &Structure, index: usize, location: &Location<'_>) {
        let Some(element) = structure.elements.get(index) else {
            return;
        };
        let diagnostics = if element.is_choice {
            let names = choice_names(structure, element);
            format!("{}[x] is required: write one of {names}", element.name)
        } else {
            format!("\"{}\" is required", element.name)
        };
        self.report(IssueCode::Required, &location.member(&element.name), diagnostics);
    }

    fn unknown_member(&mut self, structure: &Structure, name: &str, location: &Location<'_>) {
        if self.is_prohibited(structure, name) {
            let diagnostics = format!("\"{name}\" is prohibited here; leave it out");
            self.report_by_profile(IssueCode::Structure, &location.member(name), diagnostics);
            return;
        }
        let candidates = structure.members().iter().map(|member| member.name.as_str());
        let of_choice = structure.elements.iter().find(|element| {
            element.is_choice
                && name
                    .strip_prefix(element.name.as_str())
                    .is_some_and(begins_with_a_type)
        });
        let advice = if let Some(primitive_name) = name.strip_prefix('_')
            && structure.member(primitive_name).is_some()
        {
            format!("\"{primitive_name}\" is not a primitive: write id and extension into it")
        } else if let Some(meant) = nearest(name, candidates) {
            format!("did you mean \"{meant}\"?")
        } else if let Some(element) = of_choice {
            format!(
                "{}[x] is one of {}",
                element.name,
                choice_names(structure, element)
            )
        } else {
            "leave it out, or use an extension".to_owned()
        };
        let shown: String = name.chars().take(64).collect();
        let diagnostics = format!("{} has no element \"{shown}\"; {advice}", structure.name);
        self.report(IssueCode::Structure, &location.member(&shown), diagnostics);
    }
}

impl Validator<'_, '_> {
    /// Whether a profile has taken a member away that its base has.
    fn is_prohibited(&self, structure: &Structure, name: &str) -> bool {
        let base_of = |structure: &Structure| self.structures.structure(structure.base?);
        let mut base = base_of(structure);
        while let Some(structure) = base {
            if structure.find(name).is_some() {
                return true;
            }
            base = base_of(structure);
        }
        false
    }
}

/// Whether what follows the name of a choice reads like a type: nothing, or a word with a capital.
fn begins_with_a_type(rest: &str) -> bool {
    rest.chars().next().is_none_or(|first| first.is_ascii_uppercase())
}

/// The members that a choice can be, for a message: all when they are few, else the first ones.
fn choice_names(structure: &Structure, element: &Element) -> String {
    let names: Vec<&str> = structure
        .members()
        .iter()
        .filter(|member| {
            structure
                .element(member)
                .is_some_and(|other| other.name == element.name)
        })
        .map(|member| member.name.as_str())
        .collect();
    if names.len() > 12 {
        format!("{}, …", names[..12].join(", "))
    } else {
        names.join(", ")
    }
}
