//! The table: method and path → interaction, for requests and for the entries of a Bundle alike. Pure.
//! <http://hl7.org/fhir/R4/http.html#summary>

use http::Method;

use crate::exchange::operation::{Level, Operation};
use crate::exchange::{Interaction, RouteError};
use crate::operation;
use crate::request::logical_id::is_logical_id;
use crate::request::query_string;
use crate::resource::ResourceType;

/// A place in the URL space.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    System,
    Metadata,
    SystemSearch,
    SystemHistory,
    Type(ResourceType),
    TypeSearch(ResourceType),
    TypeHistory(ResourceType),
    Instance(ResourceType, String),
    InstanceHistory(ResourceType, String),
    Version(ResourceType, String, String),
    Compartment(ResourceType, String, Option<ResourceType>),
    CompartmentSearch(ResourceType, String, Option<ResourceType>),
    Operation {
        operation: &'static Operation,
        resource_type: Option<ResourceType>,
        id: Option<String>,
    },
}

const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

/// The interaction that `method` on `path` asks for. The path starts after the base URL; the query is not part of it.
///
/// # Errors
/// [`RouteError`].
pub fn route(method: &Method, path: &str) -> Result<Interaction, RouteError> {
    let place = place(path, matches!(method.as_str(), "GET" | "HEAD"))?;
    place
        .interaction(method.as_str())
        .ok_or_else(|| RouteError::MethodNotAllowed {
            method: method.to_string(),
            allowed: place.methods(),
        })
}

/// The methods that are allowed on `path`, for `OPTIONS`.
///
/// # Errors
/// [`RouteError`].
pub fn methods(path: &str) -> Result<Vec<&'static str>, RouteError> {
    Ok(place(path, true)?.methods())
}

/// The codes of the interactions that the table has for one resource type, and for the whole system. Conditional
/// forms have the code of what they are a form of.
pub fn supported(resource_type: ResourceType) -> (Vec<&'static str>, Vec<&'static str>) {
    let id = || "id".to_owned();
    let of_type = [
        Place::Instance(resource_type, id()),
        Place::Version(resource_type, id(), "1".to_owned()),
        Place::InstanceHistory(resource_type, id()),
        Place::Type(resource_type),
        Place::TypeHistory(resource_type),
        Place::TypeSearch(resource_type),
    ];
    let of_system = [Place::System, Place::SystemHistory, Place::SystemSearch];
    (codes(&of_type), codes(&of_system))
}

fn codes(places: &[Place]) -> Vec<&'static str> {
    let mut codes = Vec::new();
    for place in places {
        for interaction in METHODS.iter().filter_map(|method| place.interaction(method)) {
            for code in interaction.codes() {
                if !codes.contains(code) {
                    codes.push(*code);
                }
            }
        }
    }
    codes
}

impl Place {
    /// What `method` asks for here; `None` where it is not allowed.
    fn interaction(&self, method: &str) -> Option<Interaction> {
        let place = self.clone();
        Some(match (method, place) {
            ("GET" | "HEAD", Place::Metadata) => Interaction::Capabilities,

            ("GET" | "HEAD", Place::System) => Interaction::SearchSystem,
            ("POST", Place::SystemSearch) => Interaction::SearchSystem,
            ("GET" | "HEAD", Place::SystemHistory) => Interaction::HistorySystem,
            ("POST", Place::System) => Interaction::Bundle,

            ("GET" | "HEAD", Place::Type(kind)) => Interaction::SearchType(kind),
            ("POST", Place::TypeSearch(kind)) => Interaction::SearchType(kind),
            ("GET" | "HEAD", Place::TypeHistory(kind)) => Interaction::HistoryType(kind),
            ("POST", Place::Type(kind)) => Interaction::Create(kind),
            ("PUT", Place::Type(kind)) => Interaction::ConditionalUpdate(kind),
            ("PATCH", Place::Type(kind)) => Interaction::ConditionalPatch(kind),
            ("DELETE", Place::Type(kind)) => Interaction::ConditionalDelete(kind),

            ("GET" | "HEAD", Place::Instance(kind, id)) => Interaction::Read(kind, id),
            ("GET" | "HEAD", Place::Version(kind, id, version)) => Interaction::Vread(kind, id, version),
            ("GET" | "HEAD", Place::InstanceHistory(kind, id)) => Interaction::HistoryInstance(kind, id),
            ("PUT", Place::Instance(kind, id)) => Interaction::Update(kind, id),
            ("PATCH", Place::Instance(kind, id)) => Interaction::Patch(kind, id),
            ("DELETE", Place::Instance(kind, id)) => Interaction::Delete(kind, id),

            (
                method,
                Place::Operation {
                    operation,
                    resource_type,
                    id,
                },
            ) if operation
                .methods(Level::of(resource_type, id.as_deref()))
                .contains(&method) =>
            {
                Interaction::Operation {
                    operation,
                    resource_type,
                    id,
                }
            }

            ("GET" | "HEAD", Place::Compartment(kind, id, searched))
            | ("POST", Place::CompartmentSearch(kind, id, searched)) => Interaction::SearchCompartment {
                compartment: kind,
                id,
                resource_type: searched,
            },
            _ => return None,
        })
    }

    fn methods(&self) -> Vec<&'static str> {
        METHODS
            .iter()
            .copied()
            .filter(|method| self.interaction(method).is_some())
            .collect()
    }
}

fn place(path: &str, reading: bool) -> Result<Place, RouteError> {
    let unknown = || RouteError::UnknownPath(path.to_owned());
    let trimmed = path.strip_prefix('/').unwrap_or(path);
    let trimmed = match trimmed.strip_suffix('/') {
        Some(whole) if !whole.is_empty() => whole,
        _ => trimmed,
    };
    let segments: Vec<String> = match trimmed {
        "" => Vec::new(),
        _ => trimmed
            .split('/')
            .map(|segment| query_string::unescape(segment, false))
            .collect::<Result<_, _>>()?,
    };
    if let Some(operation) = segments.iter().find(|segment| segment.starts_with('$')) {
        let unknown = || RouteError::UnknownOperation(operation.clone());
        return operation_place(&segments).ok_or_else(unknown);
    }
    if segments.iter().any(String::is_empty) {
        return Err(unknown());
    }
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    match segments.as_slice() {
        [] => Ok(Place::System),
        ["metadata"] => Ok(Place::Metadata),
        ["_search"] => Ok(Place::SystemSearch),
        ["_history"] => Ok(Place::SystemHistory),
        [name, rest @ ..] => {
            let Some(resource_type) = ResourceType::parse(name) else {
                let is_name = name.bytes().all(|byte| byte.is_ascii_alphabetic());
                let unknown_type = RouteError::UnknownResourceType((*name).to_owned());
                return Err(if is_name { unknown_type } else { unknown() });
            };
            place_in_type(resource_type, rest, reading)?.ok_or_else(unknown)
        }
    }
}

/// Where operations are; those of a type's instances need an id that can be one.
fn operation_place(segments: &[String]) -> Option<Place> {
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let (type_name, id, name) = match segments.as_slice() {
        [name] => (None, None, name),
        [type_name, name] => (Some(type_name), None, name),
        [type_name, id, name] if is_logical_id(id) => (Some(type_name), Some((*id).to_owned()), name),
        _ => return None,
    };
    let resource_type = match type_name {
        Some(type_name) => Some(ResourceType::parse(type_name)?),
        None => None,
    };
    let level = Level::of(resource_type, id.as_deref());
    Some(Place::Operation {
        operation: operation::find(name.strip_prefix('$')?, level, resource_type)?,
        resource_type,
        id,
    })
}

fn place_in_type(
    resource_type: ResourceType,
    rest: &[&str],
    reading: bool,
) -> Result<Option<Place>, RouteError> {
    let place = match rest {
        [] => Place::Type(resource_type),
        ["_search"] => Place::TypeSearch(resource_type),
        ["_history"] => Place::TypeHistory(resource_type),
        [id, rest @ ..] => {
            if !is_logical_id(id) {
                return Err(RouteError::InvalidId {
                    id: (*id).to_owned(),
                    reading,
                });
            }
            return place_in_instance(resource_type, (*id).to_owned(), rest);
        }
    };
    Ok(Some(place))
}

fn place_in_instance(
    resource_type: ResourceType,
    id: String,
    rest: &[&str],
) -> Result<Option<Place>, RouteError> {
    let searched = |name: &str| match name {
        "*" => Ok(None),
        _ => ResourceType::parse(name)
            .map(Some)
            .ok_or_else(|| RouteError::UnknownResourceType(name.to_owned())),
    };
    Ok(Some(match rest {
        [] => Place::Instance(resource_type, id),
        ["_history"] => Place::InstanceHistory(resource_type, id),
        ["_history", version] => Place::Version(resource_type, id, (*version).to_owned()),
        ["_search"] => Place::CompartmentSearch(resource_type, id, None),
        [name] => Place::Compartment(resource_type, id, searched(name)?),
        [name, "_search"] => Place::CompartmentSearch(resource_type, id, searched(name)?),
        _ => return Ok(None),
    }))
}

#[cfg(test)]
mod tests;
