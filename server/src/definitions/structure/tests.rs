//! The element model of the standard, and facts that are none.

use super::*;
use crate::definitions::fixture;

#[test]
fn the_facts_parse_and_cover_every_resource_type() {
    let structures = Structures::r4().unwrap();
    for resource_type in ResourceType::all() {
        let structure = structures.resource(resource_type).unwrap();
        assert_eq!(structure.name, resource_type.name());
        assert!(structure.is_resource);
        assert!(structure.member("id").is_some(), "{resource_type}");
    }
    for structure in structures.iter() {
        assert!(structure.elements.len() <= 64, "{}", structure.name);
    }
    assert_eq!(structures.element().unwrap().name, "Element");
}

#[test]
fn elements_know_cardinality_types_binding_and_targets() {
    let structures = fixture::r4().structures();
    let structure = structures
        .resource(ResourceType::parse("Observation").unwrap())
        .unwrap();
    let member = |name| structure.member(name).unwrap();
    let element = |name| structure.element(member(name)).unwrap();

    assert!(element("status").is_required() && !element("status").is_many && element("status").is_summary);
    assert!(element("component").is_many && !element("component").is_required());
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
    assert!(parse::structures("Element\n\tid 0..1 string\n", "").is_ok());
    for facts in [
        "\tid 0..1 string\nElement\n",
        "Element\n\tb 0..1 Nothing\n",
        "Element\nA B\n",
        "Element\n\tb string\n",
        "Element\n\tb 0..1 code=missing\n",
        "Element\n\tb 0..1 Reference(Nothing)\n",
        "A\n",
    ] {
        assert!(parse::structures(facts, "").is_err(), "{facts}");
    }
}

#[test]
fn the_elements_of_a_name_are_found_wherever_they_are_defined() {
    let structures = fixture::r4().structures();
    let types = |path: &str, name: &str| -> Vec<&'static str> {
        let members = structures
            .named(path)
            .into_iter()
            .flat_map(|one| one.members_of(name));
        members.map(|member| structures.type_name(member.kind)).collect()
    };
    assert_eq!(types("Patient", "name"), ["HumanName"]);
    assert_eq!(types("Patient", "deceased"), ["boolean", "dateTime"]);
    assert_eq!(types("Observation", "component"), ["Observation.component"]);
    assert_eq!(types("Patient", "meta"), ["Meta"]);
    assert_eq!(types("Patient.contact", "extension"), ["Extension"]);
    assert_eq!(types("Questionnaire.item", "item"), ["Questionnaire.item"]);
    assert_eq!(types("Bundle.entry", "resource"), ["Resource"]);
    assert!(types("Patient", "nothing").is_empty());
    assert!(types("Nothing", "id").is_empty());
}

#[test]
fn a_code_knows_its_system_even_where_its_codes_are_not_known() {
    let structures = fixture::r4().structures();
    let member = |path: &str, name: &str| structures.named(path).unwrap().member(name).unwrap();
    let gender = member("Patient", "gender");
    assert_eq!(
        structures.code_system(gender),
        Some("http://hl7.org/fhir/administrative-gender")
    );
    assert!(structures.value_set(gender).is_some());
    let currency = member("Money", "currency");
    assert_eq!(structures.code_system(currency), Some("urn:iso:std:iso:4217"));
    assert!(structures.value_set(currency).is_none());
}
