//! What a definition says of one element of its base: fewer types, a required value set, a narrower cardinality, a value
//! that is expected. <http://hl7.org/fhir/R4/profiling.html#limitations>

use std::sync::Arc;

use super::definition::{ElementDefinition, Maximum, TypeReference};
use super::definition_error::StructureProblem as Problem;
use super::derivation::Selection;
use super::{Member, Structure, Structures, Targets};
use crate::resource::ResourceType;

/// The start of the URLs of the standard's definitions.
const STANDARD: &str = "http://hl7.org/fhir/";

/// Applies what is `said` of the selected element to `structure`.
///
/// # Errors
/// When it is wider than what is there, or names what there is not.
pub fn apply(
    structures: &mut Structures,
    structure: &mut Structure,
    selection: &Selection,
    said: &ElementDefinition,
) -> Result<(), Problem> {
    narrow_types(structures, structure, selection, said)?;
    bind(structures, structure, selection, said)?;
    narrow_cardinality(structure, selection, said)?;
    let element = &mut structure.elements[selection.place];
    if let Some(expected) = &said.expected {
        element.expected = Some(Arc::new(expected.clone()));
    }
    element.is_summary = said.is_summary.unwrap_or(element.is_summary);
    Ok(())
}

fn narrow_types(
    structures: &mut Structures,
    structure: &mut Structure,
    selection: &Selection,
    said: &ElementDefinition,
) -> Result<(), Problem> {
    // Ids and URLs of extensions are of FHIRPath's own types in every definition.
    if said.types.is_empty() || said.types.iter().any(|named| named.code.contains("/fhirpath/")) {
        return Ok(());
    }
    let other_types = |name: &str, structure: &Structure| Problem::OtherTypes {
        path: said.path.clone(),
        name: name.to_owned(),
        allowed: names(structures, structure, selection).join(", "),
    };
    for named in &said.types {
        let is_allowed = |member: &Member| selection.has(member) && is_of(structures, member, named);
        if !structure.members.iter().any(is_allowed) {
            return Err(other_types(&named.code, structure));
        }
    }
    let stays = |member: &Member| {
        !selection.has(member) || said.types.iter().any(|named| is_of(structures, member, named))
    };
    structure.members.retain(stays);
    let Some(targets) = targets(said)? else {
        return Ok(());
    };
    for index in 0..structure.members.len() {
        let member = &structure.members[index];
        let is_reference = structures.type_name(member.kind) == "Reference";
        if !selection.has(member) || !is_reference {
            continue;
        }
        if let Some(allowed) = structures.targets(member)
            && let Some(other) = targets.iter().find(|target| !allowed.contains(*target))
        {
            let allowed: Vec<&str> = allowed.iter().map(ResourceType::name).collect();
            return Err(Problem::OtherTypes {
                path: said.path.clone(),
                name: format!("Reference({other})"),
                allowed: format!("Reference({})", allowed.join(", ")),
            });
        }
        structure.members[index].targets = structures.place_of_targets(targets);
    }
    Ok(())
}

/// Whether a member has the type that is named. Elements with elements of their own are of type BackboneElement or Element.
fn is_of(structures: &Structures, member: &Member, named: &TypeReference) -> bool {
    let own = structures.type_name(member.kind);
    own == named.code || own.contains('.') && matches!(named.code.as_str(), "BackboneElement" | "Element")
}

fn names<'a>(structures: &'a Structures, structure: &Structure, selection: &Selection) -> Vec<&'a str> {
    let members = structure.members.iter().filter(|member| selection.has(member));
    members.map(|member| structures.type_name(member.kind)).collect()
}

/// The resource types that references may point at; `None` when nothing is said of them.
fn targets(said: &ElementDefinition) -> Result<Option<Targets>, Problem> {
    let mut targets = Targets::default();
    let named = said.types.iter().flat_map(|named| &named.targets);
    for name in named {
        if name == "Resource" {
            return Ok(None);
        }
        targets.insert(ResourceType::parse(name).ok_or_else(|| Problem::UnknownType {
            path: said.path.clone(),
            name: name.clone(),
        })?);
    }
    Ok((targets != Targets::default()).then_some(targets))
}

fn bind(
    structures: &Structures,
    structure: &mut Structure,
    selection: &Selection,
    said: &ElementDefinition,
) -> Result<(), Problem> {
    let Some(url) = &said.required_binding else {
        return Ok(());
    };
    let place = match structures.place_of_value_set(url) {
        Some(place) => place,
        // The base does not check value sets of the standard whose codes the standard does not list.
        None if url.starts_with(STANDARD) => return Ok(()),
        None => {
            return Err(Problem::UnknownValueSet {
                path: said.path.clone(),
                value_set: url.clone(),
            });
        }
    };
    for member in structure
        .members
        .iter_mut()
        .filter(|member| selection.has(member))
    {
        member.value_set = Some(place);
    }
    Ok(())
}

fn narrow_cardinality(
    structure: &mut Structure,
    selection: &Selection,
    said: &ElementDefinition,
) -> Result<(), Problem> {
    let element = &structure.elements[selection.place];
    let minimum = said.minimum.unwrap_or(element.minimum);
    let maximum = match said.maximum {
        None | Some(Maximum::Any) => element.maximum,
        Some(Maximum::Times(times)) => Some(times),
    };
    let is_wider = said.maximum == Some(Maximum::Any) && element.maximum.is_some()
        || maximum
            .zip(element.maximum)
            .is_some_and(|(said, base)| said > base);
    let is_empty = maximum.is_some_and(|maximum| maximum < minimum);
    if minimum < element.minimum || is_wider || is_empty {
        return Err(Problem::Cardinality {
            path: said.path.clone(),
            base: cardinality(element.minimum, element.maximum),
        });
    }
    if maximum == Some(0) {
        structure.members.retain(|member| !selection.has(member));
        if selection.member.is_some() {
            // One type of a choice is excluded; the others stay as they are.
            return Ok(());
        }
    } else if minimum > 0 && selection.member.is_some() {
        let place = selection.place;
        structure
            .members
            .retain(|member| usize::from(member.element) != place || selection.has(member));
    }
    let element = &mut structure.elements[selection.place];
    element.minimum = minimum;
    element.maximum = maximum;
    if minimum > 0 {
        structure.required |= 1 << selection.place;
    }
    Ok(())
}

fn cardinality(minimum: u32, maximum: Option<u32>) -> String {
    let maximum = maximum.map_or_else(|| "*".to_owned(), |maximum| maximum.to_string());
    format!("{minimum}..{maximum}")
}
