//! A compiled expression, and how it walks through a resource. Walking allocates nothing.

use compact_str::CompactString;

use super::element_type::ElementType;
use crate::resource::{Json, Object, ResourceType};

/// What an expression selects.
#[derive(Debug, Clone, PartialEq)]
pub enum Program {
    /// The elements that any of these paths leads to.
    Elements(Vec<Path>),
    /// Whether something holds.
    Condition(Condition),
}

/// A way through the JSON to elements of one type.
#[derive(Debug, Clone, PartialEq)]
pub struct Path {
    /// Starts at the resource, even where the expression belongs to an element inside it (`%resource`).
    pub from_resource: bool,
    /// The steps in order.
    pub steps: Vec<Step>,
    /// The type of what is found at the end.
    pub element_type: ElementType,
}

/// One step of a program: from values to those that it selects.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// To the member of this name; through an array to each of its items.
    Member(CompactString),
    /// To one item of the member of this name.
    Item(CompactString, usize),
    /// Only elements whose member of this name is this text.
    WhereText(CompactString, CompactString),
    /// Only elements whose member of this name is false.
    WhereFalse(CompactString),
    /// Only references to this type.
    WhereResolvesTo(ResourceType),
}

/// A condition on a resource.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// `exists()`
    Exists(Vec<Path>),
    /// `!= true`, `!= false`
    NotEqual(Vec<Path>, bool),
    /// `and`
    And(Box<Condition>, Box<Condition>),
}

impl Condition {
    /// Whether it holds of `resource`; `None` when it is neither true nor false (FHIRPath's empty collection).
    pub fn holds(&self, resource: &Object) -> Option<bool> {
        match self {
            Condition::Exists(paths) => Some(first(paths, resource).is_some()),
            Condition::NotEqual(paths, literal) => {
                first(paths, resource).map(|value| value.as_bool() != Some(*literal))
            }
            Condition::And(left, right) => match (left.holds(resource), right.holds(resource)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            },
        }
    }
}

fn first<'resource>(paths: &[Path], resource: &'resource Object) -> Option<&'resource Json> {
    let mut found = None;
    for path in paths {
        path.each(resource, resource, &mut |value| found = found.or(Some(value)));
    }
    found
}

impl Path {
    /// Calls `found` with every element that this path leads to from `context`, an object inside `resource`.
    /// A path without steps leads nowhere: its end is `context` itself, which is no [`Json`].
    pub fn each<'resource>(
        &self,
        resource: &'resource Object,
        context: &'resource Object,
        found: &mut impl FnMut(&'resource Json),
    ) {
        let start = if self.from_resource { resource } else { context };
        walk_object(start, &self.steps, resource, found);
    }

    /// Calls `found` with every element that this path leads to in `resource`, whose references to contained resources lead to
    /// those that `scope` contains: itself, or what it is contained in.
    pub fn each_in<'resource>(
        &self,
        scope: &'resource Object,
        resource: &'resource Object,
        found: &mut impl FnMut(&'resource Json),
    ) {
        walk_object(resource, &self.steps, scope, found);
    }
}

fn walk_object<'resource>(
    object: &'resource Object,
    steps: &[Step],
    resource: &'resource Object,
    found: &mut impl FnMut(&'resource Json),
) {
    let Some((step, rest)) = steps.split_first() else {
        return;
    };
    match step {
        Step::Member(name) => {
            if let Some(value) = object.get(name) {
                walk(value, rest, resource, found);
            }
        }
        Step::Item(name, index) => {
            let item = object.get(name).and_then(Json::as_array);
            if let Some(value) = item.and_then(|items| items.get(*index)) {
                walk(value, rest, resource, found);
            }
        }
        Step::WhereFalse(name) => {
            if object.get(name).and_then(Json::as_bool) == Some(false) {
                walk_object(object, rest, resource, found);
            }
        }
        Step::WhereText(..) | Step::WhereResolvesTo(_) => {}
    }
}

fn walk<'resource>(
    value: &'resource Json,
    steps: &[Step],
    resource: &'resource Object,
    found: &mut impl FnMut(&'resource Json),
) {
    match (value, steps.split_first()) {
        (Json::Array(items), _) => {
            for item in items {
                walk(item, steps, resource, found);
            }
        }
        (Json::Null, _) => {}
        (_, None) => found(value),
        (Json::Object(object), Some((Step::WhereText(name, text), rest)))
            if object.get(name).and_then(Json::as_str) == Some(text) =>
        {
            walk(value, rest, resource, found);
        }
        (Json::Object(object), Some((Step::WhereResolvesTo(resource_type), rest)))
            if type_of_target(object, resource) == Some(resource_type.name()) =>
        {
            walk(value, rest, resource, found);
        }
        (_, Some((Step::WhereText(..) | Step::WhereResolvesTo(_), _))) => {}
        (Json::Object(object), Some(_)) => walk_object(object, steps, resource, found),
        _ => {}
    }
}

/// The type of the resource that `reference` points at, as far as the reference itself tells: by its URL,
/// by the contained resource that it names, or by its `type`.
fn type_of_target<'resource>(
    reference: &'resource Object,
    resource: &'resource Object,
) -> Option<&'resource str> {
    let by_url = match reference.get("reference").and_then(Json::as_str) {
        Some(url) => match url.strip_prefix('#') {
            Some(id) => type_of_contained(id, resource),
            None => type_in_url(url),
        },
        None => None,
    };
    by_url.or_else(|| reference.get("type").and_then(Json::as_str))
}

fn type_of_contained<'resource>(id: &str, resource: &'resource Object) -> Option<&'resource str> {
    let contained = resource.get("contained")?.as_array()?;
    contained
        .iter()
        .find(|inner| inner.get("id").and_then(Json::as_str) == Some(id))?
        .get("resourceType")?
        .as_str()
}

fn type_in_url(url: &str) -> Option<&str> {
    let unversioned = url.split_once("/_history/").map_or(url, |(before, _)| before);
    let mut segments = unversioned.rsplit('/');
    segments.next()?;
    segments
        .next()
        .filter(|segment| ResourceType::parse(segment).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_tells_its_targets_type() {
        let resource = Json::parse(
            br##"{"contained":[{"resourceType":"Group","id":"g"}],"of":[
            {"reference":"Patient/1"}, {"reference":"http://a.example/fhir/Device/2/_history/3"},
            {"reference":"#g"}, {"reference":"#x"}, {"reference":"urn:uuid:1","type":"Location"},
            {"reference":"urn:uuid:1"}, {"identifier":{"value":"1"},"type":"Patient"}]}"##,
        )
        .unwrap();
        let resource = resource.as_object().unwrap();
        let types: Vec<_> = resource
            .get("of")
            .unwrap()
            .as_array()
            .unwrap()
            .iter()
            .map(|reference| type_of_target(reference.as_object().unwrap(), resource))
            .collect();
        assert_eq!(
            types,
            [
                Some("Patient"),
                Some("Device"),
                Some("Group"),
                None,
                Some("Location"),
                None,
                Some("Patient")
            ]
        );
    }
}
