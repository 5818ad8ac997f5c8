//! What resource types and data types are made of: their elements with cardinality, types and bindings, as the
//! standard's StructureDefinitions say. Validation, summaries and the walk over references look elements up here.
//! <http://hl7.org/fhir/R4/structuredefinition.html>

mod parse;
mod value_set;

use std::sync::LazyLock;

use compact_str::CompactString;

use super::ResourceType;
pub use value_set::ValueSet;

/// The facts, generated from the official package.
const STRUCTURES: &str = include_str!("../../definitions/structures.txt");
const VALUE_SETS: &str = include_str!("../../definitions/value-sets.tsv");

static ALL: LazyLock<Structures> =
    LazyLock::new(|| parse::structures(STRUCTURES, VALUE_SETS).unwrap_or_default());

/// All structures of the standard.
#[derive(Debug, Default)]
pub struct Structures {
    all: Vec<Structure>,
    value_sets: Vec<ValueSet>,
    /// The resource types' structures by [`ResourceType::number`], less one.
    resources: Vec<StructureId>,
    targets: Vec<Targets>,
    element: StructureId,
}

/// The position of a structure among all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StructureId(u16);

/// A resource type, a data type, or an element that has elements of its own.
#[derive(Debug)]
pub struct Structure {
    /// The path, such as `Patient`, `HumanName` or `Patient.contact`.
    pub name: &'static str,
    /// The name of the structure that it is derived from.
    pub base: Option<&'static str>,
    /// Whether it is a resource, which has `resourceType`.
    pub is_resource: bool,
    /// The elements in the order of the standard, inherited ones first.
    pub elements: Vec<Element>,
    /// What an object of this structure may hold, sorted by name.
    members: Vec<Member>,
    /// A bit for each element that must be there.
    pub required: u64,
}

/// An element.
#[derive(Debug, Clone)]
pub struct Element {
    /// The name; `value` for `value[x]`.
    pub name: &'static str,
    /// Whether its type is part of the member's name, as in `valueQuantity`.
    pub is_choice: bool,
    /// Whether at least one is required.
    pub is_required: bool,
    /// Whether it repeats, and so is an array.
    pub is_many: bool,
    /// Whether `_summary=true` keeps it.
    pub is_summary: bool,
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
    /// A primitive.
    Primitive(Primitive),
    /// An object of this structure.
    Structure(StructureId),
    /// A resource of any type.
    Resource,
}

/// The primitive types, <http://hl7.org/fhir/R4/datatypes.html#primitive>.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the standard's")]
pub enum Primitive {
    Base64Binary,
    Boolean,
    Canonical,
    Code,
    Date,
    DateTime,
    Decimal,
    Id,
    Instant,
    Integer,
    Markdown,
    Oid,
    PositiveInt,
    String,
    Time,
    UnsignedInt,
    Uri,
    Url,
    Uuid,
    Xhtml,
}

/// The resource types that a reference may point at, a bit for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Targets([u64; 3]);

impl Structures {
    /// The standard's structures.
    pub fn get() -> &'static Structures {
        &ALL
    }

    /// The structure of a resource type.
    pub fn resource(&self, resource_type: ResourceType) -> Option<&Structure> {
        let index = usize::try_from(resource_type.number()).ok()?.checked_sub(1)?;
        self.resources.get(index).and_then(|id| self.structure(*id))
    }

    /// The structure with this id.
    pub fn structure(&self, id: StructureId) -> Option<&Structure> {
        self.all.get(usize::from(id.0))
    }

    /// The structure with this [`StructureId::number`].
    pub fn numbered(&self, number: u16) -> Option<&Structure> {
        self.structure(StructureId(number))
    }

    /// All of them, in the order of their numbers.
    pub fn iter(&self) -> impl Iterator<Item = &Structure> {
        self.all.iter()
    }

    /// The structure `Element`: what the underscored sibling of a primitive is made of.
    pub fn element(&self) -> Option<&Structure> {
        self.structure(self.element)
    }

    /// The codes that a member's value must be one of; `None` when there is no such rule.
    pub fn value_set(&self, member: &Member) -> Option<&ValueSet> {
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

    /// The element that `member` belongs to.
    pub fn element(&self, member: &Member) -> Option<&Element> {
        self.elements.get(usize::from(member.element))
    }
}

impl Targets {
    /// Whether `resource_type` is one of them.
    pub fn contains(self, resource_type: ResourceType) -> bool {
        let (word, bit) = Self::place(resource_type);
        self.0.get(word).is_some_and(|word| word & bit != 0)
    }

    /// The types in alphabetical order.
    pub fn iter(self) -> impl Iterator<Item = ResourceType> {
        ResourceType::all().filter(move |resource_type| self.contains(*resource_type))
    }

    fn insert(&mut self, resource_type: ResourceType) {
        let (word, bit) = Self::place(resource_type);
        if let Some(word) = self.0.get_mut(word) {
            *word |= bit;
        }
    }

    fn place(resource_type: ResourceType) -> (usize, u64) {
        let number = usize::from(resource_type.number().unsigned_abs());
        (number / 64, 1 << (number % 64))
    }
}

impl Primitive {
    /// The type called `name`, such as `dateTime`.
    pub fn parse(name: &str) -> Option<Primitive> {
        Some(match name {
            "base64Binary" => Primitive::Base64Binary,
            "boolean" => Primitive::Boolean,
            "canonical" => Primitive::Canonical,
            "code" => Primitive::Code,
            "date" => Primitive::Date,
            "dateTime" => Primitive::DateTime,
            "decimal" => Primitive::Decimal,
            "id" => Primitive::Id,
            "instant" => Primitive::Instant,
            "integer" => Primitive::Integer,
            "markdown" => Primitive::Markdown,
            "oid" => Primitive::Oid,
            "positiveInt" => Primitive::PositiveInt,
            "string" => Primitive::String,
            "time" => Primitive::Time,
            "unsignedInt" => Primitive::UnsignedInt,
            "uri" => Primitive::Uri,
            "url" => Primitive::Url,
            "uuid" => Primitive::Uuid,
            "xhtml" => Primitive::Xhtml,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_facts_parse_and_cover_every_resource_type() {
        let structures = parse::structures(STRUCTURES, VALUE_SETS).unwrap();
        for resource_type in ResourceType::all() {
            let structure = structures.resource(resource_type).unwrap();
            assert_eq!(structure.name, resource_type.name());
            assert!(structure.is_resource);
            assert!(structure.member("id").is_some(), "{resource_type}");
        }
        for structure in &structures.all {
            assert!(structure.elements.len() <= 64, "{}", structure.name);
        }
        assert_eq!(structures.element().unwrap().name, "Element");
    }

    #[test]
    fn elements_know_cardinality_types_binding_and_targets() {
        let structures = Structures::get();
        let structure = structures
            .resource(ResourceType::parse("Observation").unwrap())
            .unwrap();
        let member = |name| structure.member(name).unwrap();
        let element = |name| structure.element(member(name)).unwrap();

        assert!(element("status").is_required && !element("status").is_many && element("status").is_summary);
        assert!(element("component").is_many && !element("component").is_required);
        assert_eq!(member("status").kind, Kind::Primitive(Primitive::Code));
        assert!(structures.value_set(member("status")).unwrap().has_code("final"));
        assert_eq!(element("valueQuantity").name, "value");
        assert!(element("valueQuantity").is_choice);
        assert!(structure.member("value").is_none());
        let targets: Vec<_> = structures.targets(member("subject")).unwrap().iter().collect();
        let names: Vec<_> = targets.iter().map(|resource_type| resource_type.name()).collect();
        assert_eq!(names, ["Device", "Group", "Location", "Patient"]);
        assert_eq!(structures.targets(member("focus")), None);
        let Kind::Structure(component) = member("component").kind else {
            panic!("component has elements of its own")
        };
        assert_eq!(
            structures.structure(component).unwrap().name,
            "Observation.component"
        );
    }

    #[test]
    fn broken_facts_are_not_half_taken() {
        assert!(parse::structures("Element\n\tid 0..1 string\n", "").is_some());
        for facts in [
            "\tid 0..1 string\nElement\n",
            "Element\n\tb 0..1 Nothing\n",
            "Element\nA B\n",
            "Element\n\tb string\n",
            "Element\n\tb 0..1 code=missing\n",
            "Element\n\tb 0..1 Reference(Nothing)\n",
            "A\n",
        ] {
            assert!(parse::structures(facts, "").is_none(), "{facts}");
        }
    }
}
