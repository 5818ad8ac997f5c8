//! The walk over every link that a resource holds: references, URIs and the links of its narrative.
//! A transaction rewrites them, <http://hl7.org/fhir/R4/http.html#trules>.

mod narrative;

use compact_str::CompactString;

use super::{Json, Object};
use crate::definitions::structure::Structures;

/// Where a link stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// `Reference.reference`.
    Reference,
    /// An element of type uri, url, oid or uuid. Elements of type canonical are not links in this sense.
    Uri,
    /// `href` of an `a` or `src` of an `img` in a narrative.
    Narrative,
}

/// Calls `visit` with every link of `resource` in the order in which they stand, those of contained resources and
/// of a Bundle's entries included. What `visit` writes to the text goes into the resource.
///
/// URIs are known by the names of their elements, wherever those stand. Names are enough: what a transaction looks for
/// is a full URL, which no other element holds by accident, and they work in unfinished resources too.
pub fn for_each_reference(
    structures: &Structures,
    resource: &mut Object,
    visit: &mut dyn FnMut(Place, &mut CompactString),
) {
    for (name, value) in resource.iter_mut() {
        visit_member(structures, name, value, visit);
    }
}

fn visit_member(
    structures: &Structures,
    name: &str,
    value: &mut Json,
    visit: &mut dyn FnMut(Place, &mut CompactString),
) {
    match value {
        Json::String(text) => match name {
            "reference" => visit(Place::Reference, text),
            "div" => narrative::for_each_link(text, &mut |link| visit(Place::Narrative, link)),
            _ if structures.is_uri_name(name) => visit(Place::Uri, text),
            _ => {}
        },
        Json::Array(items) => {
            for item in items {
                visit_member(structures, name, item, visit);
            }
        }
        Json::Object(object) => for_each_reference(structures, object, visit),
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

#[cfg(test)]
mod tests;
