//! From a StructureDefinition to structures: the base is copied, and what the definition says is applied to the copy,
//! down to the elements of elements, of which there are copies then, too.

use compact_str::{CompactString, format_compact};

use super::definition::{Derivation, ElementDefinition, Maximum, StructureDefinition, TypeReference};
use super::definition_error::StructureProblem as Problem;
use super::{Element, Kind, Member, Structure, StructureId, Structures, constraint};

/// Elements that a structure can have; a bit stands for each.
const MAXIMUM_ELEMENTS: usize = 64;

/// What is said of an element, with its path from the structure that is being made.
type Said<'a> = (&'a str, &'a ElementDefinition);

/// An element that is spoken of: its place, and the type when its path names one, as `valueQuantity` does.
pub struct Selection {
    /// In the structure's elements.
    pub place: usize,
    /// The type's member.
    pub member: Option<CompactString>,
}

/// Adds the structures that `definition` makes.
///
/// # Errors
/// When it cannot be used.
pub fn add(structures: &mut Structures, definition: &StructureDefinition) -> Result<(), Problem> {
    if structures.by_url(&definition.url).is_some() {
        return Err(Problem::UrlTaken);
    }
    let unknown_base = || Problem::UnknownBase(definition.base.clone());
    let base_id = structures.by_url(&definition.base).ok_or_else(unknown_base)?;
    let base = structures.structure(base_id).ok_or_else(unknown_base)?;
    let name = &definition.type_name;
    match definition.derivation {
        Derivation::Constraint if base.name != *name => {
            return Err(Problem::OtherType(base.name.to_string()));
        }
        Derivation::Specialization if base.is_resource => return Err(Problem::ResourceType),
        Derivation::Specialization if structures.named(name).is_some() => {
            return Err(Problem::TypeTaken(name.clone()));
        }
        Derivation::Constraint | Derivation::Specialization => {}
    }
    let mut said: Vec<Said<'_>> = Vec::new();
    for element in &definition.elements {
        match element.path.strip_prefix(name.as_str()) {
            Some("") => {}
            Some(rest) if rest.starts_with('.') => said.push((&rest[1..], element)),
            _ => return Err(Problem::Path(element.path.clone())),
        }
    }
    let new_name = (definition.derivation == Derivation::Specialization).then_some(name.as_str());
    let id = derive(structures, base_id, new_name, &said)?;
    structures.urls.insert(definition.url.as_str().into(), id);
    Ok(())
}

/// Makes a structure of `base` and what is said; with a new name it may have new elements.
fn derive(
    structures: &mut Structures,
    base: StructureId,
    new_name: Option<&str>,
    said: &[Said<'_>],
) -> Result<StructureId, Problem> {
    let mut structure = structures.structure(base).cloned().unwrap_or_default();
    structure.base = Some(base);
    if let Some(name) = new_name {
        structure.name = name.into();
    }
    let inherited = structure.elements.len();
    let mut rest = said;
    while let Some(&(path, element)) = rest.first() {
        // All that is said of one element stands together, first of itself and then of what is in it.
        let segment = first_segment(path);
        let end = rest
            .iter()
            .position(|(other, _)| first_segment(other) != segment)
            .unwrap_or(rest.len());
        let (group, others) = rest.split_at(end);
        rest = others;
        let selection = match select(&structure, segment) {
            Some(selection) => selection,
            None if new_name.is_some() && path == segment => {
                new_element(structures, &mut structure, segment, element)?
            }
            None => return Err(Problem::UnknownElement(element.path.clone())),
        };
        let mut below: Vec<Said<'_>> = Vec::new();
        for &(path, element) in group {
            match path.split_once('.') {
                None => constraint::apply(structures, &mut structure, &selection, element)?,
                Some((_, path)) => below.push((path, element)),
            }
        }
        let is_new = selection.place >= inherited;
        let parent = new_name.filter(|_| is_new);
        let new_name = parent.map(|parent| format!("{parent}.{}", structure.elements[selection.place].name));
        derive_below(
            structures,
            &mut structure,
            &selection,
            new_name.as_deref(),
            &below,
        )?;
    }
    let name = structure.name.to_string();
    structures
        .push(structure, new_name)
        .ok_or(Problem::TooManyElements(name))
}

fn first_segment(path: &str) -> &str {
    path.split('.').next().unwrap_or(path)
}

fn select(structure: &Structure, segment: &str) -> Option<Selection> {
    let name = segment.trim_end_matches("[x]");
    let place = structure.elements.iter().position(|element| element.name == name);
    match place {
        Some(place) => Some(Selection { place, member: None }),
        None => structure.member(name).map(|member| Selection {
            place: usize::from(member.element),
            member: Some(member.name.clone()),
        }),
    }
}

impl Selection {
    /// Whether `member` is spoken of.
    pub fn has(&self, member: &Member) -> bool {
        usize::from(member.element) == self.place
            && self.member.as_ref().is_none_or(|name| *name == member.name)
    }
}

/// Copies what the selected element is made of, and applies what is said of the elements in it.
fn derive_below(
    structures: &mut Structures,
    structure: &mut Structure,
    selection: &Selection,
    new_name: Option<&str>,
    said: &[Said<'_>],
) -> Result<(), Problem> {
    let Some((_, first)) = said.first() else {
        return Ok(());
    };
    let mut is_made = false;
    for index in 0..structure.members.len() {
        let member = &structure.members[index];
        let Kind::Structure(id) = member.kind else {
            continue;
        };
        // Of a choice, that type is meant which has these elements.
        let has_all = structures.structure(id).is_some_and(|inner| {
            said.iter()
                .all(|(path, _)| select(inner, first_segment(path)).is_some())
        });
        if selection.has(member) && (has_all || new_name.is_some()) {
            let made = derive(structures, id, new_name, said)?;
            structure.members[index].kind = Kind::Structure(made);
            is_made = true;
        }
    }
    if is_made {
        Ok(())
    } else {
        Err(Problem::UnknownElement(first.path.clone()))
    }
}

/// Adds the element that `said` is the first to speak of.
fn new_element(
    structures: &Structures,
    structure: &mut Structure,
    segment: &str,
    said: &ElementDefinition,
) -> Result<Selection, Problem> {
    let place = structure.elements.len();
    let Some(element) = u8::try_from(place).ok().filter(|_| place < MAXIMUM_ELEMENTS) else {
        return Err(Problem::TooManyElements(structure.name.to_string()));
    };
    if said.types.is_empty() {
        return Err(Problem::NoType(said.path.clone()));
    }
    let name = segment.trim_end_matches("[x]");
    let is_choice = name != segment;
    let is_many = match said.maximum {
        Some(Maximum::Any) => true,
        Some(Maximum::Times(times)) => times > 1,
        None => false,
    };
    structure.elements.push(Element {
        name: name.into(),
        is_choice,
        is_many,
        is_summary: false,
        minimum: 0,
        maximum: (!is_many).then_some(1),
        expected: None,
    });
    for TypeReference { code, .. } in &said.types {
        let Some(kind) = structures.kind_of(code) else {
            return Err(Problem::UnknownType {
                path: said.path.clone(),
                name: code.clone(),
            });
        };
        let mut member_name = CompactString::from(name);
        if is_choice {
            let (first, others) = code.split_at(code.chars().next().map_or(0, char::len_utf8));
            member_name = format_compact!("{name}{}{others}", first.to_ascii_uppercase());
        }
        structure.members.push(Member {
            name: member_name,
            element,
            kind,
            value_set: None,
            targets: None,
        });
    }
    structure.members.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(Selection { place, member: None })
}

#[cfg(test)]
mod tests;
