//! Definitions in, structures or refusals out.

use super::*;
use crate::definitions::fixture;
use crate::definitions::structure::ValueSet;
use crate::resource::ResourceType;

const STANDARD: &str = "http://hl7.org/fhir/StructureDefinition/";

fn of(code: &str, targets: &[&str]) -> TypeReference {
    TypeReference {
        code: code.to_owned(),
        targets: targets.iter().map(|name| (*name).to_owned()).collect(),
    }
}

fn element(path: &str, types: &[TypeReference]) -> ElementDefinition {
    ElementDefinition {
        path: path.to_owned(),
        types: types.to_vec(),
        ..ElementDefinition::default()
    }
}

fn times(path: &str, minimum: u32, maximum: Maximum) -> ElementDefinition {
    ElementDefinition {
        minimum: Some(minimum),
        maximum: Some(maximum),
        ..element(path, &[])
    }
}

fn bound(path: &str, value_set: &str) -> ElementDefinition {
    ElementDefinition {
        required_binding: Some(value_set.to_owned()),
        ..element(path, &[])
    }
}

fn profile(type_name: &str, elements: Vec<ElementDefinition>) -> StructureDefinition {
    StructureDefinition {
        url: "http://a.example/p".to_owned(),
        type_name: type_name.to_owned(),
        base: format!("{STANDARD}{type_name}"),
        derivation: Derivation::Constraint,
        elements,
    }
}

fn data_type(name: &str, base: &str, elements: Vec<ElementDefinition>) -> StructureDefinition {
    StructureDefinition {
        url: format!("http://a.example/{name}"),
        base: format!("{STANDARD}{base}"),
        derivation: Derivation::Specialization,
        ..profile(name, elements)
    }
}

fn refused(definition: &StructureDefinition) -> String {
    let error = fixture::r4().structures().with(definition).unwrap_err();
    error.problem.to_string()
}

#[test]
fn a_constraint_narrows_a_copy_and_leaves_the_base_as_it_is() {
    let standard = fixture::r4().structures();
    let definition = profile(
        "Observation",
        vec![
            element("Observation", &[]),
            times("Observation.category", 1, Maximum::Times(2)),
            element("Observation.subject", &[of("Reference", &["Patient"])]),
            element("Observation.value[x]", &[of("Quantity", &[]), of("string", &[])]),
            times("Observation.value[x].unit", 1, Maximum::Times(1)),
            times("Observation.valueString", 0, Maximum::Times(0)),
            times("Observation.component", 0, Maximum::Times(0)),
            bound(
                "Observation.interpretation",
                "http://hl7.org/fhir/ValueSet/observation-status|4.0.1",
            ),
        ],
    );
    let extended = standard.with(&definition).unwrap();
    let made = extended.profile("http://a.example/p|1.0").unwrap();
    let base = standard.named("Observation").unwrap();
    let category = made.element(made.member("category").unwrap()).unwrap();
    assert!(category.is_required() && category.is_many);
    assert!(category.may_repeat(2) && !category.may_repeat(3));
    let targets: Vec<_> = extended
        .targets(made.member("subject").unwrap())
        .unwrap()
        .iter()
        .map(ResourceType::name)
        .collect();
    assert_eq!(targets, ["Patient"]);
    let values: Vec<&str> = made
        .members_of("value")
        .map(|member| member.name.as_str())
        .collect();
    assert_eq!(values, ["valueQuantity"]);
    let Kind::Structure(quantity) = made.member("valueQuantity").unwrap().kind else {
        panic!("a Quantity has elements")
    };
    let quantity = extended.structure(quantity).unwrap();
    assert_eq!(quantity.name, "Quantity");
    assert!(
        quantity
            .element(quantity.member("unit").unwrap())
            .unwrap()
            .is_required()
    );
    assert!(made.member("component").is_none());
    let interpretation = made.member("interpretation").unwrap();
    assert!(extended.value_set(interpretation).unwrap().has_code("final"));

    let unit = standard.named("Quantity").unwrap();
    assert!(!unit.element(unit.member("unit").unwrap()).unwrap().is_required());
    assert_eq!(base.members_of("value").count(), 11);
    assert!(standard.profile("http://a.example/p").is_none() && !standard.has_additions());
    assert!(
        std::ptr::eq(extended.named("Observation").unwrap(), base),
        "what is unchanged is shared"
    );
}

#[test]
fn a_profile_may_constrain_another_one_and_use_value_sets_that_were_added() {
    let mut value_set = ValueSet::of_url("http://a.example/ValueSet/wards");
    value_set.add_system(
        "http://a.example/wards".into(),
        vec!["east".into(), "west".into()],
    );
    let first = profile("Patient", vec![times("Patient.name", 1, Maximum::Any)]);
    let second = StructureDefinition {
        url: "http://a.example/q".to_owned(),
        base: first.url.clone(),
        elements: vec![bound("Patient.maritalStatus", "http://a.example/ValueSet/wards")],
        ..first.clone()
    };
    let standard = fixture::r4().structures();
    let extended = standard.with_value_set(value_set).unwrap();
    let extended = extended.with(&first).unwrap().with(&second).unwrap();
    let made = extended.profile("http://a.example/q").unwrap();
    assert!(made.element(made.member("name").unwrap()).unwrap().is_required());
    let wards = extended.value_set(made.member("maritalStatus").unwrap()).unwrap();
    assert!(wards.has_coding("http://a.example/wards", "east"));
    assert_eq!(wards.id, "wards");
}

#[test]
fn a_new_data_type_has_its_own_elements_and_those_of_its_base() {
    let definition = data_type(
        "Ward",
        "Element",
        vec![times("Ward.bed", 0, Maximum::Any), element("Ward.bed", &[])],
    );
    assert_eq!(refused(&definition), "Ward.bed has no type; write its types");
    let definition = data_type(
        "Ward",
        "Element",
        vec![
            ElementDefinition {
                types: vec![of("BackboneElement", &[])],
                ..times("Ward.bed", 1, Maximum::Any)
            },
            element("Ward.bed.number", &[of("positiveInt", &[])]),
            element(
                "Ward.lead[x]",
                &[of("Reference", &["Practitioner"]), of("string", &[])],
            ),
        ],
    );
    let extended = fixture::r4().structures().with(&definition).unwrap();
    let ward = extended.named("Ward").unwrap();
    let names: Vec<&str> = ward.members().iter().map(|member| member.name.as_str()).collect();
    assert_eq!(names, ["bed", "extension", "id", "leadReference", "leadString"]);
    assert!(ward.element(ward.member("bed").unwrap()).unwrap().is_many);
    let bed = extended.named("Ward.bed").unwrap();
    assert_eq!(
        extended.type_name(bed.member("number").unwrap().kind),
        "positiveInt"
    );
    assert!(bed.member("modifierExtension").is_some());
}

#[test]
fn what_cannot_be_used_says_what_to_write() {
    let patient = |elements| profile("Patient", elements);
    for (definition, expected) in [
        (
            patient(vec![element("Patient.ward", &[])]),
            "Patient.ward is no element of the base",
        ),
        (
            patient(vec![times("Patient.birthDate.length", 1, Maximum::Times(1))]),
            "Patient.birthDate.length is no element of the base",
        ),
        (
            patient(vec![element("Person.name", &[])]),
            "the path Person.name does not begin with the type",
        ),
        (
            patient(vec![times("Patient.birthDate", 0, Maximum::Times(2))]),
            "Patient.birthDate: the cardinality must be within 0..1",
        ),
        (
            patient(vec![times("Patient.gender", 0, Maximum::Any)]),
            "Patient.gender: the cardinality must be within 0..1",
        ),
        (
            patient(vec![times("Patient.link.other", 0, Maximum::Times(1))]),
            "Patient.link.other: the cardinality must be within 1..1",
        ),
        (
            patient(vec![element("Patient.deceased[x]", &[of("string", &[])])]),
            "Patient.deceased[x]: the base does not allow string; it allows boolean, dateTime",
        ),
        (
            patient(vec![element(
                "Patient.managingOrganization",
                &[of("Reference", &["Patient"])],
            )]),
            "Patient.managingOrganization: the base does not allow Reference(Patient)",
        ),
        (
            patient(vec![bound("Patient.gender", "http://a.example/ValueSet/none")]),
            "Patient.gender: the value set http://a.example/ValueSet/none is not known; add it first",
        ),
        (
            StructureDefinition {
                base: "http://a.example/none".to_owned(),
                ..patient(Vec::new())
            },
            "the base http://a.example/none is not known; add it first",
        ),
        (
            StructureDefinition {
                base: format!("{STANDARD}Person"),
                ..patient(Vec::new())
            },
            "the base is of type Person",
        ),
        (
            StructureDefinition {
                url: format!("{STANDARD}Patient"),
                ..patient(Vec::new())
            },
            "there is a structure of this URL",
        ),
        (
            data_type("Ward", "DomainResource", Vec::new()),
            "the resource types of FHIR R4 cannot be added to",
        ),
        (
            data_type("Quantity", "Element", Vec::new()),
            "there is a type Quantity",
        ),
        (
            data_type("Ward", "Element", vec![element("Ward.bed", &[of("Bed", &[])])]),
            "Ward.bed: the type Bed is not known; add it first",
        ),
    ] {
        let told = refused(&definition);
        assert!(told.starts_with(expected), "expected {expected}\n     got {told}");
    }
}
