//! A Binary sent as what it holds: a body in a format of its own becomes the resource.
//! <http://hl7.org/fhir/R4/binary.html#rest>

use base64::Engine;
use http::{HeaderMap, header};

use super::encoding::Encoding;
use super::format::is_fhir_name;
use crate::resource::{Json, Object};

/// The media type of a body that is the content of a Binary; `None` when it is a resource, or packed in a way that we do
/// not know.
pub fn content_type(headers: &HeaderMap) -> Option<String> {
    let media_type = headers.get(header::CONTENT_TYPE)?.to_str().ok()?.trim();
    let is_known = Encoding::of_body(headers).is_ok();
    (!media_type.is_empty() && is_known && !is_fhir_name(media_type)).then(|| media_type.to_owned())
}

/// The Binary that holds `content`; `X-Security-Context` names the resource whose protection it shares.
pub fn of_content(content_type: String, content: &[u8], headers: &HeaderMap, id: Option<&str>) -> Object {
    let mut binary = Object::new();
    binary.set("resourceType", Json::from("Binary"));
    if let Some(id) = id {
        binary.set("id", Json::from(id));
    }
    binary.set("contentType", Json::from(content_type));
    let context = headers
        .get("x-security-context")
        .and_then(|value| value.to_str().ok());
    if let Some(reference) = context {
        let reference = Object::from_iter([("reference", Json::from(reference))]);
        binary.set("securityContext", Json::Object(reference));
    }
    if !content.is_empty() {
        let data = base64::engine::general_purpose::STANDARD.encode(content);
        binary.set("data", Json::from(data));
    }
    binary
}
