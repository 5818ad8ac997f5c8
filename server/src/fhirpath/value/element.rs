//! An element of a resource: where it stands in the JSON, what stands beside it, and its type.

use std::borrow::Cow;
use std::ptr;

use rust_decimal::Decimal;

use super::{Collection, Quantity, Temporal, Value};
use crate::fhirpath::model::{Model, SystemType, Type};
use crate::resource::{Json, Object};

/// An element, borrowed from its resource.
#[derive(Debug, Clone, Copy)]
pub struct Element<'resource> {
    json: Option<&'resource Json>,
    /// The underscored sibling, which has the id and the extensions of a primitive.
    sibling: Option<&'resource Json>,
    /// The FHIR type, as the model numbers it.
    pub element_type: Type,
}

/// The very same element, not an equal one.
impl PartialEq for Element<'_> {
    fn eq(&self, other: &Self) -> bool {
        let same = |one: Option<&Json>, other: Option<&Json>| match (one, other) {
            (Some(one), Some(other)) => ptr::eq(one, other),
            (None, None) => true,
            _ => false,
        };
        same(self.json, other.json) && same(self.sibling, other.sibling)
    }
}

impl<'resource> Element<'resource> {
    /// A resource; `None` when it names no type of resource that the model knows.
    pub fn resource(json: &'resource Json, model: &dyn Model) -> Option<Self> {
        let element_type = model.type_named(json.get("resourceType")?.as_str()?)?;
        let (json, sibling) = (Some(json), None);
        Some(Element {
            json,
            sibling,
            element_type,
        })
    }

    /// What stands there; `None` for a primitive that only has extensions.
    pub fn json(&self) -> Option<&'resource Json> {
        self.json
    }

    /// Whether it is a primitive with a value.
    pub fn has_value(&self) -> bool {
        self.element_type.is_primitive() && self.json.is_some()
    }

    /// Appends the values of the element `name`.
    pub fn child(&self, name: &str, model: &dyn Model, found: &mut Collection<'resource>) {
        let Some(object) = self.object() else {
            return;
        };
        let Some(element) = model.element(self.element_type, name) else {
            return;
        };
        match element.single {
            Some(element_type) => values(object, name, element_type, model, found),
            // A choice has one value: when it is found, no other member is looked at.
            None => model.choices(self.element_type, name, &mut |member, element_type| {
                let before = found.len();
                values(object, member, element_type, model, found);
                found.len() == before
            }),
        }
    }

    /// Appends the values of all elements.
    pub fn children(&self, model: &dyn Model, found: &mut Collection<'resource>) {
        let Some(object) = self.object() else {
            return;
        };
        for (member, _) in object.iter() {
            let name = member.strip_prefix('_').unwrap_or(member);
            // A primitive and its sibling are one element.
            if name != member && object.get(name).is_some() {
                continue;
            }
            if let Some(element_type) = model.member(self.element_type, name) {
                values(object, name, element_type, model, found);
            }
        }
    }

    /// What FHIRPath calculates with. `None` when there is no such value, or it is not of the type that it should be.
    pub fn simple(&self) -> Option<Value<'resource>> {
        let system = self.element_type.system?;
        match (system, self.json?) {
            (SystemType::Boolean, Json::Bool(value)) => Some(Value::Boolean(*value)),
            (SystemType::Integer, Json::Number(digits)) => digits.parse().ok().map(Value::Integer),
            (SystemType::Decimal, Json::Number(digits)) => decimal(digits).map(Value::Decimal),
            (SystemType::String, Json::String(text)) => Some(Value::String(Cow::Borrowed(text))),
            (SystemType::Date, Json::String(text)) => Temporal::date(text).map(Value::Date),
            (SystemType::DateTime, Json::String(text)) => Temporal::date_time(text).map(Value::DateTime),
            (SystemType::Time, Json::String(text)) => Temporal::time(text).map(Value::Time),
            (SystemType::Quantity, Json::Object(object)) => {
                Quantity::of_element(object).map(|quantity| Value::Quantity(Box::new(quantity)))
            }
            _ => None,
        }
    }

    fn object(&self) -> Option<&'resource Object> {
        if self.element_type.is_primitive() {
            self.sibling
        } else {
            self.json
        }?
        .as_object()
    }
}

/// A number as JSON writes it, also with an exponent.
pub fn decimal(digits: &str) -> Option<Decimal> {
    Decimal::from_str_exact(digits)
        .or_else(|_| Decimal::from_scientific(digits))
        .ok()
}

/// Appends the value or the values of a member, those of lists one by one.
fn values<'resource>(
    object: &'resource Object,
    member: &str,
    element_type: Type,
    model: &dyn Model,
    found: &mut Collection<'resource>,
) {
    let json = object.get(member);
    let sibling = match element_type.is_primitive() {
        true => object
            .iter()
            .find(|(name, _)| name.strip_prefix('_') == Some(member))
            .map(|(_, value)| value),
        false => None,
    };
    let (items, siblings) = (json.and_then(Json::as_array), sibling.and_then(Json::as_array));
    if items.is_none() && siblings.is_none() {
        value(json, sibling, element_type, model, found);
        return;
    }
    let (items, siblings) = (items.unwrap_or_default(), siblings.unwrap_or_default());
    for index in 0..items.len().max(siblings.len()) {
        value(items.get(index), siblings.get(index), element_type, model, found);
    }
}

fn value<'resource>(
    json: Option<&'resource Json>,
    sibling: Option<&'resource Json>,
    element_type: Type,
    model: &dyn Model,
    found: &mut Collection<'resource>,
) {
    let is_there = |json: &&Json| **json != Json::Null;
    let (json, sibling) = (json.filter(is_there), sibling.filter(is_there));
    if json.is_none() && sibling.is_none() {
        return;
    }
    // Only a resource says itself of which type it is; ExampleScenario has an element of the same name.
    let said = json.and_then(|json| json.get("resourceType")?.as_str());
    let element_type = said
        .filter(|_| model.name(element_type) == "Resource")
        .and_then(|name| model.type_named(name))
        .unwrap_or(element_type);
    found.push(Value::Element(Element {
        json,
        sibling,
        element_type,
    }));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definitions::fixture;
    use crate::fhirpath::{Environment, Expression};

    fn evaluated(resource: &str, expression: &str) -> Vec<String> {
        let resource = Json::parse(resource.as_bytes()).unwrap();
        let expression = Expression::parse(expression).unwrap();
        let model = fixture::r4().structures();
        let values = expression
            .evaluate_resource(&Environment::new(model, &resource))
            .unwrap();
        values
            .iter()
            .map(|value| format!("{} {value}", value.type_name(model)))
            .collect()
    }

    #[test]
    fn a_contained_resource_says_its_type_and_an_element_of_that_name_does_not() {
        let patient = r#"{"resourceType":"Patient","contained":[{"resourceType":"Group","id":"g"}]}"#;
        assert_eq!(evaluated(patient, "contained.type().name"), ["String Group"]);
        let scenario =
            r#"{"resourceType":"ExampleScenario","instance":[{"resourceId":"a","resourceType":"Group"}]}"#;
        assert_eq!(evaluated(scenario, "instance.resourceId"), ["string a"]);
        assert_eq!(evaluated(scenario, "instance.resourceType"), ["code Group"]);
    }

    #[test]
    fn what_stands_beside_a_primitive_is_of_it() {
        let patient = r#"{"resourceType":"Patient","birthDate":"2015","_birthDate":{"id":"b"},
            "name":[{"given":["a",null],"_given":[null,{"extension":[{"url":"u","valueString":"v"}]}]}]}"#;
        assert_eq!(evaluated(patient, "birthDate.id"), ["string b"]);
        assert_eq!(evaluated(patient, "name.given.count()"), ["Integer 2"]);
        assert_eq!(
            evaluated(patient, "name.given.extension('u').value"),
            ["string v"]
        );
        assert_eq!(evaluated(patient, "name.children().count()"), ["Integer 2"]);
    }
}
