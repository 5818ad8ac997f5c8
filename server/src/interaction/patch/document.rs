//! The two kinds of patch, and how each comes: as the body of a request, or as the resource of a Bundle's entry.
//! <http://hl7.org/fhir/R4/http.html#patch>

use base64::Engine;

use super::fhirpath_patch::FhirPathPatch;
use super::json_patch::JsonPatch;
use crate::budget::Spending;
use crate::definitions::structure::Structures;
use crate::exchange::{InteractionError, RequestBody};
use crate::long_work::beside_others;
use crate::request::format::JSON_PATCH;
use crate::request::resource_body::ResourceBodyError;
use crate::resource::{Json, Object, ResourceType, weight};

/// What is to be changed in a resource.
#[derive(Debug, Clone, PartialEq)]
pub enum Patch {
    /// <https://www.rfc-editor.org/rfc/rfc6902>
    Json(JsonPatch),
    /// <http://hl7.org/fhir/R4/fhirpatch.html>
    FhirPath(FhirPathPatch),
}

/// What is wrong with a patch itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// Where, such as `[2].path`.
    pub place: String,
    /// What, and what to write instead.
    pub problem: String,
}

impl SyntaxError {
    /// That `problem` stands at `place`.
    pub fn new(place: impl Into<String>, problem: impl Into<String>) -> SyntaxError {
        SyntaxError {
            place: place.into(),
            problem: problem.into(),
        }
    }
}

impl Patch {
    /// How many operations it has.
    pub fn operations(&self) -> usize {
        match self {
            Patch::Json(patch) => patch.operations(),
            Patch::FhirPath(patch) => patch.operations(),
        }
    }

    /// `document`, a resource of type `resource_type`, after the patch.
    ///
    /// # Errors
    /// When the patch does not fit.
    pub fn apply(
        &self,
        structures: &Structures,
        document: Json,
        resource_type: ResourceType,
    ) -> Result<Json, InteractionError> {
        match self {
            Patch::Json(patch) => patch.apply(document).map_err(|error| error.to_string()),
            Patch::FhirPath(patch) => patch
                .apply(structures, document, resource_type)
                .map_err(|error| error.to_string()),
        }
        .map_err(InteractionError::Patch)
    }
}

/// A JSON Patch as text, or a resource: Parameters with the operations of a FHIRPath Patch, or, in a Bundle, a Binary
/// that holds a JSON Patch.
///
/// # Errors
/// When it is none.
pub fn read_patch(body: &RequestBody) -> Result<Patch, InteractionError> {
    let refused = |error: SyntaxError| InteractionError::element(error.place, error.problem);
    match body {
        RequestBody::Nothing => Err(ResourceBodyError::Empty("patch".to_owned()).into()),
        RequestBody::Text(text) => json_patch(text),
        RequestBody::Resource(resource) => match resource.get("resourceType").and_then(Json::as_str) {
            Some("Parameters") => FhirPathPatch::parse(resource)
                .map(Patch::FhirPath)
                .map_err(refused),
            Some("Binary") => {
                let text = of_binary(resource)?;
                Spending::current().hold(weight::of_text(&text))?;
                json_patch(&text)
            }
            _ => Err(InteractionError::element(
                "resourceType",
                "a patch is Parameters with a FHIRPath Patch, or, in a Bundle, a Binary with a JSON Patch",
            )),
        },
    }
}

fn json_patch(text: &[u8]) -> Result<Patch, InteractionError> {
    if text.iter().all(u8::is_ascii_whitespace) {
        return Err(ResourceBodyError::Empty("JSON Patch".to_owned()).into());
    }
    beside_others(text.len(), || {
        let json = Json::parse(text).map_err(ResourceBodyError::Json)?;
        JsonPatch::parse(&json)
            .map(Patch::Json)
            .map_err(|error| InteractionError::element(error.place, error.problem))
    })
}

fn of_binary(binary: &Object) -> Result<Vec<u8>, InteractionError> {
    let text = |name: &str| binary.get(name).and_then(Json::as_str);
    let wrong = |problem: &str| InteractionError::element("Binary", problem);
    if text("contentType") != Some(JSON_PATCH) {
        return Err(wrong(
            "a JSON Patch in a Bundle is a Binary with contentType application/json-patch+json",
        ));
    }
    let data = text("data").ok_or_else(|| wrong("data is missing"))?;
    let engine = base64::engine::general_purpose::STANDARD;
    engine
        .decode(data)
        .map_err(|error| wrong(&format!("data is not Base64: {error}")))
}
