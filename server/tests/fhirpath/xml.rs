//! Resources in FHIR's XML, <http://hl7.org/fhir/R4/xml.html>, as JSON: the cases' resources are XML.

use brazier_server::fhirpath::{Model, SystemType, Type};
use brazier_server::resource::{Json, Object};
use roxmltree::{Document, Node};

use super::r4;

/// The resource that is the root of a document.
pub fn resource(text: &str) -> Json {
    let document = Document::parse(text).unwrap();
    of_resource(document.root_element())
}

fn of_resource(node: Node<'_, '_>) -> Json {
    let name = node.tag_name().name();
    let mut object = Object::new();
    object.set("resourceType", Json::from(name));
    fill(&mut object, node, r4().type_named(name).unwrap());
    Json::Object(object)
}

/// Sets what the attributes and elements of `node` say.
fn fill(object: &mut Object, node: Node<'_, '_>, of: Type) {
    for name in ["id", "url"] {
        if let Some(text) = node.attribute(name) {
            object.set(name, Json::from(text));
        }
    }
    for child in node.children().filter(Node::is_element) {
        let name = child.tag_name().name();
        let element = Model::element(r4(), of, name);
        let is_many = element.is_some_and(|element| element.is_many);
        let child_type = element
            .and_then(|element| element.single)
            .or_else(|| r4().member(of, name))
            .unwrap_or_else(|| panic!("{} has no {name}", r4().name(of)));
        let (value, sibling) = values(child, child_type);
        set(object, name, value, is_many);
        set(object, &format!("_{name}"), sibling, is_many);
    }
    let siblings: Vec<_> = object.iter().filter(|(name, _)| name.starts_with('_')).collect();
    let empty = |value: &Json| {
        value
            .as_array()
            .is_some_and(|items| items.iter().all(|item| *item == Json::Null))
    };
    let unused: Vec<_> = siblings
        .iter()
        .filter(|(_, value)| empty(value))
        .map(|(name, _)| (*name).to_owned())
        .collect();
    for name in unused {
        object.remove(&name);
    }
}

fn set(object: &mut Object, name: &str, value: Option<Json>, is_many: bool) {
    if !is_many {
        if let Some(value) = value {
            object.set(name, value);
        }
        return;
    }
    match object.get_mut(name) {
        Some(Json::Array(items)) => items.push(value.unwrap_or(Json::Null)),
        _ => object.set(name, Json::Array(vec![value.unwrap_or(Json::Null)])),
    }
}

/// The value, and for a primitive what its underscored sibling has.
fn values(node: Node<'_, '_>, of: Type) -> (Option<Json>, Option<Json>) {
    if r4().name(of) == "Resource" {
        return (node.first_element_child().map(of_resource), None);
    }
    if r4().name(of) == "xhtml" {
        let text = &node.document().input_text()[node.range()];
        return (Some(Json::from(text)), None);
    }
    let mut object = Object::new();
    fill(&mut object, node, of);
    if !of.is_primitive() {
        return (Some(Json::Object(object)), None);
    }
    let value = node.attribute("value").map(|text| match of.system {
        Some(SystemType::Boolean) => Json::Bool(text == "true"),
        Some(SystemType::Integer | SystemType::Decimal) => Json::Number(text.into()),
        _ => Json::from(text),
    });
    (value, (!object.is_empty()).then_some(Json::Object(object)))
}
