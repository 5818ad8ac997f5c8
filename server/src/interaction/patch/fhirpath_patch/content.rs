//! What an operation puts into a resource: a value of a type, or an element that is built of parts, for those types
//! that `value[x]` does not have. <http://hl7.org/fhir/R4/fhirpatch.html#concept>

use crate::definitions::structure::{Element, Kind, Member, Structure, Structures};
use crate::interaction::patch::emptied;
use crate::resource::{Json, Object, weight};

/// A part with the value of an element.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// `valueQuantity` and its like, or `resource`: the end of the name, and the value.
    Value(String, Json),
    /// Elements with their names.
    Parts(Vec<(String, Content)>),
}

impl Content {
    /// Reads a part; `None` when it holds nothing.
    pub fn of(part: &Object) -> Option<Content> {
        let value = part.iter().find_map(|(name, value)| {
            let kind = name.strip_prefix("value").filter(|kind| !kind.is_empty())?;
            Some(Content::Value(kind.to_owned(), value.clone()))
        });
        let resource = || Some(Content::Value(String::new(), part.get("resource")?.clone()));
        let parts = || {
            let parts = part.get("part")?.as_array()?.iter();
            let read = |part: &Json| {
                let name = part.get("name")?.as_str()?;
                Some((name.to_owned(), Content::of(part.as_object()?)?))
            };
            parts.map(read).collect::<Option<_>>().map(Content::Parts)
        };
        value.or_else(resource).or_else(parts)
    }

    /// How much of a resource's memory it will be, in steps of a patch's work.
    pub fn size(&self) -> usize {
        match self {
            Content::Value(_, value) => 1 + weight::of_tree(value).bytes / super::PASSED_IN_A_STEP,
            Content::Parts(parts) => parts.iter().map(|(_, content)| 1 + content.size()).sum(),
        }
    }

    /// Whether an object or a list in it is empty.
    pub fn has_empty(&self) -> bool {
        match self {
            Content::Value(_, value) => emptied::has_empty(value),
            Content::Parts(parts) => parts.is_empty() || parts.iter().any(|(_, content)| content.has_empty()),
        }
    }

    /// The JSON of it as the value of `member`; `None` when a part names an element that is not there.
    pub fn to_json(&self, structures: &Structures, member: Option<&Member>) -> Option<Json> {
        let parts = match self {
            Content::Value(_, value) => return Some(value.clone()),
            Content::Parts(parts) => parts,
        };
        let Kind::Structure(id) = member?.kind else {
            return None;
        };
        let structure = structures.structure(id)?;
        let mut object = Object::new();
        for (name, content) in parts {
            let (element, member) = member_for(structure, name, content)?;
            let value = content.to_json(structures, Some(member))?;
            match object.get_mut(&member.name) {
                Some(Json::Array(items)) if element.is_many => items.push(value),
                _ if element.is_many => object.set(&member.name, Json::Array(vec![value])),
                _ => object.set(&member.name, value),
            }
        }
        Some(Json::Object(object))
    }
}

/// The element `name` of `structure`, and the member that holds `content` of it.
pub fn member_for<'a>(
    structure: &'a Structure,
    name: &str,
    content: &Content,
) -> Option<(&'a Element, &'a Member)> {
    let member = match content {
        Content::Value(kind, _) => structure.member(&format!("{name}{kind}")).filter(|member| {
            structure
                .element(member)
                .is_some_and(|element| element.name == name)
        }),
        Content::Parts(_) => None,
    };
    let member = member.or_else(|| structure.member(name))?;
    Some((structure.element(member)?, member))
}
