//! The element model: what resource types and data types are made of, their elements with cardinality, types and
//! bindings, as StructureDefinitions say. Search, validation, patches, summaries and the walk over references look
//! elements up here, and nowhere else. <http://hl7.org/fhir/R4/structuredefinition.html>

mod addition;
mod constraint;
pub mod definition;
mod definition_error;
mod derivation;
mod fhirpath_model;
mod parse;
mod primitive;
mod targets;
mod value_set;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use compact_str::CompactString;

use super::shared_list::SharedList;
use crate::resource::ResourceType;
use definition::Expected;
pub use definition_error::{StructureDefinitionError, StructureProblem};
pub use parse::StructureError;
pub use primitive::Primitive;
pub use targets::Targets;
pub use value_set::{ValueSet, ValueSetError};

/// The facts, generated from the official package.
const STRUCTURES: &str = include_str!("../../definitions/structures.txt");
const VALUE_SETS: &str = include_str!("../../definitions/value-sets.tsv");

/// All structures, and the value sets that they bind to.
#[derive(Debug, Clone, Default)]
pub struct Structures {
    all: SharedList<Structure>,
    value_sets: SharedList<ValueSet>,
    targets: Vec<Targets>,
    /// By name or path.
    names: HashMap<CompactString, StructureId>,
    /// The resource types' structures by [`ResourceType::number`], less one.
    resources: Vec<StructureId>,
    element: StructureId,
    uri_names: HashSet<CompactString>,
    /// What was added, by canonical URL.
    urls: HashMap<CompactString, StructureId>,
}

/// The position of a structure among all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct StructureId(u16);

/// A resource type, a data type, a profile of one, or an element that has elements of its own.
#[derive(Debug, Clone, Default)]
pub struct Structure {
    /// The path, such as `Patient`, `HumanName` or `Patient.contact`.
    pub name: CompactString,
    /// What it inherits elements from, such as `DomainResource` or `BackboneElement`; of a profile, what it constrains.
    pub base: Option<StructureId>,
    /// Whether it is a resource, which has `resourceType`.
    pub is_resource: bool,
    /// The elements in the order of the standard, inherited ones first.
    pub elements: Vec<Element>,
    /// What an object of this structure may hold, sorted by name.
    members: Vec<Member>,
    /// A bit for each element that must be there.
    pub required: u64,
}

/// An element as its type defines it, all types of a choice together.
#[derive(Debug, Clone)]
pub struct Element {
    /// The name; `value` for `value[x]`.
    pub name: CompactString,
    /// Whether its type is part of the member's name, as in `valueQuantity`.
    pub is_choice: bool,
    /// Whether it repeats in the type that defines it, and so is an array.
    pub is_many: bool,
    /// Whether `_summary=true` keeps it.
    pub is_summary: bool,
    /// How often it must be there.
    pub minimum: u32,
    /// How often it may be there; `None` for any number.
    pub maximum: Option<u32>,
    /// What its value must be.
    pub expected: Option<Arc<Expected>>,
}

/// A member that an object may have: an element, or one type of a choice.
#[derive(Debug, Clone)]
pub struct Member {
    /// The name in JSON.
    pub name: CompactString,
    /// The position of its element in [`Structure::elements`]; under 64.
    pub element: u8,
    /// What its value is.
    pub kind: Kind,
    value_set: Option<u16>,
    targets: Option<u16>,
}

/// What a member's value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A primitive: one JSON string, number or boolean.
    Primitive(Primitive),
    /// An object of this structure.
    Structure(StructureId),
    /// A resource of any type.
    Resource,
}

impl Structures {
    /// The standard's structures.
    ///
    /// # Errors
    /// When the facts do not hang together.
    pub fn r4() -> Result<Structures, StructureError> {
        parse::structures(STRUCTURES, VALUE_SETS)
    }

    /// The structure of a resource type.
    pub fn resource(&self, resource_type: ResourceType) -> Option<&Structure> {
        self.structure(self.resource_id(resource_type)?)
    }

    /// The id of the structure of a resource type.
    pub fn resource_id(&self, resource_type: ResourceType) -> Option<StructureId> {
        let index = usize::try_from(resource_type.number()).ok()?.checked_sub(1)?;
        self.resources.get(index).copied()
    }

    /// The structure with this id.
    pub fn structure(&self, id: StructureId) -> Option<&Structure> {
        self.all.get(usize::from(id.0))
    }

    /// The structure with this [`StructureId::number`].
    pub fn numbered(&self, number: u16) -> Option<&Structure> {
        self.structure(StructureId(number))
    }

    /// The id of the structure that [`named`](Self::named) gives.
    pub fn id(&self, name: &str) -> Option<StructureId> {
        self.names.get(name).copied()
    }

    /// The structure of a type, such as `Quantity` or the abstract `Resource`, or of the element at a path, such as
    /// `Patient.contact`.
    pub fn named(&self, name: &str) -> Option<&Structure> {
        self.structure(self.id(name)?)
    }

    /// What an object of this kind is made of; `None` for primitives. Of a resource of any type, that is what all types
    /// have.
    pub fn of_kind(&self, kind: Kind) -> Option<&Structure> {
        match kind {
            Kind::Primitive(_) => None,
            Kind::Structure(id) => self.structure(id),
            Kind::Resource => self.named("Resource"),
        }
    }

    /// What FHIRPath calls the type: `string`, `Quantity`, `Resource`; the path of an element that has elements of its own.
    pub fn type_name(&self, kind: Kind) -> &str {
        match kind {
            Kind::Primitive(primitive) => primitive.name(),
            Kind::Structure(_) | Kind::Resource => {
                self.of_kind(kind).map_or("", |structure| structure.name.as_str())
            }
        }
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Structure> {
        self.all.iter()
    }

    /// The structure `Element`: what the underscored sibling of a primitive is made of.
    pub fn element(&self) -> Option<&Structure> {
        self.structure(self.element)
    }

    /// Whether members called `name` are of type uri, url, oid or uuid somewhere.
    pub fn is_uri_name(&self, name: &str) -> bool {
        self.uri_names.contains(name)
    }

    /// The codes that a member's value must be one of; `None` when there is no such rule, or the codes are not known.
    pub fn value_set(&self, member: &Member) -> Option<&ValueSet> {
        self.binding(member).filter(|value_set| value_set.is_enumerated())
    }

    /// The system of a code, when the codes that it must be one of are of one system.
    pub fn code_system(&self, member: &Member) -> Option<&str> {
        self.binding(member)?.only_system()
    }

    fn binding(&self, member: &Member) -> Option<&ValueSet> {
        self.value_sets.get(usize::from(member.value_set?))
    }

    /// The types that a member of type Reference may point at; `None` for any.
    pub fn targets(&self, member: &Member) -> Option<Targets> {
        self.targets.get(usize::from(member.targets?)).copied()
    }
}

impl StructureId {
    /// The position as a number.
    pub fn number(self) -> u16 {
        self.0
    }
}

impl Element {
    /// Whether at least one is required.
    pub fn is_required(&self) -> bool {
        self.minimum > 0
    }

    /// Whether it may be there `count` times.
    pub fn may_repeat(&self, count: usize) -> bool {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        count >= self.minimum && self.maximum.is_none_or(|maximum| count <= maximum)
    }
}

/// The names of a structure's members that are of type uri, url, oid or uuid.
fn uri_names(structure: &Structure) -> impl Iterator<Item = &CompactString> {
    let is_uri = |member: &&Member| {
        matches!(
            member.kind,
            Kind::Primitive(Primitive::Uri | Primitive::Url | Primitive::Oid | Primitive::Uuid)
        )
    };
    structure.members.iter().filter(is_uri).map(|member| &member.name)
}

impl Structure {
    /// The member called `name`.
    pub fn member(&self, name: &str) -> Option<&Member> {
        self.members
            .binary_search_by(|member| member.name.as_str().cmp(name))
            .ok()
            .and_then(|index| self.members.get(index))
    }

    /// The member and the element that `name` stands for, and whether it is the underscored sibling of a primitive, such
    /// as `_birthDate`.
    pub fn find(&self, name: &str) -> Option<(&Member, &Element, bool)> {
        let (member, is_sibling) = match name.strip_prefix('_') {
            None => (self.member(name)?, false),
            Some(primitive) => (self.member(primitive)?, true),
        };
        let is_primitive = matches!(member.kind, Kind::Primitive(_));
        (is_primitive || !is_sibling).then_some((member, self.element(member)?, is_sibling))
    }

    /// All members, sorted by name.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// The members that are the element called `name`: one, or one for each type of a choice.
    pub fn members_of(&self, name: &str) -> impl Iterator<Item = &Member> {
        let place = self.elements.iter().position(|element| element.name == name);
        self.members
            .iter()
            .filter(move |member| Some(usize::from(member.element)) == place)
    }

    /// The element that `member` belongs to.
    pub fn element(&self, member: &Member) -> Option<&Element> {
        self.elements.get(usize::from(member.element))
    }
}

#[cfg(test)]
mod tests;
