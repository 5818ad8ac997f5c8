//! The types of R4, from the structures that the server keeps of the standard's definitions.

use std::sync::LazyLock;

use super::{ElementModel, Model, SystemType, Type};
use crate::resource::structure::{Kind, Member, Primitive, Structure, Structures};

/// The types of R4.
#[derive(Debug, Clone, Copy)]
pub struct R4;

/// The numbers of primitives begin here; those of structures are smaller.
const FIRST_PRIMITIVE: u16 = 0x8000;

/// Each with what it is derived from. <http://hl7.org/fhir/R4/datatypes.html#primitive>
const PRIMITIVES: [(Primitive, &str, SystemType, Option<Primitive>); 20] = [
    (Primitive::Base64Binary, "base64Binary", SystemType::String, None),
    (Primitive::Boolean, "boolean", SystemType::Boolean, None),
    (
        Primitive::Canonical,
        "canonical",
        SystemType::String,
        Some(Primitive::Uri),
    ),
    (
        Primitive::Code,
        "code",
        SystemType::String,
        Some(Primitive::String),
    ),
    (Primitive::Date, "date", SystemType::Date, None),
    (Primitive::DateTime, "dateTime", SystemType::DateTime, None),
    (Primitive::Decimal, "decimal", SystemType::Decimal, None),
    (Primitive::Id, "id", SystemType::String, Some(Primitive::String)),
    (Primitive::Instant, "instant", SystemType::DateTime, None),
    (Primitive::Integer, "integer", SystemType::Integer, None),
    (
        Primitive::Markdown,
        "markdown",
        SystemType::String,
        Some(Primitive::String),
    ),
    (Primitive::Oid, "oid", SystemType::String, Some(Primitive::Uri)),
    (
        Primitive::PositiveInt,
        "positiveInt",
        SystemType::Integer,
        Some(Primitive::Integer),
    ),
    (Primitive::String, "string", SystemType::String, None),
    (Primitive::Time, "time", SystemType::Time, None),
    (
        Primitive::UnsignedInt,
        "unsignedInt",
        SystemType::Integer,
        Some(Primitive::Integer),
    ),
    (Primitive::Uri, "uri", SystemType::String, None),
    (Primitive::Url, "url", SystemType::String, Some(Primitive::Uri)),
    (Primitive::Uuid, "uuid", SystemType::String, Some(Primitive::Uri)),
    (Primitive::Xhtml, "xhtml", SystemType::String, None),
];

/// Structures by name.
static NUMBERS: LazyLock<Vec<(&'static str, u16)>> = LazyLock::new(|| {
    let named = |(structure, number): (&'static Structure, u16)| (structure.name, number);
    let mut numbers: Vec<_> = Structures::get()
        .iter()
        .zip(0..FIRST_PRIMITIVE)
        .map(named)
        .collect();
    numbers.sort_unstable();
    numbers
});

impl Model for R4 {
    fn type_named(&self, name: &str) -> Option<Type> {
        if let Some(primitive) = Primitive::parse(name) {
            return Some(primitive_type(primitive));
        }
        let index = NUMBERS.binary_search_by(|(one, _)| (*one).cmp(name)).ok()?;
        let (name, id) = *NUMBERS.get(index)?;
        let system = is_quantity(name).then_some(SystemType::Quantity);
        Some(Type { id, system })
    }

    fn name(&self, of: Type) -> &str {
        match of.id.checked_sub(FIRST_PRIMITIVE) {
            Some(index) => PRIMITIVES.get(usize::from(index)).map_or("", |row| row.1),
            None => structure(of).map_or("", |structure| structure.name),
        }
    }

    fn base(&self, of: Type) -> Option<Type> {
        match of.id.checked_sub(FIRST_PRIMITIVE) {
            Some(index) => match PRIMITIVES.get(usize::from(index))?.3 {
                Some(primitive) => Some(primitive_type(primitive)),
                None => self.type_named("Element"),
            },
            None => self.type_named(structure(of)?.base?),
        }
    }

    fn element(&self, of: Type, name: &str) -> Option<ElementModel> {
        let structure = structure(of)?;
        if let Some(member) = structure.member(name) {
            let element = structure.element(member)?;
            if !element.is_choice {
                let (is_many, single) = (element.is_many, Some(member_type(member)));
                return Some(ElementModel { is_many, single });
            }
        }
        let choice = structure
            .elements
            .iter()
            .find(|element| element.is_choice && element.name == name)?;
        let (is_many, single) = (choice.is_many, None);
        Some(ElementModel { is_many, single })
    }

    fn choices(&self, of: Type, name: &str, each: &mut dyn FnMut(&str, Type) -> bool) {
        let Some(structure) = structure(of) else {
            return;
        };
        // Sorted by name, so that those of a choice stand together.
        let first = structure
            .members()
            .partition_point(|member| member.name.as_str() < name);
        let members = structure.members().get(first..).unwrap_or_default();
        for member in members.iter().take_while(|member| member.name.starts_with(name)) {
            let of_choice = structure
                .element(member)
                .is_some_and(|element| element.name == name);
            if of_choice && !each(&member.name, member_type(member)) {
                return;
            }
        }
    }

    fn member(&self, of: Type, member: &str) -> Option<Type> {
        Some(member_type(structure(of)?.member(member)?))
    }
}

/// What an object of the type is made of; beside a primitive, in its underscored sibling, that is an Element.
fn structure(of: Type) -> Option<&'static Structure> {
    match of.id.checked_sub(FIRST_PRIMITIVE) {
        Some(_) => Structures::get().element(),
        None => Structures::get().numbered(of.id),
    }
}

fn primitive_type(primitive: Primitive) -> Type {
    let index = PRIMITIVES
        .iter()
        .zip(FIRST_PRIMITIVE..)
        .find(|(row, _)| row.0 == primitive);
    index.map_or(
        Type {
            id: u16::MAX,
            system: None,
        },
        |(row, id)| Type {
            id,
            system: Some(row.2),
        },
    )
}

fn member_type(member: &Member) -> Type {
    match member.kind {
        Kind::Primitive(primitive) => primitive_type(primitive),
        Kind::Resource => R4.type_named("Resource").unwrap_or(Type { id: 0, system: None }),
        Kind::Structure(id) => {
            let name = Structures::get()
                .structure(id)
                .map_or("", |structure| structure.name);
            let system = is_quantity(name).then_some(SystemType::Quantity);
            Type {
                id: id.number(),
                system,
            }
        }
    }
}

/// Quantity and what is derived from it.
fn is_quantity(name: &str) -> bool {
    matches!(name, "Quantity" | "Age" | "Count" | "Distance" | "Duration")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fhirpath::type_specifier::is_derived;
    use crate::resource::ResourceType;

    fn named(name: &str) -> Type {
        R4.type_named(name).unwrap()
    }

    #[test]
    fn every_type_of_resource_is_derived_from_resource() {
        for resource_type in ResourceType::all() {
            assert!(
                is_derived(named(resource_type.name()), named("Resource"), &R4),
                "{resource_type}"
            );
        }
        assert!(is_derived(named("code"), named("string"), &R4));
        assert!(is_derived(named("Age"), named("Quantity"), &R4));
        assert!(!is_derived(named("string"), named("code"), &R4));
        assert!(!is_derived(named("Patient"), named("Observation"), &R4));
    }

    #[test]
    fn elements_know_their_types() {
        let patient = named("Patient");
        let name = R4.element(patient, "name").unwrap();
        assert_eq!((name.is_many, name.single), (true, Some(named("HumanName"))));
        assert_eq!(R4.element(patient, "deceased").unwrap().single, None);
        assert_eq!(R4.element(patient, "deceasedBoolean"), None);
        let mut choices = Vec::new();
        R4.choices(patient, "deceased", &mut |member, of| {
            choices.push((member.to_owned(), of));
            true
        });
        let expected = [("deceasedBoolean", "boolean"), ("deceasedDateTime", "dateTime")];
        assert_eq!(
            choices,
            expected.map(|(member, of)| (member.to_owned(), named(of)))
        );
        assert_eq!(
            R4.element(named("code"), "extension").unwrap().single,
            Some(named("Extension"))
        );
    }
}
