//! Body → resource: JSON, an object, of the type that the URL names.

use crate::resource::json::JsonError;
use crate::resource::{Json, Object, ResourceType};

/// Why a body is not the resource that the interaction needs. All are answered with 400.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ResourceBodyError {
    /// Nothing was sent.
    #[error("the body is empty; send the {0} as JSON")]
    Empty(String),
    /// Not UTF-8.
    #[error("the body is not UTF-8")]
    NotUtf8,
    /// Not JSON that we take.
    #[error("the body cannot be parsed: {0}")]
    Json(JsonError),
    /// Another JSON value than an object.
    #[error("the body must be one JSON object, a FHIR resource")]
    NotAnObject,
    /// `resourceType` is missing or not a string.
    #[error("the resource has no resourceType; write \"resourceType\": \"{0}\"")]
    NoResourceType(String),
    /// R4 has no such type.
    #[error("\"{0}\" is not a resource type of FHIR R4")]
    UnknownResourceType(String),
    /// Another type than the URL's.
    #[error("the resource is of type {found}, and the URL names {expected}")]
    OtherResourceType {
        /// In the body.
        found: String,
        /// In the URL.
        expected: String,
    },
}

/// Reads a body as a resource of type `expected`.
///
/// # Errors
/// [`ResourceBodyError`].
pub fn parse(body: &[u8], expected: ResourceType) -> Result<Object, ResourceBodyError> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(ResourceBodyError::Empty(expected.name().to_owned()));
    }
    let resource = parse_any(body)?;
    check_type(&resource, expected).map(|()| resource)
}

/// Reads a body as a resource, whatever its type.
///
/// # Errors
/// [`ResourceBodyError`].
pub fn parse_any(body: &[u8]) -> Result<Object, ResourceBodyError> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(ResourceBodyError::Empty("resource".to_owned()));
    }
    let text = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    if std::str::from_utf8(text).is_err() {
        return Err(ResourceBodyError::NotUtf8);
    }
    match Json::parse(text).map_err(ResourceBodyError::Json)? {
        Json::Object(resource) => Ok(resource),
        _ => Err(ResourceBodyError::NotAnObject),
    }
}

/// Checks that `resource` is of type `expected`.
///
/// # Errors
/// [`ResourceBodyError`].
pub fn check_type(resource: &Object, expected: ResourceType) -> Result<(), ResourceBodyError> {
    let Some(found) = resource.get("resourceType").and_then(Json::as_str) else {
        return Err(ResourceBodyError::NoResourceType(expected.name().to_owned()));
    };
    if found == expected.name() {
        return Ok(());
    }
    Err(match ResourceType::parse(found) {
        None => ResourceBodyError::UnknownResourceType(found.to_owned()),
        Some(_) => ResourceBodyError::OtherResourceType {
            found: found.to_owned(),
            expected: expected.name().to_owned(),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(body: &[u8]) -> ResourceBodyError {
        parse(body, ResourceType::parse("Patient").unwrap()).unwrap_err()
    }

    #[test]
    fn says_what_is_wrong_with_a_body() {
        assert_eq!(error(b" \n"), ResourceBodyError::Empty("Patient".into()));
        assert_eq!(
            error(b"{\"resourceType\":\"Patient\",\"id\":\"\xff\"}"),
            ResourceBodyError::NotUtf8
        );
        assert!(matches!(
            error(b"{"),
            ResourceBodyError::Json(JsonError::Syntax { .. })
        ));
        assert_eq!(error(b"[]"), ResourceBodyError::NotAnObject);
        assert_eq!(error(b"{}"), ResourceBodyError::NoResourceType("Patient".into()));
        assert_eq!(
            error(b"{\"resourceType\":7}"),
            ResourceBodyError::NoResourceType("Patient".into())
        );
        assert_eq!(
            error(b"{\"resourceType\":\"Pat\"}"),
            ResourceBodyError::UnknownResourceType("Pat".into())
        );
        let other = ResourceBodyError::OtherResourceType {
            found: "Group".into(),
            expected: "Patient".into(),
        };
        assert_eq!(error(b"{\"resourceType\":\"Group\"}"), other);
    }

    #[test]
    fn a_byte_order_mark_does_no_harm() {
        let body = b"\xef\xbb\xbf{\"resourceType\":\"Patient\"}";
        assert!(parse(body, ResourceType::parse("Patient").unwrap()).is_ok());
    }
}
