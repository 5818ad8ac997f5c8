//! Which format the client wants and sent. We speak JSON; XML and Turtle are refused with a sentence that says so.
//! <http://hl7.org/fhir/R4/http.html#mime-type>

use http::{HeaderMap, header};

use super::encoding::Encoding;

/// The media type of our answers.
pub const FHIR_JSON: &str = "application/fhir+json; charset=utf-8";
/// The media type of a JSON Patch.
pub const JSON_PATCH: &str = "application/json-patch+json";
/// The media type of a posted search.
const FORM: &str = "application/x-www-form-urlencoded";

/// Why the request's formats do not suit us.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum FormatError {
    /// 406
    #[error("the server answers in JSON only, and the request asks for {0}; ask for application/fhir+json")]
    NotAcceptable(String),
    /// 415
    #[error("the body is {0}; the server accepts {1}")]
    UnsupportedBody(String, &'static str),
    /// 415
    #[error("the body is sent with Content-Encoding: {0}; the server accepts gzip, or none")]
    UnsupportedEncoding(String),
}

/// Checks `_format`, which goes before `Accept`, and `Accept`.
///
/// # Errors
/// [`FormatError::NotAcceptable`] when JSON is not among what the client takes.
pub fn check_answer(format: Option<&str>, headers: &HeaderMap) -> Result<(), FormatError> {
    if let Some(format) = format.filter(|format| !format.is_empty()) {
        // An unescaped + of a query is read as a space.
        let asked = format
            .replace("fhir json", "fhir+json")
            .replace("json fhir", "json+fhir");
        let name = essence(&asked);
        let is_json = name == "json" || name == "html" || is_json_range(&name);
        let fits = is_json && has_our_version(&asked);
        return if fits {
            Ok(())
        } else {
            Err(FormatError::NotAcceptable(format!("_format={format}")))
        };
    }
    let mut asked = headers.get_all(header::ACCEPT).iter().peekable();
    if asked.peek().is_none() {
        return Ok(());
    }
    let texts: Vec<String> = asked
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        .collect();
    let accept = texts.join(", ");
    let takes_json = accept
        .split(',')
        .filter(|range| !is_refused(range))
        .any(|range| is_json_range(&essence(range)) && has_our_version(range));
    if takes_json || accept.trim().is_empty() {
        Ok(())
    } else {
        Err(FormatError::NotAcceptable(accept))
    }
}

/// Checks that a body is JSON in UTF-8; a body without a media type counts as JSON.
///
/// # Errors
/// [`FormatError::UnsupportedBody`].
pub fn check_resource_body(headers: &HeaderMap) -> Result<(), FormatError> {
    let takes = "application/fhir+json in UTF-8";
    check_body(headers, is_json_name, takes)
}

/// Checks that a body is a form; an empty body needs no media type.
///
/// # Errors
/// [`FormatError::UnsupportedBody`].
pub fn check_form_body(headers: &HeaderMap) -> Result<(), FormatError> {
    check_body(
        headers,
        |name| name == FORM,
        "application/x-www-form-urlencoded in UTF-8 for a search",
    )
}

/// What kind of patch a body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PatchFormat {
    /// A JSON Patch, RFC 6902.
    JsonPatch,
    /// A resource: FHIRPath Patch.
    Resource,
}

const PATCHES: &str =
    "application/json-patch+json for a JSON Patch and application/fhir+json for a FHIRPath Patch, in UTF-8";

/// Which patch a body is; a body without a media type counts as a JSON Patch.
///
/// # Errors
/// [`FormatError::UnsupportedBody`]; also for a JSON Patch, an array, that says it is a resource.
pub fn check_patch_body(headers: &HeaderMap, body: &[u8]) -> Result<PatchFormat, FormatError> {
    check_body(headers, |name| name == JSON_PATCH || is_json_name(name), PATCHES)?;
    let media_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    if media_type.is_empty() || essence(media_type) == JSON_PATCH {
        return Ok(PatchFormat::JsonPatch);
    }
    match body.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'[') => Err(FormatError::UnsupportedBody(media_type.to_owned(), PATCHES)),
        _ => Ok(PatchFormat::Resource),
    }
}

fn check_body(
    headers: &HeaderMap,
    takes: impl Fn(&str) -> bool,
    what: &'static str,
) -> Result<(), FormatError> {
    let refuse = |value: &http::HeaderValue| {
        let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
        Err(FormatError::UnsupportedBody(text, what))
    };
    Encoding::of_body(headers)?;
    let Some(value) = headers
        .get(header::CONTENT_TYPE)
        .filter(|value| !value.is_empty())
    else {
        return Ok(());
    };
    match value.to_str() {
        Ok(text) if takes(&essence(text)) && is_utf8(text) && has_our_version(text) => Ok(()),
        _ => refuse(value),
    }
}

/// Whether `media_type` is one that FHIR gives to resources, in a format that we speak or not.
pub fn is_fhir_name(media_type: &str) -> bool {
    let name = essence(media_type);
    is_json_name(&name) || name.starts_with("application/fhir+") || name == "application/xml+fhir"
}

/// Whether a client that reads a Binary is given its content: it names no JSON, and takes something else than the formats that
/// FHIR has for resources. `application/xml` counts as such, as browsers mean it. <http://hl7.org/fhir/R4/binary.html#rest>
pub fn wants_content(headers: &HeaderMap) -> bool {
    let accepts = headers.get_all(header::ACCEPT);
    let texts: Vec<&str> = accepts.iter().filter_map(|value| value.to_str().ok()).collect();
    let mut names = texts
        .iter()
        .flat_map(|accept| accept.split(','))
        .filter(|range| !is_refused(range))
        .map(essence)
        .peekable();
    if names.peek().is_none() {
        return true;
    }
    let (mut json, mut other) = (false, false);
    for name in names {
        json |= is_json_name(&name);
        other |= !is_fhir_name(&name);
    }
    other && !json
}

/// Type and subtype without parameters, in lower case.
fn essence(text: &str) -> String {
    text.split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase()
}

fn parameter<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.split(';').skip(1).find_map(|part| {
        let (key, value) = part.split_once('=')?;
        key.trim()
            .eq_ignore_ascii_case(name)
            .then(|| value.trim().trim_matches('"'))
    })
}

fn is_json_name(name: &str) -> bool {
    matches!(
        name,
        "application/fhir+json" | "application/json" | "text/json" | "application/json+fhir"
    )
}

/// Browsers ask for HTML and are shown JSON.
fn is_json_range(name: &str) -> bool {
    is_json_name(name)
        || matches!(
            name,
            "*/*" | "*" | "application/*" | "text/*" | "text/html" | "application/json-patch+json"
        )
}

fn is_refused(range: &str) -> bool {
    parameter(range, "q")
        .and_then(|quality| quality.parse::<f32>().ok())
        .is_some_and(|quality| quality <= 0.0)
}

/// `fhirVersion=4.0`, <http://hl7.org/fhir/R4/versioning.html#mt-version>.
fn has_our_version(text: &str) -> bool {
    parameter(text, "fhirVersion").is_none_or(|version| version == "4.0" || version.starts_with("4.0."))
}

fn is_utf8(text: &str) -> bool {
    parameter(text, "charset").is_none_or(|charset| {
        ["utf-8", "utf8", "us-ascii"]
            .iter()
            .any(|name| charset.eq_ignore_ascii_case(name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accept(value: &'static str) -> Result<(), FormatError> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, http::HeaderValue::from_static(value));
        check_answer(None, &headers)
    }

    fn content_type(value: &'static str) -> Result<(), FormatError> {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, http::HeaderValue::from_static(value));
        check_resource_body(&headers)
    }

    #[test]
    fn what_is_not_json_is_refused() {
        for value in [
            "application/fhir+xml",
            "text/turtle, application/xml",
            "application/fhir+json;q=0, text/xml",
            "application/fhir+json; fhirVersion=3.0",
            "image/png",
        ] {
            assert!(accept(value).is_err(), "{value}");
        }
        for format in [
            "xml",
            "application/fhir+xml",
            "ttl",
            "nonsense",
            "application/json;fhirVersion=5.0",
        ] {
            assert!(check_answer(Some(format), &HeaderMap::new()).is_err(), "{format}");
        }
        for value in [
            "application/fhir+xml",
            "text/plain",
            "application/json; charset=latin1",
            "json",
        ] {
            assert!(content_type(value).is_err(), "{value}");
        }
    }

    #[test]
    fn what_is_json_or_anything_is_taken() {
        for value in [
            "*/*",
            "application/fhir+json",
            "application/json; fhirVersion=4.0",
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            "application/xml, text/json;q=0.1",
        ] {
            assert_eq!(accept(value), Ok(()), "{value}");
        }
        for format in [
            "json",
            "application/fhir json",
            "application/fhir+json",
            "text/json",
            "",
        ] {
            assert_eq!(check_answer(Some(format), &HeaderMap::new()), Ok(()), "{format}");
        }
        for value in [
            "application/fhir+json",
            "Application/JSON; charset=UTF-8",
            "application/json+fhir",
        ] {
            assert_eq!(content_type(value), Ok(()), "{value}");
        }
    }
}
