//! The walk over every link that a resource holds: references, URIs and the links of its narrative.
//! A transaction rewrites them, <http://hl7.org/fhir/R4/http.html#trules>; referential integrity reads them.

mod narrative;

use compact_str::CompactString;

use super::{Json, Object};

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
pub fn for_each_reference(resource: &mut Object, visit: &mut dyn FnMut(Place, &mut CompactString)) {
    for (name, value) in resource.iter_mut() {
        visit_member(name, value, visit);
    }
}

fn visit_member(name: &str, value: &mut Json, visit: &mut dyn FnMut(Place, &mut CompactString)) {
    match value {
        Json::String(text) => match name {
            "reference" => visit(Place::Reference, text),
            "div" => narrative::for_each_link(text, &mut |link| visit(Place::Narrative, link)),
            _ if is_uri_element(name) => visit(Place::Uri, text),
            _ => {}
        },
        Json::Array(items) => {
            for item in items {
                visit_member(name, item, visit);
            }
        }
        Json::Object(object) => for_each_reference(object, visit),
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

/// The names that R4 gives to elements of type uri, url, oid and uuid.
fn is_uri_element(name: &str) -> bool {
    matches!(
        name,
        "address"
            | "authority"
            | "authorizationUrl"
            | "contentReference"
            | "definition"
            | "definitionUri"
            | "derivedFromUri"
            | "detail"
            | "endpoint"
            | "fullUrl"
            | "implicitRules"
            | "instantiates"
            | "instantiatesUri"
            | "issuer"
            | "jurisdiction"
            | "link"
            | "location"
            | "onlineInformation"
            | "policy"
            | "protocol"
            | "relativePath"
            | "rendering"
            | "source"
            | "system"
            | "target"
            | "uri"
            | "url"
    ) || ["Uri", "Url", "Oid", "Uuid"]
        .iter()
        .any(|suffix| name.ends_with(suffix))
}

#[cfg(test)]
mod tests;
