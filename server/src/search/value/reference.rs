//! References, <http://hl7.org/fhir/R4/search.html#reference>, and what they point at.

use compact_str::CompactString;

use super::{Expected, string, token};
use crate::definitions::path::ElementType;
use crate::definitions::search_parameter::ParameterId;
use crate::definitions::structure::Targets;
use crate::resource::{Json, Object, ResourceType};
use crate::search::index::{IndexEntries, ReferenceEntry, ReferenceTarget};
use crate::search::query::ReferenceMatch;

/// Adds what `element` says. A reference's identifier becomes a token and its display a string of the same
/// parameter. Of a resource inside another one, such as a Bundle's entry, it is the resource itself that is
/// pointed at, if its type is one of `targets`.
pub fn index(
    element: &Json,
    element_type: &ElementType,
    targets: Targets,
    parameter: ParameterId,
    entries: &mut IndexEntries,
) {
    match (element_type, element) {
        (ElementType::Reference, Json::Object(reference)) => {
            if let Some(url) = reference.get("reference").and_then(Json::as_str) {
                add(literal(url), parameter, entries);
            }
            if let Some(Json::Object(identifier)) = reference.get("identifier") {
                token::index_identifier(identifier, parameter, None, entries);
            }
            if let Some(display) = reference.get("display").and_then(Json::as_str) {
                string::add(display, parameter, entries);
            }
        }
        (ElementType::Canonical | ElementType::Uri, Json::String(url)) => {
            add(canonical(url), parameter, entries);
        }
        (ElementType::Resource, Json::Object(resource)) => {
            if let Some(target) = own_target(resource, targets) {
                add(target, parameter, entries);
            }
        }
        _ => {}
    }
}

fn add(target: ReferenceTarget, parameter: ParameterId, entries: &mut IndexEntries) {
    entries.references.push(ReferenceEntry { parameter, target });
}

fn own_target(resource: &Object, targets: Targets) -> Option<ReferenceTarget> {
    let resource_type = ResourceType::parse(resource.get("resourceType")?.as_str()?)?;
    let id = resource.get("id")?.as_str()?;
    (targets.is_empty() || targets.contains(resource_type)).then(|| ReferenceTarget::Local {
        resource_type,
        id: CompactString::from(id),
        version: None,
    })
}

/// Between the URL of a resource and the number of one of its versions.
const HISTORY: &str = "_history/";

/// What the text of a Reference points at: `Type/id` is a resource of this server, `Type/id/_history/version` a version of it.
pub fn literal(text: &str) -> ReferenceTarget {
    let (url, version) = match text.split_once("/_history/") {
        Some((url, _)) => (url, Some(&text[url.len() + 1..])),
        None => (text, None),
    };
    match local(url) {
        Some((resource_type, id)) => ReferenceTarget::Local {
            resource_type,
            id: CompactString::from(id),
            version: version.map(version_number),
        },
        None => ReferenceTarget::Url {
            url: CompactString::from(url),
            version: version.map(CompactString::from),
        },
    }
}

/// The version in `_history/version`; 0 when no version can have that number.
fn version_number(text: &str) -> i32 {
    let number = text.strip_prefix(HISTORY).and_then(|number| number.parse().ok());
    number.filter(|number| *number > 0).unwrap_or_default()
}

impl ReferenceTarget {
    /// Makes a URL the resource of this server that it was found to mean. One with a business version stays what it is.
    pub fn localize(&mut self, resource_type: ResourceType, id: &str) {
        let ReferenceTarget::Url { version, .. } = self else {
            return;
        };
        if version
            .as_ref()
            .is_none_or(|version| version.starts_with(HISTORY))
        {
            *self = ReferenceTarget::Local {
                resource_type,
                id: CompactString::from(id),
                version: version.as_deref().map(version_number),
            };
        }
    }
}

/// What a canonical URL points at; `|version` is split off, a fragment left out.
pub fn canonical(text: &str) -> ReferenceTarget {
    if let Some((resource_type, id)) = local(text) {
        return ReferenceTarget::Local {
            resource_type,
            id: CompactString::from(id),
            version: None,
        };
    }
    let (url, version) = match text.split_once('|') {
        Some((url, version)) => (url, Some(version)),
        None => (text, None),
    };
    let version = version.map(|version| version.split_once('#').map_or(version, |(version, _)| version));
    ReferenceTarget::Url {
        url: CompactString::from(url),
        version: version
            .filter(|version| !version.is_empty())
            .map(token::without_case),
    }
}

/// The type and the id in `Type/id`.
fn local(text: &str) -> Option<(ResourceType, &str)> {
    let (resource_type, id) = text.split_once('/')?;
    let resource_type = ResourceType::parse(resource_type)?;
    is_id(id).then_some((resource_type, id))
}

/// Whether `text` has the form of a logical id, <http://hl7.org/fhir/R4/datatypes.html#id>.
pub fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.')
}

/// What a client asks for: an id, `Type/id`, or a URL. URLs of this server, which start with `base_url`, are
/// the same as `Type/id`. `named_type` is the type that a modifier names (`subject:Patient=1`).
///
/// # Errors
/// When the value is empty, or does not fit the type that is named.
pub fn parse(
    value: &str,
    named_type: Option<ResourceType>,
    base_url: &str,
) -> Result<ReferenceMatch, Expected> {
    let relative = match value.strip_prefix(base_url.trim_end_matches('/')) {
        Some(path) if !base_url.is_empty() => path.strip_prefix('/').unwrap_or(value),
        _ => value,
    };
    let target = match relative.split_once("/_history/") {
        Some(_) => literal(relative),
        None => canonical(relative),
    };
    match (target, named_type) {
        (ReferenceTarget::Local { resource_type, .. }, Some(named_type)) if resource_type != named_type => {
            Err(Expected("an id of the type that the modifier names"))
        }
        (ReferenceTarget::Url { url, .. }, Some(resource_type)) if is_id(&url) => {
            Ok(ReferenceMatch::Target(ReferenceTarget::Local {
                resource_type,
                id: url,
                version: None,
            }))
        }
        (ReferenceTarget::Url { .. }, Some(_)) => Err(Expected("the id of a resource")),
        (ReferenceTarget::Url { url, version: None }, None) if is_id(&url) => Ok(ReferenceMatch::Id(url)),
        // Whatever version they name, references to the resource are found.
        (
            ReferenceTarget::Local {
                resource_type, id, ..
            },
            _,
        ) => Ok(ReferenceMatch::Target(ReferenceTarget::Local {
            resource_type,
            id,
            version: None,
        })),
        (target, None) => Ok(ReferenceMatch::Target(target)),
    }
}

/// What a client asks for with `:below` or `:above` of a canonical URL.
///
/// # Errors
/// When it is no URL, or `:above` is asked for with a version.
pub fn parse_hierarchy(value: &str, is_below: bool) -> Result<ReferenceMatch, Expected> {
    match (canonical(value), is_below) {
        (ReferenceTarget::Url { url, version }, true) => Ok(ReferenceMatch::Below(url, version)),
        (ReferenceTarget::Url { url, version: None }, false) => Ok(ReferenceMatch::Above(url)),
        (ReferenceTarget::Url { .. }, false) => Err(Expected("the canonical URL without its version")),
        (ReferenceTarget::Local { .. }, _) => Err(Expected(
            "a canonical URL such as http://example.org/Questionnaire/q",
        )),
    }
}
