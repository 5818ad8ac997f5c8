//! One member's value: array or single, nulls, the underscored sibling of a primitive, and then what its type asks
//! for. <http://hl7.org/fhir/R4/json.html>

use std::cell::LazyCell;

use super::location::Location;
use super::{IssueCode, Validator, primitive};
use crate::definitions::structure::definition::Expected;
use crate::definitions::structure::{Element, Kind, Member, Primitive};
use crate::resource::{Json, Object, ResourceType};

impl<'definitions> Validator<'definitions, '_> {
    /// Checks the value of `member`, which stands in `holder`.
    pub(super) fn member(
        &mut self,
        member: &'definitions Member,
        element: &Element,
        value: &Json,
        holder: &Object,
        parent: &Location<'_>,
    ) {
        let location = parent.member(&element.name);
        match value {
            Json::Array(items) if element.is_many => {
                if items.is_empty() {
                    self.empty_array(&location);
                }
                let siblings = LazyCell::new(|| siblings(member, holder));
                for (index, item) in items.iter().enumerate() {
                    if matches!(item, Json::Null) {
                        // A null stands for a primitive that has only an id or extensions; they must be there.
                        if !matches!(siblings.get(index), Some(Json::Object(_))) {
                            self.null(&location.item(index));
                        }
                    } else {
                        self.item(member, element, item, &location.item(index));
                    }
                }
                if !items.is_empty() && !element.may_repeat(items.len()) {
                    self.count(element, items.len(), &location);
                }
            }
            Json::Array(_) => {
                let diagnostics = format!("\"{}\" does not repeat: write its value without [ ]", member.name);
                self.report(IssueCode::Structure, &location, diagnostics);
            }
            Json::Null => self.null(&location),
            _ if element.is_many => {
                let diagnostics = format!("\"{}\" repeats: write an array, [ … ]", member.name);
                self.report(IssueCode::Structure, &location, diagnostics);
            }
            _ => self.item(member, element, value, &location),
        }
    }

    /// Checks one value of an element; it is neither null nor the array of a repeating element.
    fn item(
        &mut self,
        member: &'definitions Member,
        element: &Element,
        value: &Json,
        location: &Location<'_>,
    ) {
        self.value(member, value, location);
        if let Some(expected) = &element.expected
            && !expected.is_met(value)
        {
            let diagnostics = match &**expected {
                Expected::Fixed(json) => format!("write {}", json.to_text()),
                Expected::Pattern(json) => format!("write what has {}", json.to_text()),
            };
            self.report_by_profile(IssueCode::Value, location, diagnostics);
        }
    }

    fn count(&mut self, element: &Element, count: usize, location: &Location<'_>) {
        let diagnostics = match element.maximum {
            Some(maximum) => format!("there are {count}: write {} to {maximum}", element.minimum),
            None => format!("there are {count}: write at least {}", element.minimum),
        };
        self.report_by_profile(IssueCode::Structure, location, diagnostics);
    }

    /// Checks one value against its type; it is neither null nor the array of a repeating element.
    fn value(&mut self, member: &'definitions Member, value: &Json, location: &Location<'_>) {
        match (member.kind, value) {
            (Kind::Primitive(primitive), _) => match primitive::check(primitive, value) {
                Ok(()) => self.code(member, value, location),
                Err(fault) => self.report(fault.code(), location, fault.diagnostics(value)),
            },
            (Kind::Structure(id), Json::Object(object)) => {
                let extension = self.structures.of_extension(id, object);
                if let Some(structure) = extension.or_else(|| self.structures.structure(id)) {
                    self.object(structure, object, location);
                    match structure.name.as_str() {
                        "CodeableConcept" => self.coding(member, object, location),
                        "Reference" => self.reference(member, object, location),
                        _ => {}
                    }
                }
            }
            (Kind::Resource, Json::Object(object)) => self.nested_resource(member, object, location),
            (Kind::Structure(_) | Kind::Resource, _) => {
                let diagnostics = format!("\"{}\" must be an object, {{ … }}", member.name);
                self.report(IssueCode::Structure, location, diagnostics);
            }
        }
    }

    /// Checks a resource inside of another one by its own type.
    fn nested_resource(&mut self, member: &Member, object: &Object, location: &Location<'_>) {
        let named = object.get("resourceType").and_then(Json::as_str);
        let Some(resource_type) = named.and_then(ResourceType::parse) else {
            let (code, diagnostics) = match named {
                Some(name) => (
                    IssueCode::Value,
                    format!("FHIR R4 has no resource type \"{name}\""),
                ),
                None => (
                    IssueCode::Required,
                    "write \"resourceType\" into this resource".to_owned(),
                ),
            };
            self.report(code, &location.member("resourceType"), diagnostics);
            return;
        };
        let structures = self.structures;
        let Some(structure) = structures.resource(resource_type) else {
            return;
        };
        if member.name == "contained" {
            self.contained(object, location);
            self.object(structure, object, location);
        } else {
            // What stands in a Bundle or in Parameters has contained resources of its own. A validator of its own
            // keeps the lifetime of this one's container apart; the issues are handed back.
            let mut inner = Validator {
                structures,
                issues: std::mem::take(&mut self.issues),
                container: object,
                contained_ids: None,
                conditional_references: self.conditional_references,
            };
            inner.object(structure, object, location);
            self.issues = inner.issues;
        }
    }

    /// Checks `_name`, which holds id and extensions of the primitive `name` whose value is `primitive`.
    pub(super) fn sibling(
        &mut self,
        element: &Element,
        name: &str,
        value: &Json,
        primitive: Option<&Json>,
        parent: &Location<'_>,
    ) {
        let location = parent.member(&element.name);
        match value {
            Json::Object(object) if !element.is_many => self.sibling_object(object, primitive, &location),
            Json::Array(items) if element.is_many => {
                let values = primitive.and_then(Json::as_array);
                if let Some(values) = values
                    && values.len() != items.len()
                {
                    let diagnostics = format!(
                        "\"{name}\" has {} items and the values beside it {}: fill the shorter one up with null",
                        items.len(),
                        values.len()
                    );
                    self.report(IssueCode::Structure, &location, diagnostics);
                }
                if items.is_empty() {
                    self.empty_array(&location);
                }
                for (index, item) in items.iter().enumerate() {
                    let location = location.item(index);
                    match item {
                        Json::Object(object) => {
                            let primitive = values.and_then(|values| values.get(index));
                            self.sibling_object(object, primitive, &location);
                        }
                        Json::Null if values.is_some_and(|values| index < values.len()) => {}
                        Json::Null => self.null(&location),
                        _ => self.wrong_sibling(name, "null or an object with id or extension", &location),
                    }
                }
            }
            _ if element.is_many => self.wrong_sibling(name, "an array, [ … ]", &location),
            _ => self.wrong_sibling(name, "an object with id or extension", &location),
        }
    }

    /// Beside a value an id is enough; without one there must be extensions (ele-1).
    fn sibling_object(&mut self, object: &Object, primitive: Option<&Json>, location: &Location<'_>) {
        let has_value = primitive.is_some_and(|value| !matches!(value, Json::Null));
        match object.get("id") {
            Some(id) if has_value && object.len() == 1 => {
                if let Err(fault) = primitive::check(Primitive::String, id) {
                    self.report(fault.code(), &location.member("id"), fault.diagnostics(id));
                }
            }
            _ => {
                if let Some(structure) = self.structures.element() {
                    self.object(structure, object, location);
                }
            }
        }
    }

    fn wrong_sibling(&mut self, name: &str, expected: &str, location: &Location<'_>) {
        let diagnostics = format!("\"{name}\" must be {expected}");
        self.report(IssueCode::Structure, location, diagnostics);
    }

    fn null(&mut self, location: &Location<'_>) {
        let diagnostics = "null is not allowed here: leave the element out".to_owned();
        self.report(IssueCode::Structure, location, diagnostics);
    }

    fn empty_array(&mut self, location: &Location<'_>) {
        let diagnostics = "an array must not be empty; leave the element out".to_owned();
        self.report(IssueCode::Structure, location, diagnostics);
    }
}

/// The items of the underscored sibling of `member`.
fn siblings<'holder>(member: &Member, holder: &'holder Object) -> &'holder [Json] {
    holder
        .iter()
        .find(|(name, _)| name.strip_prefix('_') == Some(&member.name))
        .and_then(|(_, sibling)| sibling.as_array())
        .unwrap_or_default()
}
