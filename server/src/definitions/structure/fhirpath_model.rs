//! The structures as FHIRPath asks for them.

use super::{Kind, Member, Primitive, Structure, StructureId, Structures};
use crate::fhirpath::{ElementModel, Model, SystemType, Type};

/// The numbers of primitives begin here; those of structures are smaller.
const FIRST_PRIMITIVE: u16 = 0x8000;

/// Each with what its values are, and what it is derived from. <http://hl7.org/fhir/R4/datatypes.html#primitive>
const PRIMITIVES: [(Primitive, SystemType, Option<Primitive>); 20] = [
    (Primitive::Base64Binary, SystemType::String, None),
    (Primitive::Boolean, SystemType::Boolean, None),
    (Primitive::Canonical, SystemType::String, Some(Primitive::Uri)),
    (Primitive::Code, SystemType::String, Some(Primitive::String)),
    (Primitive::Date, SystemType::Date, None),
    (Primitive::DateTime, SystemType::DateTime, None),
    (Primitive::Decimal, SystemType::Decimal, None),
    (Primitive::Id, SystemType::String, Some(Primitive::String)),
    (Primitive::Instant, SystemType::DateTime, None),
    (Primitive::Integer, SystemType::Integer, None),
    (Primitive::Markdown, SystemType::String, Some(Primitive::String)),
    (Primitive::Oid, SystemType::String, Some(Primitive::Uri)),
    (
        Primitive::PositiveInt,
        SystemType::Integer,
        Some(Primitive::Integer),
    ),
    (Primitive::String, SystemType::String, None),
    (Primitive::Time, SystemType::Time, None),
    (
        Primitive::UnsignedInt,
        SystemType::Integer,
        Some(Primitive::Integer),
    ),
    (Primitive::Uri, SystemType::String, None),
    (Primitive::Url, SystemType::String, Some(Primitive::Uri)),
    (Primitive::Uuid, SystemType::String, Some(Primitive::Uri)),
    (Primitive::Xhtml, SystemType::String, None),
];

impl Model for Structures {
    fn type_named(&self, name: &str) -> Option<Type> {
        if let Some(primitive) = Primitive::parse(name) {
            return Some(primitive_type(primitive));
        }
        self.id(name).map(|id| structure_type(self, id))
    }

    fn name(&self, of: Type) -> &str {
        match of.id.checked_sub(FIRST_PRIMITIVE) {
            Some(index) => PRIMITIVES.get(usize::from(index)).map_or("", |row| row.0.name()),
            None => structure(self, of).map_or("", |structure| structure.name.as_str()),
        }
    }

    fn base(&self, of: Type) -> Option<Type> {
        match of.id.checked_sub(FIRST_PRIMITIVE) {
            Some(index) => match PRIMITIVES.get(usize::from(index))?.2 {
                Some(primitive) => Some(primitive_type(primitive)),
                None => self.type_named("Element"),
            },
            None => Some(structure_type(self, structure(self, of)?.base?)),
        }
    }

    fn element(&self, of: Type, name: &str) -> Option<ElementModel> {
        let structure = structure(self, of)?;
        if let Some(member) = structure.member(name) {
            let element = structure.element(member)?;
            if !element.is_choice {
                let (is_many, single) = (element.is_many, Some(member_type(self, member)));
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
        let Some(structure) = structure(self, of) else {
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
            if of_choice && !each(&member.name, member_type(self, member)) {
                return;
            }
        }
    }

    fn member(&self, of: Type, member: &str) -> Option<Type> {
        Some(member_type(self, structure(self, of)?.member(member)?))
    }
}

/// What an object of the type is made of; beside a primitive, in its underscored sibling, that is an Element.
fn structure(structures: &Structures, of: Type) -> Option<&Structure> {
    match of.id.checked_sub(FIRST_PRIMITIVE) {
        Some(_) => structures.element(),
        None => structures.numbered(of.id),
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
            system: Some(row.1),
        },
    )
}

fn member_type(structures: &Structures, member: &Member) -> Type {
    match member.kind {
        Kind::Primitive(primitive) => primitive_type(primitive),
        Kind::Resource => {
            let resource = structures.type_named("Resource");
            resource.unwrap_or(Type { id: 0, system: None })
        }
        Kind::Structure(id) => structure_type(structures, id),
    }
}

fn structure_type(structures: &Structures, id: StructureId) -> Type {
    let is_quantity = structures
        .structure(id)
        .is_some_and(|structure| is_quantity(&structure.name));
    Type {
        id: id.number(),
        system: is_quantity.then_some(SystemType::Quantity),
    }
}

/// Quantity and what is derived from it.
fn is_quantity(name: &str) -> bool {
    matches!(name, "Quantity" | "Age" | "Count" | "Distance" | "Duration")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definitions::fixture;
    use crate::fhirpath::is_derived;
    use crate::resource::ResourceType;

    fn r4() -> &'static Structures {
        fixture::r4().structures()
    }

    fn named(name: &str) -> Type {
        r4().type_named(name).unwrap()
    }

    #[test]
    fn every_type_of_resource_is_derived_from_resource() {
        for resource_type in ResourceType::all() {
            assert!(
                is_derived(named(resource_type.name()), named("Resource"), r4()),
                "{resource_type}"
            );
        }
        assert!(is_derived(named("code"), named("string"), r4()));
        assert!(is_derived(named("Age"), named("Quantity"), r4()));
        assert!(!is_derived(named("string"), named("code"), r4()));
        assert!(!is_derived(named("Patient"), named("Observation"), r4()));
    }

    #[test]
    fn elements_know_their_types() {
        let patient = named("Patient");
        let name = Model::element(r4(), patient, "name").unwrap();
        assert_eq!((name.is_many, name.single), (true, Some(named("HumanName"))));
        assert_eq!(Model::element(r4(), patient, "deceased").unwrap().single, None);
        assert_eq!(Model::element(r4(), patient, "deceasedBoolean"), None);
        let mut choices = Vec::new();
        r4().choices(patient, "deceased", &mut |member, of| {
            choices.push((member.to_owned(), of));
            true
        });
        let expected = [("deceasedBoolean", "boolean"), ("deceasedDateTime", "dateTime")];
        assert_eq!(
            choices,
            expected.map(|(member, of)| (member.to_owned(), named(of)))
        );
        assert_eq!(
            Model::element(r4(), named("code"), "extension").unwrap().single,
            Some(named("Extension"))
        );
    }
}
